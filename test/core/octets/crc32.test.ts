import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/core/octets/crc32.ts';

describe('CRC-32', () => {
  it('has the check value of the catalogues', () => {
    expect(crc32(new TextEncoder().encode('123456789'), 0, 9)).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0), 0, 0)).toBe(0);
  });

  it('agrees with zlib', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (octets, skipped) => {
        const start = Math.min(skipped, octets.length);
        expect(crc32(octets, start, octets.length)).toBe(zlibCrc32(octets.subarray(start)));
      }),
    );
  });
});
