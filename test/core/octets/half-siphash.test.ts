// The first 16 of Linux' vectors for HalfSipHash-1-3 (lib/test_siphash.c: key 00..07, message 00..n-1).
import { describe, expect, it } from 'vitest';
import { halfSipHash13 } from '../../../src/core/octets/half-siphash.ts';
import { createSipHashKey } from '../../../src/core/octets/siphash.ts';

const VECTORS = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6, 0x577999b1,
  0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
];
const counting = Uint8Array.from({ length: 16 }, (_, index) => index);

describe('HalfSipHash-1-3', () => {
  const key = createSipHashKey(counting);

  it.each(VECTORS.map((hash, length) => [length, hash] as const))('of %i octets', (length, hash) => {
    expect(halfSipHash13(key, counting, 0, length) >>> 0).toBe(hash);
  });

  it('hashes octets at an offset as it hashes them at the start', () => {
    const shifted = new Uint8Array(40);
    shifted.set(counting, 7);
    expect(halfSipHash13(key, shifted, 7, 16)).toBe(halfSipHash13(key, counting, 0, 16));
  });
});
