import { describe, expect, it } from 'vitest';
import { readClientKey, sameClientKey } from '../../../src/core/swarm/client-key.ts';

const OPAQUE = 0x5eed;
const read = (text: string) => readClientKey(Buffer.from(text, 'latin1'), 0, text.length, OPAQUE) >>> 0;

describe('a client key', () => {
  it.each([
    ['1234ABCD', 0x1234abcd, 'hexadecimal, libtorrent and Transmission'],
    ['0000000a', 10, 'leading zeros'],
    ['00000000', 0, '0 is no key'],
    ['0', 0, '0 is no key'],
    ['3735928559', 0xdeadbeef, 'decimal, rqbit'],
    ['-559038737', 0xdeadbeef, 'signed decimal, anacrolix'],
    ['4294967296', OPAQUE, 'too large for 32 bits'],
    ['-2147483649', OPAQUE, 'too small for 32 bits'],
    ['xyz', OPAQUE, 'opaque'],
    ['\x01\xff\x80', OPAQUE, 'binary, aria2'],
  ])('%j is read as %i: %s', (text, number) => {
    expect(read(text)).toBe(number >>> 0);
  });

  it('that hashes to 0 is not taken for none', () => {
    expect(readClientKey(Buffer.from('zz'), 0, 2, 0)).not.toBe(0);
  });

  it.each([
    ['equal numbers', 0xdeadbeef | 0, 0xdeadbeef | 0, true],
    ['one absent', 0, 5, true],
    ['different', 4, 5, false],
    ['decimal digits over HTTP and the number over UDP', 0x12345678, 12345678, true],
    ['the number over UDP and decimal digits over HTTP', 99, 0x99, true],
  ])('is compared: %s', (_, one, other, same) => {
    expect(sameClientKey(one, other)).toBe(same);
  });
});
