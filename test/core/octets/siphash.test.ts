// The 64 vectors of the reference implementation (key 00..0f, message 00..n-1), computed independently of this
// project and compared with OpenSSL's SIPHASH at lengths 0, 1, 8 and 63.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSipHashKey, sipHash24 } from '../../../src/core/octets/siphash.ts';

const vectors = readFileSync(new URL('../../vectors/siphash-2-4.txt', import.meta.url), 'latin1')
  .trim()
  .split('\n');
const counting = Uint8Array.from({ length: 64 }, (_, index) => index);

describe('SipHash-2-4', () => {
  const key = createSipHashKey(counting.subarray(0, 16));

  it('has the 64 reference vectors', () => {
    expect(vectors).toHaveLength(64);
  });

  it.each(vectors.map((hex, length) => [length, hex] as const))('hashes %i octets to %s', (length, hex) => {
    const out = new Int32Array(2);
    const low = sipHash24(key, counting, 0, length, out);
    expect(Buffer.from(out.buffer).toString('hex')).toBe(hex);
    expect(low).toBe(out[0]);
  });

  it('hashes octets at an offset as it hashes them at the start', () => {
    const shifted = new Uint8Array(40);
    shifted.set(counting.subarray(0, 20), 7);
    expect(sipHash24(key, shifted, 7, 20)).toBe(sipHash24(key, counting, 0, 20));
  });

  it('refuses a short key', () => {
    expect(() => createSipHashKey(new Uint8Array(15))).toThrow(RangeError);
  });
});
