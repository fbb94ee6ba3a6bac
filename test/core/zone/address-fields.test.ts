import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpv4, parseIpv6 } from '../../../src/core/net/ip-address.ts';
import { readZone } from './zone-text.ts';

/** What `type` makes of the text as its data; undefined where it is refused. */
function readAddress(type: 'A' | 'AAAA', text: string): string | undefined {
  const { records, diagnostics } = readZone(`a 60 ${type} ${text}\n`);
  if (records.count === 1) return Buffer.from(records.rdata(0)).toString('hex');
  expect(diagnostics.map(({ code }) => code)).toEqual([
    type === 'A' ? 'bad-ipv4-address' : 'bad-ipv6-address',
  ]);
  return undefined;
}

function hexOf(address: Uint8Array | undefined): string | undefined {
  return address === undefined ? undefined : Buffer.from(address).toString('hex');
}

function textOf(...parts: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 17 }).map((list) => list.join(''));
}

describe('an address in a zone', () => {
  it.each([
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['1::', `0001${'00'.repeat(14)}`],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['aBcD:2:3:4:5:6:7:8', 'abcd0002000300040005000600070008'],
    ['2001:db8::ffff:192.0.2.1', '20010db8000000000000ffffc0000201'],
    ['1:2:3:4:5:6:7:8::', undefined],
    ['::1:2:3:4:5:6:7:8', undefined],
    ['1:::2', undefined],
    [':1::2', undefined],
    ['1::2:', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['12345::', undefined],
    ['fe80::1%eth0', undefined],
  ])('is read from %s', (text, address) => {
    expect(readAddress('AAAA', text)).toBe(address);
  });

  it('is read from any text as everywhere else', () => {
    const ipv6 = textOf('1', '0', 'ffff', 'A', '12345', 'g', ':', ':', ':', '::', '192.0.2.1');
    fc.assert(
      fc.property(ipv6, (text) => void expect(readAddress('AAAA', text)).toBe(hexOf(parseIpv6(text)))),
      { numRuns: 1000 },
    );
    const ipv4 = textOf('1', '0', '255', '256', '.', '.', '.', 'x');
    fc.assert(
      fc.property(ipv4, (text) => void expect(readAddress('A', text)).toBe(hexOf(parseIpv4(text)))),
      { numRuns: 1000 },
    );
  });
});
