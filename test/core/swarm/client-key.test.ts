import { describe, expect, it } from 'vitest';
import { clientKeyTag, NO_NUMBER, readNumericKey } from '../../../src/core/swarm/client-key.ts';

const read = (text: string) => readNumericKey(Buffer.from(text, 'latin1'), 0, text.length);

describe('a client key', () => {
  it.each([
    ['1234ABCD', 0x1234abcd, 'hexadecimal, libtorrent and Transmission'],
    ['0000000a', 10, 'leading zeros'],
    ['00000000', 0, '0 is no key'],
    ['0', 0, '0 is no key'],
    ['3735928559', 0xdeadbeef, 'decimal, rqbit'],
    ['-559038737', 0xdeadbeef, 'signed decimal, anacrolix'],
    ['4294967296', NO_NUMBER, 'too large for 32 bits'],
    ['-2147483649', NO_NUMBER, 'too small for 32 bits'],
    ['xyz', NO_NUMBER, 'opaque'],
    ['\x01\xff\x80', NO_NUMBER, 'binary, aria2'],
  ])('%j is read as %i: %s', (text, number) => {
    expect(read(text)).toBe(number === NO_NUMBER ? NO_NUMBER : number | 0);
  });

  it.each([
    ['equal numbers', 0xdeadbeef | 0, 0xdeadbeef, true],
    ['different', 4, 5, false],
    ['decimal digits over HTTP and the number over UDP', 0x12345678, 12345678, true],
    ['the number over UDP and decimal digits over HTTP', 99, 0x99, true],
    [
      'a number whose decimal digits read as hexadecimal ones that are decimal again',
      0x57005,
      0x45e77,
      false,
    ],
    ['the same by way of two readings', 0x22136, 22136, true],
    ['none and one', 0, 5, false],
  ])('is compared by its octet: %s', (_, one, other, same) => {
    expect(clientKeyTag(one) === clientKeyTag(other)).toBe(same);
  });

  it('has octets that are spread evenly, and 0 for none alone', () => {
    const times = new Int32Array(256);
    for (let key = 0xa0000; key < 0xa0000 + 25_500; key++) times[clientKeyTag(key)]!++;
    expect(clientKeyTag(0)).toBe(0);
    expect(times[0]).toBe(0);
    // One hundred each on average; six deviations.
    expect(Math.max(...times)).toBeLessThan(160);
    expect(Math.min(...times.subarray(1))).toBeGreaterThan(40);
  });
});
