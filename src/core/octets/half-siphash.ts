// HalfSipHash (Aumasson and Bernstein), SipHash with words of 32 bits, which are what this language computes with: a
// third of SipHash's cost here. For hash tables only, as in Linux (hsiphash), which uses the 1-3 rounds likewise: its
// key has 64 bits, so what it gives must not be shown to strangers.
// Parameters are positional: it runs several times a packet, and an object a call is what it exists to avoid.

import type { SipHashKey } from './siphash.ts';

/** Of a message, in octets: what the words below have room for. */
export const MAX_HALF_SIPHASH_OCTETS = 32;
/** Rounds after the last octet: one with the length, three without a word. */
const FINISH = 4;
/**
 * The message as words while it is hashed, which takes a third off: octets are put together in one loop without a
 * question, and mixed in another. Nothing of it outlives a call.
 */
const message = new Int32Array(MAX_HALF_SIPHASH_OCTETS / 4 + FINISH);

/**
 * HalfSipHash-1-3 of `length` octets, {@link MAX_HALF_SIPHASH_OCTETS} at most, at `offset` under the first half of `key`, as
 * a signed number.
 */
export function halfSipHash13(key: SipHashKey, octets: Uint8Array, offset: number, length: number): number {
  const blocks = length >>> 2;
  let at = offset;
  for (let block = 0; block < blocks; block++, at += 4) {
    message[block] = octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
  }
  let last = length << 24;
  const rest = length & 3;
  if (rest > 0) last |= octets[at]!;
  if (rest > 1) last |= octets[at + 1]! << 8;
  if (rest > 2) last |= octets[at + 2]! << 16;
  message[blocks] = last;
  for (let round = 1; round < FINISH; round++) message[blocks + round] = 0;
  let v0 = key[0]!;
  let v1 = key[1]!;
  let v2 = v0 ^ 0x6c796765;
  let v3 = v1 ^ 0x74656462;
  for (let step = 0; step < blocks + FINISH; step++) {
    const word = message[step]!;
    if (step === blocks + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
