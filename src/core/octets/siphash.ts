// SipHash (Aumasson and Bernstein 2012) with every 64-bit word in two 32-bit halves: a BigInt would allocate.
// Parameters are positional: it runs several times a packet, and an object a call is what it exists to avoid.

/** A SipHash key: 16 octets as four little-endian words. */
export type SipHashKey = Uint32Array;

/** The first 16 of `octets` as a key. */
export function createSipHashKey(octets: Uint8Array): SipHashKey {
  if (octets.length < 16) throw new RangeError('a SipHash key has 16 octets');
  const key = new Uint32Array(4);
  for (let index = 0; index < 16; index++) key[index >> 2]! |= octets[index]! << ((index & 3) * 8);
  return key;
}

/**
 * SipHash-2-4 of `length` octets at `offset`: for what strangers may see. Returns the low 32 bits of the hash as a
 * signed number; `out`, when given, gets the low word at 0 and the high word at 1.
 *
 * Long because the eight halves of the state live in registers only as long as they are locals of one function. The
 * carry of an addition is taken from the signs, without leaving 32-bit integers and without a branch.
 */
export function sipHash24(
  key: SipHashKey,
  octets: Uint8Array,
  offset: number,
  length: number,
  out?: Int32Array,
): number {
  let ah = key[1]! ^ 0x736f6d65;
  let al = key[0]! ^ 0x70736575;
  let bh = key[3]! ^ 0x646f7261;
  let bl = key[2]! ^ 0x6e646f6d;
  let ch = key[1]! ^ 0x6c796765;
  let cl = key[0]! ^ 0x6e657261;
  let dh = key[3]! ^ 0x74656462;
  let dl = key[2]! ^ 0x79746573;
  const blocks = length >>> 3;
  let at = offset;
  // Whole blocks, then the one that ends with the length, then the finalization.
  for (let step = 0; step < blocks + 2; step++) {
    let low = 0;
    let high = 0;
    if (step < blocks) {
      low = octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
      high = octets[at + 4]! | (octets[at + 5]! << 8) | (octets[at + 6]! << 16) | (octets[at + 7]! << 24);
      at += 8;
    } else if (step === blocks) {
      high = length << 24;
      for (let index = 0; index < (length & 7); index++) {
        if (index < 4) low |= octets[at + index]! << (index * 8);
        else high |= octets[at + index]! << ((index - 4) * 8);
      }
    } else cl ^= 0xff;
    dl ^= low;
    dh ^= high;
    for (let round = step > blocks ? 4 : 2; round > 0; round--) {
      let sum = (al + bl) | 0;
      ah = (ah + bh + (((al & bl) | ((al | bl) & ~sum)) >>> 31)) | 0;
      let held = (bl << 13) | (bh >>> 19);
      bh = ((bh << 13) | (bl >>> 19)) ^ ah;
      bl = held ^ sum;
      al = ah;
      ah = sum;
      sum = (cl + dl) | 0;
      ch = (ch + dh + (((cl & dl) | ((cl | dl) & ~sum)) >>> 31)) | 0;
      cl = sum;
      held = (dl << 16) | (dh >>> 16);
      dh = ((dh << 16) | (dl >>> 16)) ^ ch;
      dl = held ^ cl;
      sum = (al + dl) | 0;
      ah = (ah + dh + (((al & dl) | ((al | dl) & ~sum)) >>> 31)) | 0;
      al = sum;
      held = (dl << 21) | (dh >>> 11);
      dh = ((dh << 21) | (dl >>> 11)) ^ ah;
      dl = held ^ al;
      sum = (cl + bl) | 0;
      ch = (ch + bh + (((cl & bl) | ((cl | bl) & ~sum)) >>> 31)) | 0;
      held = (bl << 17) | (bh >>> 15);
      bh = ((bh << 17) | (bl >>> 15)) ^ ch;
      bl = held ^ sum;
      cl = ch;
      ch = sum;
    }
    al ^= low;
    ah ^= high;
  }
  const low = al ^ bl ^ cl ^ dl;
  if (out !== undefined) {
    out[0] = low;
    out[1] = ah ^ bh ^ ch ^ dh;
  }
  return low;
}
