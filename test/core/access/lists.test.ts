import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddressList } from '../../../src/core/access/address-list.ts';
import { attachAddressSet, compileAddressSet, isInAddressSet } from '../../../src/core/access/address-set.ts';
import { isClientListed, parseClientList } from '../../../src/core/access/client-list.ts';
import { parseHashList } from '../../../src/core/access/hash-list.ts';
import {
  attachHashSet,
  compileHashSet,
  createHashSetKey,
  hashSetWords,
  isInHashSet,
  isInLikelyHashSet,
} from '../../../src/core/access/hash-set.ts';
import {
  createListReader,
  type ListReader,
  MAX_LINE_OCTETS,
  MAX_LIST_PROBLEMS,
} from '../../../src/core/access/list-lines.ts';
import { formatIpAddress, parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { isInPrefix, parsePrefix } from '../../../src/core/net/prefix.ts';
import { formatHex } from '../../../src/core/octets/text.ts';

const SECRET = Uint8Array.from({ length: 20 }, (_, index) => index * 11 + 3);
const HASH = 'aa'.repeat(20);
const LONG_HASH = 'ab'.repeat(32);

/** As good as chance, the same in each run, and 20 MB of it at once. */
function randomOctets(length: number, seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

function readerOf(text: string): ListReader {
  return createListReader(Buffer.from(text, 'latin1'));
}

/** `line:column code`, with the length behind it. */
function problemsOf({ problems }: ListReader): string[] {
  return problems.map(({ code, line, column, length }) => `${line}:${column} ${code} ${length}`);
}

/** Hashes of a list as hexadecimal, or what is wrong with it. */
function hashesOf(text: string): string[] {
  const reader = readerOf(text);
  const { octets, count } = parseHashList(reader);
  if (reader.problems.length > 0) return problemsOf(reader);
  return Array.from({ length: count }, (_, index) => formatHex(octets.subarray(index * 20, index * 20 + 20)));
}

describe('a list of info-hashes', () => {
  it.each([
    ['a line', HASH, [HASH]],
    ['lines with CR LF, blanks and comments', `# list\r\n\r\n  ${HASH}\t# a\r\n;b\r\n`, [HASH]],
    ['capital letters', HASH.toUpperCase(), [HASH]],
    [
      'what opentracker takes for a label',
      `${HASH} a label\n${HASH}- another\n${HASH}#c`,
      [HASH, HASH, HASH],
    ],
    ['an info-hash of BEP 52, cut', LONG_HASH, [LONG_HASH.slice(0, 40)]],
    ['a byte order mark', `\xef\xbb\xbf${HASH}`, [HASH]],
    ['nothing', '', []],
    ['39 digits', HASH.slice(1), ['1:1 bad-info-hash 39']],
    ['41 digits', `\n${HASH}a`, ['2:1 bad-info-hash 41']],
    ['40 digits and a letter', ` ${HASH}x`, ['1:2 bad-info-hash 41']],
    ['a NUL', `${HASH}\n${HASH}\0`, ['2:41 list-bad-octet 1']],
    ['a NUL in a label', `${HASH} \0`, ['1:42 list-bad-octet 1']],
    ['UTF-16', Buffer.from(`\ufeff${HASH}`, 'utf16le').toString('latin1'), ['1:4 list-bad-octet 1']],
    ['a long line', `${'a'.repeat(MAX_LINE_OCTETS + 1)}\n`, ['1:1 list-line-too-long 1']],
  ])('reads %s', (_, text, expected) => {
    expect(hashesOf(text)).toEqual(expected);
  });

  it('names twenty wrong lines and leaves out the rest', () => {
    const problems = hashesOf('wrong\n'.repeat(1000));
    expect(problems).toHaveLength(MAX_LIST_PROBLEMS + 1);
    expect(problems.at(-1)).toBe(`${MAX_LIST_PROBLEMS + 1}:1 list-too-many-errors 5`);
  });

  it('reads past a line of 100 MB', () => {
    const octets = new Uint8Array(100_000_042).fill(0x61);
    octets[100_000_000] = 0x0a;
    octets[100_000_041] = 0x0a;
    const reader = createListReader(octets);
    expect(parseHashList(reader).count).toBe(1);
    expect(problemsOf(reader)).toEqual(['1:1 list-line-too-long 1']);
  });
});

function hashSetOf(octets: Uint8Array) {
  const entries = octets.length / 20;
  const key = createHashSetKey(SECRET);
  const buffer = new SharedArrayBuffer(8 + hashSetWords(entries) * 4);
  new Uint8Array(buffer).fill(0xff);
  const place = compileHashSet(key, octets, entries, buffer, 2);
  return { place, set: attachHashSet(key, buffer, place) };
}

describe('a set of info-hashes', () => {
  /** Few different octets, so that hashes come again and differ in one place. */
  const hash = fc.uint8Array({ minLength: 20, maxLength: 20, max: 1 });

  it('has what a Set has', () => {
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 60 }), fc.array(hash), (listed, asked) => {
        const { place, set } = hashSetOf(Buffer.concat(listed));
        const known = new Set(listed.map(formatHex));
        expect(place.count).toBe(known.size);
        for (const one of [...listed, ...asked, new Uint8Array(20)]) {
          expect(isInHashSet(set, one, 0)).toBe(known.has(formatHex(one)));
          expect(isInLikelyHashSet(set, one, 0)).toBe(known.has(formatHex(one)));
        }
      }),
    );
  });

  it('has each of a million random hashes, and none of another million', () => {
    const listed = randomOctets(20_000_000, 1);
    const others = randomOctets(20_000_000, 2);
    const { set, place } = hashSetOf(listed);
    expect(place.count).toBe(1_000_000);
    let found = 0;
    let mistaken = 0;
    for (let at = 0; at < listed.length; at += 20) {
      if (isInHashSet(set, listed, at) && isInLikelyHashSet(set, listed, at)) found++;
      if (isInHashSet(set, others, at) || isInLikelyHashSet(set, others, at)) mistaken++;
    }
    expect([found, mistaken]).toEqual([1_000_000, 0]);
  });
});

function addressesOf(text: string) {
  const reader = readerOf(text);
  const { ipv4, ipv6 } = parseAddressList(reader);
  const sets = [ipv4, ipv6].map((networks) => {
    const { keys, borders } = compileAddressSet(networks);
    return attachAddressSet(networks.words, keys, borders);
  });
  const has = (address: string): boolean => {
    const octets = parseIpAddress(address)!;
    const padded = new Uint8Array(16);
    padded.set(octets);
    return isInAddressSet(sets[octets.length === 4 ? 0 : 1]!, padded);
  };
  return { reader, has };
}

describe('a list of addresses', () => {
  it.each([
    ['', '', '0.0.0.0 255.255.255.255 :: 1::'],
    ['192.0.2.1', '192.0.2.1', '192.0.2.0 192.0.2.2'],
    ['0.0.0.0/0', '0.0.0.0 255.255.255.255', '::'],
    ['::/0', ':: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '0.0.0.0'],
    ['255.255.255.255\n0.0.0.0', '255.255.255.255 0.0.0.0', '0.0.0.1 255.255.255.254'],
    ['10.0.0.0/8\n10.1.0.0/16', '10.0.0.0 10.1.0.0 10.255.255.255', '9.255.255.255 11.0.0.0'],
    ['10.0.0.0/9\n10.128.0.0/9\n10.0.0.0/9', '10.0.0.0 10.127.0.0 10.128.0.0', '11.0.0.0'],
    ['2001:db8::/33 # c\n2001:db8:8000::1', '2001:db8:7fff:: 2001:db8:8000::1', '2001:db8:8000:: 2001:db7::'],
    ['2001:db8:0:ffff:ffff:ffff::/96', '2001:db8:0:ffff:ffff:ffff:1:2', '2001:db8:1::'],
  ])('%j has %s, and not %s', (text, inside, outside) => {
    const { reader, has } = addressesOf(text);
    expect(problemsOf(reader)).toEqual([]);
    for (const address of inside.split(' ').filter(Boolean)) expect(has(address), address).toBe(true);
    for (const address of outside.split(' ')) expect(has(address), address).toBe(false);
  });

  it.each([
    ['10.0.0.1/8', '1:1 bits-after-prefix 10', 'the network is 10.0.0.0/8.'],
    ['2001:db8::1/32', '1:1 bits-after-prefix 14', 'the network is 2001:db8::/32.'],
    ['10.0.0.0/33', '1:1 bad-network 11', '192.0.2.0/24'],
    ['10.0.0', '1:1 bad-network 6', '192.0.2.0/24'],
    ['010.0.0.1', '1:1 bad-network 9', '192.0.2.0/24'],
    ['1.2.3.4.5', '1:1 bad-network 9', '192.0.2.0/24'],
    ['2001:db8::/129', '1:1 bad-network 14', '2001:db8::/32'],
    ['localhost', '1:1 bad-network 9', '192.0.2.0/24'],
    ['192.0.2.1 192.0.2.2', '1:11 entry-with-more 9', 'comments begin with #'],
  ])('%s is refused: %s', (text, problem, advice) => {
    const { reader } = addressesOf(text);
    expect(problemsOf(reader)).toEqual([problem]);
    expect(reader.problems[0]!.message).toContain(advice);
  });

  it.each([4, 6] as const)('has what its prefixes have one by one: IPv%d', (family) => {
    const size = family === 4 ? 4 : 16;
    // Few different octets at the ends, so that prefixes touch and lie in each other.
    const octet = fc.constantFrom(0, 1, 127, 128, 255);
    const address = fc
      .array(octet, { minLength: size, maxLength: size })
      .map((octets) => Uint8Array.from(octets));
    const prefix = fc.tuple(address, fc.integer({ min: 0, max: size * 8 })).map(([octets, bits]) => {
      const kept = octets.map((one, index) => one & ~(0xff >>> Math.min(8, Math.max(0, bits - index * 8))));
      return `${formatIpAddress(kept)}/${bits}`;
    });
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 50 }), fc.array(address), (prefixes, asked) => {
        const { reader, has } = addressesOf(prefixes.join('\n'));
        expect(problemsOf(reader)).toEqual([]);
        for (const octets of asked) {
          const source = { ...createPacketSource(), family, octets };
          const expected = prefixes.some((text) => isInPrefix(source, parsePrefix(text)!));
          expect(has(formatIpAddress(octets))).toBe(expected);
        }
      }),
    );
  });

  it('has each of a million random IPv4 addresses, and of another million what a Set has', () => {
    const listed = randomOctets(4_000_000, 3);
    const entries = new Uint32Array(2_000_000);
    const known = new Set<number>();
    for (let at = 0; at < listed.length; at += 4) {
      const address = listed.readUInt32BE(at);
      entries.set([address, 32], at / 2);
      known.add(address);
    }
    const { keys, borders } = compileAddressSet({ words: 1, entries, count: 1_000_000 });
    const set = attachAddressSet(1, keys, borders);
    const others = randomOctets(4_000_000, 4);
    let missed = 0;
    let wrong = 0;
    for (let at = 0; at < listed.length; at += 4) {
      if (!isInAddressSet(set, listed.subarray(at, at + 4))) missed++;
      const isKnown = known.has(others.readUInt32BE(at));
      if (isInAddressSet(set, others.subarray(at, at + 4)) !== isKnown) wrong++;
    }
    expect([missed, wrong]).toEqual([0, 0]);
  });

  it('has each of 20,000 addresses, and not their neighbours', () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => index * 7 + 3);
    const addressOf = (number: number) => `10.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`;
    const { has } = addressesOf(numbers.map(addressOf).reverse().join('\n'));
    expect(numbers.filter((number) => !has(addressOf(number)))).toEqual([]);
    expect(numbers.filter((number) => has(addressOf(number + 1)) || has(addressOf(number - 1)))).toEqual([]);
  });
});

describe('a list of clients', () => {
  const isListed = (text: string, peerId: string): boolean => {
    const { prefixes } = parseClientList(readerOf(text));
    return isClientListed(prefixes, Buffer.from(`..${peerId.padEnd(20, '-')}`, 'latin1'), 2);
  };

  it.each([
    ['-XL', '-XL0012-', true],
    ['# Xunlei\n-XL\n-SD', '-SD0100-', true],
    ['-XL', '-XM0012-', false],
    ['-XL0012-', '-XL0013-', false],
    ['', '-XL0012-', false],
    ['12345678901234567890', '12345678901234567890', true],
  ])('%j and %s: %s', (text, peerId, expected) => {
    expect(isListed(text, peerId)).toBe(expected);
  });

  it.each([
    ['x'.repeat(21), '1:1 bad-client-prefix 21'],
    ['-\xff', '1:1 bad-client-prefix 2'],
    ['-XL 1', '1:5 entry-with-more 1'],
  ])('%.10j is refused: %s', (text, problem) => {
    const reader = readerOf(text);
    parseClientList(reader);
    expect(problemsOf(reader)).toEqual([problem]);
  });

  it('are 256 at most', () => {
    const reader = readerOf('-A\n'.repeat(257));
    parseClientList(reader);
    expect(problemsOf(reader)).toEqual(['257:1 list-too-large 2']);
  });
});
