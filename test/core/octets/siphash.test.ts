// The 64 vectors of the reference implementation (key 00..0f, message 00..n-1), computed independently of this
// project and compared with OpenSSL's SIPHASH at lengths 0, 1, 8 and 63.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSipHashKey, sipHash13, sipHash24 } from '../../../src/core/octets/siphash.ts';

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

const MASK = (1n << 64n) - 1n;

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & MASK;
}

/** As the paper has it, with 64-bit words: `rounds` a block, `rounds` + 2 at the end. */
function sipHashOfPaper(octets: Uint8Array, rounds: number): bigint {
  const littleEndian = (from: Uint8Array) =>
    from.reduceRight((word, octet) => (word << 8n) | BigInt(octet), 0n);
  const [k0, k1] = [littleEndian(counting.subarray(0, 8)), littleEndian(counting.subarray(8, 16))];
  let [a, b, c, d] = [
    0x736f6d6570736575n ^ k0,
    0x646f72616e646f6dn ^ k1,
    0x6c7967656e657261n ^ k0,
    0x7465646279746573n ^ k1,
  ];
  const mix = (times: number) => {
    for (let time = 0; time < times; time++) {
      a = (a + b) & MASK;
      b = rotate(b, 13n) ^ a;
      a = rotate(a, 32n);
      c = (c + d) & MASK;
      d = rotate(d, 16n) ^ c;
      a = (a + d) & MASK;
      d = rotate(d, 21n) ^ a;
      c = (c + b) & MASK;
      b = rotate(b, 17n) ^ c;
      c = rotate(c, 32n);
    }
  };
  const padded = new Uint8Array((octets.length & ~7) + 8);
  padded.set(octets);
  padded[padded.length - 1] = octets.length;
  for (let at = 0; at < padded.length; at += 8) {
    const word = littleEndian(padded.subarray(at, at + 8));
    d ^= word;
    mix(rounds);
    a ^= word;
  }
  c ^= 0xffn;
  mix(rounds + 2);
  return a ^ b ^ c ^ d;
}

describe('SipHash-1-3', () => {
  it('is what the paper makes of it, at every length from 0 to 63', () => {
    const key = createSipHashKey(counting.subarray(0, 16));
    for (let length = 0; length < 64; length++) {
      const octets = counting.subarray(0, length);
      // The same code with two rounds has the reference vectors.
      const two = Buffer.alloc(8);
      two.writeBigUInt64LE(sipHashOfPaper(octets, 2));
      expect(two.toString('hex')).toBe(vectors[length]);
      expect(sipHash13(key, counting, 0, length)).toBe(Number(BigInt.asIntN(32, sipHashOfPaper(octets, 1))));
    }
  });
});
