import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../../src/core/counters.ts';
import { createRateTable } from '../../../../src/core/dns/rate-limit.ts';
import {
  createPacketSource,
  MAX_DATAGRAM_OCTETS,
  type PacketSource,
} from '../../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../../src/core/net/prefix.ts';
import { readUint16 } from '../../../../src/core/octets/big-endian.ts';
import { formatHex, octetsToText, parseHex, textToOctets } from '../../../../src/core/octets/text.ts';
import { signRequest } from '../../../../src/core/transfer/tsig.ts';
import { TsigStream } from '../../../../src/core/transfer/tsig-stream.ts';
import {
  type Authority,
  createAuthority,
  MAX_STREAM_REPLY_OCTETS,
} from '../../../../src/core/zone/answer/authority.ts';
import type { AuthorityOptions, NotifyVerdict } from '../../../../src/core/zone/answer/authority-options.ts';
import { createCatalog } from '../../../../src/core/zone/image/catalog.ts';
import { hmac } from '../../../../src/io/hmac.ts';
import { readSource } from '../../../../src/io/source-address.ts';
import { imageOf, SEED } from '../../../support/authority-of.ts';
import {
  type EdnsReplyParts,
  encodeRequest,
  REQUEST_ID,
  type RequestSpec,
  readReply,
} from '../../../support/edns-message.ts';
import { tsigKey } from '../../../support/tsig.ts';

const ZONE = `
$ORIGIN example.
$TTL 300
@      SOA  ns hostmaster 7 7200 900 1209600 60
@      NS   ns
ns     A    192.0.2.1
a      A    192.0.2.2
b      A    192.0.2.3
*.w    A    192.0.2.4
sub    NS   ns.sub
ns.sub A    192.0.2.5
alias  CNAME no.such-name-is-here.and-it-is-long.so-that-an-answer-needs-some-more-room
big    TXT  ${'"0123456789012345678901234567890123456789012345678901234567890123456789" '.repeat(8)}
`;
const IMAGE = imageOf(ZONE, 'example.');
/** That of RFC 9018 A.1, with its time and client. */
const SECRET = parseHex('e5e973e5a6b2a43f48e7dc849e37bfcf')!;
const CLIENT = '2464c4abcf10c957';
const GOOD = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
const NOW = 1559731985;
/** An even one: the first answer that is withheld is dropped. */
const LIMITED = NOW + 1;
const NSID = 3;
const COOKIE = 10;
const EDE = 15;
const TXT = 16;
const ANY = 255;
const CH = 3;
const BADCOOKIE = 23;

const counters = createCounters();

function authorityWith(options: Partial<AuthorityOptions> = {}): Authority {
  const edns = { nsid: textToOctets('ns1'), cookieSecrets: [SECRET] };
  const chaos = { version: textToOctets('42'), identity: textToOctets('ns1.example') };
  const catalog = createCatalog([IMAGE], SEED);
  return createAuthority({ catalog, counters, edns, chaos, ...options });
}

interface Asking {
  readonly from?: string;
  readonly at?: number;
  readonly over?: 'udp' | 'tcp';
}

function sourceOf(address: string): PacketSource {
  const source = createPacketSource();
  readSource(address, 5353, source);
  return source;
}

function send(authority: Authority, request: Uint8Array, asking: Asking = {}): Uint8Array {
  const { from = '198.51.100.100', at = NOW, over = 'udp' } = asking;
  const reply = new Uint8Array(over === 'udp' ? MAX_DATAGRAM_OCTETS : MAX_STREAM_REPLY_OCTETS);
  const handler = over === 'udp' ? authority.handle : authority.handleStream;
  return reply.subarray(0, handler(request, 0, request.length, sourceOf(from), reply, 0, at));
}

function ask(authority: Authority, spec: RequestSpec, asking: Asking = {}): EdnsReplyParts {
  return readReply(send(authority, encodeRequest(spec), asking));
}

describe('options', () => {
  const authority = authorityWith();

  it.each<[string, RequestSpec['options'], Record<number, string>]>([
    ['none', [], {}],
    ['an unknown one', [[65001, 'ffff']], {}],
    ['a client subnet that makes no sense', [[8, 'ffffffffff']], {}],
    ['NSID', [[NSID, '']], { [NSID]: formatHex(textToOctets('ns1')) }],
    ['NSID with octets that it has not', [[NSID, 'abcd']], { [NSID]: formatHex(textToOctets('ns1')) }],
    ['a client cookie', [[COOKIE, CLIENT]], { [COOKIE]: GOOD }],
    ['a good cookie', [[COOKIE, GOOD]], { [COOKIE]: GOOD }],
    ['a bad cookie', [[COOKIE, `${CLIENT}${'00'.repeat(16)}`]], { [COOKIE]: GOOD }],
    ['a server cookie of another kind', [[COOKIE, `${CLIENT}${'00'.repeat(8)}`]], { [COOKIE]: GOOD }],
    [
      'two cookies',
      [
        [COOKIE, CLIENT],
        [COOKIE, 'ffffffffffffffff'],
      ],
      { [COOKIE]: GOOD },
    ],
    ['eight hundred', Array.from({ length: 800 }, () => [65001, '']), {}],
  ])('%s', (_what, options, expected) => {
    const reply = ask(authority, { name: 'a.example.', options: options! });
    expect([reply.rcode, reply.counts, reply.options]).toEqual([0, [1, 1, 0, 1], expected]);
  });

  it('have cookies of new secrets from the next publication on', () => {
    const authority = authorityWith();
    const spec = { name: 'a.example.', options: [[COOKIE, GOOD]] } as const;
    expect(ask(authority, spec).options?.[COOKIE]).toBe(GOOD);
    authority.publish(createCatalog([IMAGE], SEED), { cookieSecrets: [new Uint8Array(16), SECRET] });
    const renewed = ask(authority, spec).options?.[COOKIE];
    expect(renewed?.slice(0, 16)).toBe(CLIENT);
    expect(renewed).not.toBe(GOOD);
    authority.publish(createCatalog([IMAGE], SEED));
    expect(ask(authority, { ...spec, options: [[COOKIE, renewed!]] }).options?.[COOKIE]).toBe(renewed);
  });

  it('of another version are not read: BADVERS', () => {
    const options = [
      [COOKIE, '00'],
      [NSID, ''],
    ] as const;
    expect(ask(authority, { name: 'a.example.', options, version: 1 })).toMatchObject({
      rcode: 16,
      options: {},
    });
  });

  it('are not answered where they are switched off, nor without EDNS', () => {
    const silent = authorityWith({ edns: {} });
    const options = [
      [COOKIE, CLIENT],
      [NSID, ''],
    ] as const;
    expect(ask(silent, { name: 'a.example.', options })).toMatchObject({ rcode: 0, options: {} });
    expect(ask(authority, { name: 'a.example.' }).options).toBeUndefined();
  });

  it('leave an answer no room that it needs: it is truncated, and they stay', () => {
    const options = [
      [COOKIE, CLIENT],
      [NSID, ''],
    ] as const;
    const lean = ask(authority, { name: 'big.example.', type: TXT, options: [], payload: 640 });
    const full = ask(authority, { name: 'big.example.', type: TXT, options, payload: 640 });
    expect([lean.isTruncated, full.isTruncated]).toEqual([false, true]);
    expect(Object.keys(full.options!)).toEqual([String(NSID), String(COOKIE)]);
  });
});

describe('a message that cannot be read (RFC 6891 §7)', () => {
  const authority = authorityWith();
  const question = '0161076578616d706c650000010001';
  const whole = (options: RequestSpec['options']) => [
    ...encodeRequest({ name: 'a.example.', options: options! }),
  ];
  const plain = [...encodeRequest({ name: 'a.example.' })];
  const OPT = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
  /** With `count` additional records. */
  const records = (count: number, ...octets: number[]) => [
    ...plain.slice(0, 11),
    count,
    ...plain.slice(12),
    ...octets,
  ];
  /** Question and OPT; the reply's payload is ours, and DO goes back (RFC 3225 §3). */
  const echoed = (flags = '0000') => `123480010001000000000001${question}00002904d00000${flags}0000`;
  const header = '123480010000000000000000';

  it.each<[string, number[], string]>([
    ...[0, 1, 7, 9, 15, 41, 60].map((length): [string, number[], string] => [
      `a cookie of ${length} octets`,
      whole([[COOKIE, '00'.repeat(length)]]),
      echoed(),
    ]),
    [
      'a good cookie, and an option that is cut short',
      records(1, ...OPT.slice(0, 10), 16, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 0, 1),
      echoed(),
    ],
    ['a cookie that ends behind the message', records(1, ...OPT.slice(0, 10), 5, 0, 10, 0, 40, 1), echoed()],
    ['NSID, and half an option', records(1, ...OPT.slice(0, 10), 6, 0, 3, 0, 0, 0, 3), echoed()],
    ['DO, and half an option', records(1, ...OPT.slice(0, 7), 0x80, 0, 0, 2, 0, 3), echoed('8000')],
    ['two OPT records', records(2, ...OPT, ...OPT), echoed()],
    ['an octet too many', [...whole([]), 0], echoed()],
    [
      'an OPT of another version, and an octet too many',
      records(1, ...OPT.slice(0, 6), 1, ...OPT.slice(7), 0),
      echoed(),
    ],
    ['an OPT that is not at the root', records(1, 0xc0, 12, ...OPT.slice(1)), header],
    ['an OPT that is cut short', records(1, ...OPT.slice(0, 10)), header],
    ['an OPT whose options are cut short', records(1, ...OPT.slice(0, 10), 4, 0, 3), header],
    ['no OPT, and an octet too many', [...plain, 0], header],
    ['two questions', [...whole([]).slice(0, 5), 2, ...whole([]).slice(6)], header],
    [
      'no question, but OPT',
      [...encodeRequest({ options: [] })],
      '12348001000000000000000100002904d0000000000000',
    ],
    [
      'no question, and a cookie of 7 octets',
      [...encodeRequest({ options: [[COOKIE, '00'.repeat(7)]] })],
      '12348001000000000000000100002904d0000000000000',
    ],
    ['no question and no OPT', [...encodeRequest({})], header],
  ])('that has %s is answered as far as it was read', (_what, message, expected) => {
    const request = Uint8Array.from(message);
    const reply = send(authority, request);
    expect(formatHex(reply)).toBe(expected);
    expect(send(authority, request, { over: 'tcp' })).toEqual(reply);
    expect(reply.length).toBeLessThanOrEqual(request.length);
  });
});

describe('a request without question', () => {
  const authority = authorityWith();

  it.each<[string, string, number]>([
    ['a client cookie', CLIENT, 0],
    ['a good cookie', GOOD, 0],
    ['a bad cookie', `${CLIENT}${'00'.repeat(16)}`, BADCOOKIE],
  ])('is answered when it has %s (RFC 7873 §5.4)', (_what, cookie, rcode) => {
    const reply = ask(authority, { options: [[COOKIE, cookie]] });
    expect([reply.rcode, reply.counts, reply.options]).toEqual([rcode, [0, 0, 0, 1], { [COOKIE]: GOOD }]);
  });

  it('is FORMERR without a cookie, and where cookies are off', () => {
    expect(ask(authority, { options: [[NSID, '']] })).toMatchObject({ rcode: 1, options: {} });
    expect(ask(authorityWith({ edns: {} }), { options: [[COOKIE, CLIENT]] }).rcode).toBe(1);
  });
});

describe('class CHAOS', () => {
  const named = authorityWith();
  const anonymous = authorityWith({ chaos: { identity: new Uint8Array() } });

  it.each([
    ['version.bind.', TXT, '42'],
    ['VERSION.SERVER.', TXT, '42'],
    ['id.server.', TXT, 'ns1.example'],
    ['hostname.bind.', ANY, 'ns1.example'],
  ])('%s', (name, type, text) => {
    const octets = send(named, encodeRequest({ name, type, class: CH }));
    expect(readReply(octets)).toMatchObject({ rcode: 0, counts: [1, 1, 0, 0], isAuthoritative: false });
    const record = `c00c00100003000000000${(text.length + 1).toString(16).padStart(3, '0')}`;
    expect(formatHex(octets)).toContain(`${record}${text.length.toString(16).padStart(2, '0')}`);
    expect(octetsToText(octets.subarray(-text.length))).toBe(text);
    expect(ask(anonymous, { name, type, class: CH }).rcode).toBe(5);
  });

  it.each([
    ['version.bind.', 1],
    ['authors.bind.', TXT],
    ['a.example.', TXT],
  ])('%s of type %i is refused', (name, type) => {
    expect(ask(named, { name, type, class: CH })).toMatchObject({ rcode: 5, counts: [1, 0, 0, 0] });
  });
});

describe('extended errors (RFC 8914)', () => {
  const authority = authorityWith();

  it.each([
    ['a name outside our zones', { name: 'example.net.' }, 5, 20],
    ['another class', { name: 'a.example.', class: 4 }, 5, 20],
    ['AXFR', { name: 'example.', type: 252 }, 4, 21],
    ['NXNAME', { name: 'a.example.', type: 128 }, 1, 30],
    ['MAILA', { name: 'example.', type: 254 }, 4, 21],
  ])('say of %s what is wrong, to those who have EDNS', (_what, spec, rcode, code) => {
    const reply = ask(authority, { ...spec, options: [] });
    expect([reply.rcode, reply.options]).toEqual([rcode, { [EDE]: code.toString(16).padStart(4, '0') }]);
    expect(ask(authority, spec)).toMatchObject({ rcode, options: undefined });
  });
});

describe('rate limiting', () => {
  const rateLimit = () => ({
    perSecond: 3,
    slip: 2,
    exempt: [parsePrefix('203.0.113.0/24')!],
    key: Uint8Array.from({ length: 16 }, (_, index) => index),
    table: createRateTable(),
  });

  /** A letter a query: `.` answered, `t` truncated, `c` BADCOOKIE, `-` silence. */
  function outcomes(authority: Authority, specs: readonly RequestSpec[], asking: Asking = {}): string {
    return specs
      .map((spec) => {
        const octets = send(authority, encodeRequest(spec), { at: LIMITED, ...asking });
        if (octets.length === 0) return '-';
        const { isTruncated, rcode, counts } = readReply(octets);
        if (rcode === BADCOOKIE) return 'c';
        return isTruncated && counts[1] === 0 ? 't' : '.';
      })
      .join('');
  }

  const same = (count: number, spec: RequestSpec) => Array.from({ length: count }, () => spec);
  const numbered = (count: number, parent: string) =>
    Array.from({ length: count }, (_, index) => ({ name: `x${index}.${parent}` }));

  it.each<[string, RequestSpec[], string]>([
    ['a name', same(7, { name: 'a.example.' }), '...-t-t'],
    [
      'names each by itself',
      ['a', 'b', 'a', 'b', 'a', 'b'].map((name) => ({ name: `${name}.example.` })),
      '......',
    ],
    ['names of one wildcard together', numbered(7, 'w.example.'), '...-t-t'],
    ['names that do not exist together', numbered(7, 'example.'), '...-t-t'],
    ['names that have no such type', same(5, { name: 'a.example.', type: 28 }), '...-t'],
    ['referrals to one cut together', numbered(5, 'sub.example.'), '...-t'],
    ['errors together', [...numbered(2, 'example.net.'), ...numbered(3, 'example.org.')], '...-t'],
    [
      'with a client cookie it gives a cookie',
      same(5, { name: 'a.example.', options: [[COOKIE, CLIENT]] }),
      '...-c',
    ],
    ['not with a good cookie', same(9, { name: 'a.example.', options: [[COOKIE, GOOD]] }), '.........'],
  ])('%s', (_what, specs, expected) => {
    expect(outcomes(authorityWith({ rateLimit: rateLimit() }), specs)).toBe(expected);
  });

  it('counts each network by itself, and starts again with each second', () => {
    const authority = authorityWith({ rateLimit: rateLimit() });
    const flood = same(4, { name: 'a.example.' });
    expect(outcomes(authority, flood)).toBe('...-');
    expect(outcomes(authority, flood, { from: '198.51.101.100' })).toBe('...-');
    expect(outcomes(authority, flood, { at: LIMITED + 1 })).toBe('...t');
  });

  it('is not for TCP, nor for exempt networks', () => {
    const authority = authorityWith({ rateLimit: rateLimit() });
    const flood = same(9, { name: 'a.example.' });
    expect(outcomes(authority, flood, { over: 'tcp' })).toBe('.........');
    expect(outcomes(authority, flood, { from: '203.0.113.9' })).toBe('.........');
  });

  it('drops what cannot be read without a word, once it is too much', () => {
    const authority = authorityWith({ rateLimit: rateLimit() });
    const malformed = parseHex('123400000002000000000000')!;
    const lengths = Array.from({ length: 6 }, () => send(authority, malformed).length);
    expect(lengths).toEqual([12, 12, 12, 0, 0, 0]);
  });

  it('is counted', () => {
    counters.fill(0);
    outcomes(authorityWith({ rateLimit: rateLimit() }), same(8, { name: 'a.example.' }));
    expect([counters[Counter.dnsRateDropped], counters[Counter.dnsRateSlipped]]).toEqual([3, 2]);
    expect(counters[Counter.dnsTruncated]).toBe(0);
  });

  it('never makes an answer larger than the question by more than an OPT record', () => {
    const request = encodeRequest({ name: 'big.example.', type: TXT });
    const authority = authorityWith({ rateLimit: { ...rateLimit(), slip: 1 } });
    const lengths = Array.from({ length: 5 }, () => send(authority, request).length);
    expect(lengths.slice(3)).toEqual([request.length, request.length]);
  });
});

describe('signed queries (RFC 8945)', () => {
  const key = tsigKey();
  const query = encodeRequest({ name: 'a.example.', options: [[COOKIE, CLIENT]] });

  /** Of 227 octets. */
  const LONG_KEY = tsigKey(`${'k'.repeat(63)}.${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(33)}`, {
    algorithm: 'hmac-sha512',
  });

  function signedAuthority(options: Partial<AuthorityOptions> = {}, known = key): Authority {
    const authority = authorityWith({ hmac, ...options });
    authority.publish(createCatalog([IMAGE], SEED), { keys: [known] });
    return authority;
  }

  it.each(['udp', 'tcp'] as const)('are answered with a signature over %s', (over) => {
    const { message, mac } = signRequest(query, { key, hmac, nowSeconds: NOW });
    const reply = send(signedAuthority(), message, { over });
    expect(readReply(reply)).toMatchObject({ rcode: 0, counts: [1, 1, 0, 2] });
    const stream = new TsigStream({ key, hmac, requestMac: mac });
    expect(stream.verify(reply, NOW)).toMatchObject({ kind: 'verified' });
  });

  it.each([
    ['another secret', { ...key, secret: Uint8Array.of(1) }, NOW],
    ['a key that is not known', tsigKey('other.example'), NOW],
    ['a clock that is wrong', key, NOW - 301],
  ])('with %s are NOTAUTH', (_what, wrong, nowSeconds) => {
    const { message } = signRequest(query, { key: wrong, hmac, nowSeconds });
    expect(readReply(send(signedAuthority(), message))).toMatchObject({ rcode: 9, counts: [1, 0, 0, 2] });
  });

  it('go by the clock that others see', () => {
    const { message } = signRequest(query, { key, hmac, nowSeconds: NOW + 9999 });
    const wallSeconds = () => NOW + 9999;
    expect(readReply(send(signedAuthority({ wallSeconds }), message)).rcode).toBe(0);
  });

  it('have room for their signature: what does not fit beside it is truncated', () => {
    const small = encodeRequest({ name: 'big.example.', type: TXT, options: [], payload: 660 });
    expect(readReply(send(signedAuthority(), small)).isTruncated).toBe(false);
    const { message } = signRequest(small, { key, hmac, nowSeconds: NOW });
    const reply = send(signedAuthority(), message);
    expect(readReply(reply)).toMatchObject({ isTruncated: true, counts: [1, 0, 0, 2] });
  });

  it('that are truncated are NOERROR (§5.3): of two ends of an alias the second is asked for over TCP', () => {
    const missing = encodeRequest({
      name: 'alias.example.',
      type: TXT,
      options: [[COOKIE, CLIENT]],
      payload: 512,
    });
    expect(readReply(send(signedAuthority(), missing)).rcode).toBe(3);
    const { message, mac } = signRequest(missing, { key: LONG_KEY, hmac, nowSeconds: NOW });
    const reply = send(signedAuthority({}, LONG_KEY), message);
    expect(readReply(reply)).toMatchObject({ rcode: 0, isTruncated: true, counts: [1, 0, 0, 2] });
    expect(new TsigStream({ key: LONG_KEY, hmac, requestMac: mac }).verify(reply, NOW).kind).toBe('verified');
  });

  it('are answered without their question where that leaves no room for the signature, as by BIND', () => {
    const name = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.example.`;
    const long = encodeRequest({
      name,
      options: [
        [NSID, ''],
        [COOKIE, CLIENT],
      ],
      payload: 512,
    });
    const { message, mac } = signRequest(long, { key: LONG_KEY, hmac, nowSeconds: NOW });
    const reply = send(signedAuthority({}, LONG_KEY), message);
    expect(readReply(reply)).toMatchObject({
      rcode: 0,
      isTruncated: true,
      counts: [0, 0, 0, 2],
      options: {},
    });
    expect(reply.length).toBeLessThanOrEqual(512);
    expect(new TsigStream({ key: LONG_KEY, hmac, requestMac: mac }).verify(reply, NOW).kind).toBe('verified');
  });
});

describe('NOTIFY', () => {
  const notify = { name: 'Other.example.', type: 6, opcode: 4 };
  const key = tsigKey();

  function listening(verdict: NotifyVerdict) {
    const heard: string[] = [];
    const authority = authorityWith({
      hmac,
      onNotify: (apex, { port }, keyName) => {
        heard.push(
          `${octetsToText(apex.slice(1, 6))} ${port} ${keyName === undefined ? '-' : octetsToText(keyName)}`,
        );
        return verdict;
      },
    });
    authority.publish(createCatalog([IMAGE], SEED), { keys: [key] });
    return { authority, heard };
  }

  it.each<[NotifyVerdict, number, boolean]>([
    ['accepted', 0, true],
    ['refused', 5, false],
    ['not-secondary', 9, false],
  ])('%s', (verdict, rcode, isAuthoritative) => {
    const { authority, heard } = listening(verdict);
    const octets = send(authority, encodeRequest(notify));
    expect(readReply(octets)).toMatchObject({ rcode, isAuthoritative, counts: [1, 0, 0, 0] });
    expect(octets[2]! & 0xf8).toBe(0xa0);
    expect(heard).toEqual(['other 5353 -']);
  });

  it('says by which key it was signed, and is signed in return', () => {
    const { authority, heard } = listening('accepted');
    const { message } = signRequest(encodeRequest(notify), { key, hmac, nowSeconds: NOW });
    const reply = send(authority, message);
    expect(readReply(reply)).toMatchObject({ rcode: 0, counts: [1, 0, 0, 1] });
    expect(heard).toEqual([`other 5353 ${octetsToText(key.name)}`]);
  });

  it('is not heard with a bad signature', () => {
    const { authority, heard } = listening('accepted');
    const wrong = { ...key, secret: Uint8Array.of(1) };
    const { message } = signRequest(encodeRequest(notify), { key: wrong, hmac, nowSeconds: NOW });
    expect(readReply(send(authority, message)).rcode).toBe(9);
    expect(heard).toEqual([]);
  });

  it('is read with the SOA that it may carry', () => {
    const { authority, heard } = listening('accepted');
    const soa = 'c00c 0006 0001 00000000 0016 00 00 00000001 00000001 00000001 00000001 00000001';
    const request = Uint8Array.from([...encodeRequest(notify), ...parseHex(soa)!]);
    request[7] = 1;
    expect(readReply(send(authority, request))).toMatchObject({ rcode: 0, counts: [1, 0, 0, 0] });
    expect(heard.length).toBe(1);
  });

  it.each<[string, RequestSpec, number]>([
    ['another type', { ...notify, type: 1 }, 1],
    ['another class', { ...notify, class: CH }, 5],
    ['another version of EDNS', { ...notify, options: [], version: 1 }, 16],
    ['no question', { opcode: 4 }, 1],
  ])('with %s is not heard', (_what, spec, rcode) => {
    const { authority, heard } = listening('accepted');
    expect(ask(authority, spec).rcode).toBe(rcode);
    expect(heard).toEqual([]);
  });

  it('is NOTAUTH where nothing is copied from elsewhere', () => {
    expect(ask(authorityWith(), notify).rcode).toBe(9);
  });
});

describe('whatever the octets', () => {
  const key = tsigKey();
  const authority = authorityWith({
    hmac,
    onNotify: () => 'accepted',
    edns: { nsid: new Uint8Array(128), cookieSecrets: [SECRET] },
  });
  authority.publish(createCatalog([IMAGE], SEED), { keys: [key] });

  const option = fc.tuple(
    fc.oneof(fc.constantFrom(NSID, COOKIE, EDE, 8), fc.nat(65535)),
    fc.uint8Array({ maxLength: 45 }),
  );
  const request = fc.record({
    name: fc.constantFrom(
      'a.example.',
      'big.example.',
      'x.w.example.',
      'version.bind.',
      'example.net.',
      `${'a'.repeat(63)}.`.repeat(3),
    ),
    type: fc.constantFrom(1, 6, TXT, 128, 251, 252, ANY),
    class: fc.constantFrom(1, CH, 255),
    opcode: fc.constantFrom(0, 0, 0, 4, 5),
    version: fc.constantFrom(0, 0, 1),
    payload: fc.constantFrom(0, 512, 600, 65535),
    options: fc
      .array(option, { maxLength: 8 })
      .map((all) => all.map(([code, octets]) => [code, formatHex(octets)] as const)),
  });
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 });

  it('the reply keeps id and QR, its sections fit, and it is no larger than may be', () => {
    fc.assert(
      fc.property(request, flips, fc.boolean(), (spec, changes, isSigned) => {
        const plain = encodeRequest(spec);
        const octets = isSigned ? signRequest(plain, { key, hmac, nowSeconds: NOW }).message : plain;
        for (const [at, octet] of changes) if (at % octets.length > 1) octets[at % octets.length] = octet;
        const reply = send(authority, octets);
        if (reply.length === 0) return (octets[2]! & 0x80) !== 0;
        const { id, counts } = readReply(reply);
        const room = counts[3] === 0 ? 512 : 1232;
        return (
          id === REQUEST_ID && (reply[2]! & 0x80) !== 0 && reply.length <= room && readUint16(reply, 4) <= 1
        );
      }),
      { numRuns: 3000 },
    );
  });
});
