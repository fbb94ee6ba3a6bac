// SipHash-2-4 (Aumasson and Bernstein 2012) with every 64-bit word in two 32-bit halves: a BigInt would allocate.
// Written out flat because it runs several times a packet; a round is longer than the functions of other files.
// Parameters are positional: an object a call is what this code exists to avoid.

/** A SipHash key: 16 octets as four little-endian words. */
export type SipHashKey = Uint32Array;

/** The first 16 of `octets` as a key. */
export function createSipHashKey(octets: Uint8Array): SipHashKey {
  if (octets.length < 16) throw new RangeError('a SipHash key has 16 octets');
  const key = new Uint32Array(4);
  for (let index = 0; index < 16; index++) key[index >> 2]! |= octets[index]! << ((index & 3) * 8);
  return key;
}

// One message at a time: the state is kept here instead of being returned, so that nothing is allocated.
let v0l = 0;
let v0h = 0;
let v1l = 0;
let v1h = 0;
let v2l = 0;
let v2h = 0;
let v3l = 0;
let v3h = 0;

/**
 * Hashes `length` octets at `offset`. Returns the low 32 bits of the hash as a signed number; `out`, when given,
 * gets the low word at 0 and the high word at 1.
 */
export function sipHash24(
  key: SipHashKey,
  octets: Uint8Array,
  offset: number,
  length: number,
  out?: Int32Array,
): number {
  start(key);
  const end = offset + (length & ~7);
  let at = offset;
  for (; at < end; at += 8) {
    compress(
      octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24),
      octets[at + 4]! | (octets[at + 5]! << 8) | (octets[at + 6]! << 16) | (octets[at + 7]! << 24),
    );
  }
  let low = 0;
  let high = length << 24;
  for (let index = 0; index < (length & 7); index++) {
    const octet = octets[at + index]!;
    if (index < 4) low |= octet << (index * 8);
    else high |= octet << ((index - 4) * 8);
  }
  compress(low, high);
  v2l ^= 0xff;
  rounds(4);
  const resultLow = v0l ^ v1l ^ v2l ^ v3l;
  if (out !== undefined) {
    out[0] = resultLow;
    out[1] = v0h ^ v1h ^ v2h ^ v3h;
  }
  return resultLow;
}

function start(key: SipHashKey): void {
  const k0l = key[0]!;
  const k0h = key[1]!;
  const k1l = key[2]!;
  const k1h = key[3]!;
  v0h = k0h ^ 0x736f6d65;
  v0l = k0l ^ 0x70736575;
  v1h = k1h ^ 0x646f7261;
  v1l = k1l ^ 0x6e646f6d;
  v2h = k0h ^ 0x6c796765;
  v2l = k0l ^ 0x6e657261;
  v3h = k1h ^ 0x74656462;
  v3l = k1l ^ 0x79746573;
}

function compress(low: number, high: number): void {
  v3l ^= low;
  v3h ^= high;
  rounds(2);
  v0l ^= low;
  v0h ^= high;
}

/** `count` SipRounds on local copies: module variables are too slow to work in. */
function rounds(count: number): void {
  let al = v0l | 0;
  let ah = v0h | 0;
  let bl = v1l | 0;
  let bh = v1h | 0;
  let cl = v2l | 0;
  let ch = v2h | 0;
  let dl = v3l | 0;
  let dh = v3h | 0;
  let sum = 0;
  let held = 0;
  for (let round = 0; round < count; round++) {
    sum = (al >>> 0) + (bl >>> 0);
    ah = (ah + bh + (sum > 0xffffffff ? 1 : 0)) | 0;
    al = sum | 0;
    held = (bl << 13) | (bh >>> 19);
    bh = ((bh << 13) | (bl >>> 19)) ^ ah;
    bl = held ^ al;
    held = al;
    al = ah;
    ah = held;
    sum = (cl >>> 0) + (dl >>> 0);
    ch = (ch + dh + (sum > 0xffffffff ? 1 : 0)) | 0;
    cl = sum | 0;
    held = (dl << 16) | (dh >>> 16);
    dh = ((dh << 16) | (dl >>> 16)) ^ ch;
    dl = held ^ cl;
    sum = (al >>> 0) + (dl >>> 0);
    ah = (ah + dh + (sum > 0xffffffff ? 1 : 0)) | 0;
    al = sum | 0;
    held = (dl << 21) | (dh >>> 11);
    dh = ((dh << 21) | (dl >>> 11)) ^ ah;
    dl = held ^ al;
    sum = (cl >>> 0) + (bl >>> 0);
    ch = (ch + bh + (sum > 0xffffffff ? 1 : 0)) | 0;
    cl = sum | 0;
    held = (bl << 17) | (bh >>> 15);
    bh = ((bh << 17) | (bl >>> 15)) ^ ch;
    bl = held ^ cl;
    held = cl;
    cl = ch;
    ch = held;
  }
  v0l = al;
  v0h = ah;
  v1l = bl;
  v1h = bh;
  v2l = cl;
  v2h = ch;
  v3l = dl;
  v3h = dh;
}
