// SHA-1 (FIPS 180-4 §6.1.2) for the hashed names of NSEC3, which know no other hash (RFC 5155 §11). Not for secrets.

export const SHA1_OCTETS = 20;
/** Octets that one round of compression takes. */
export const SHA1_BLOCK_OCTETS = 64;

/** One hash at a time, without allocation: it owns its scratch memory. */
export class Sha1 {
  private readonly schedule = new Int32Array(80);
  private readonly state = new Int32Array(5);

  /**
   * Hashes the first `length` octets of `message` into the first 20 of `digest`, which may be the same array. The padding
   * is written behind the message: it needs room for 9 to 72 octets more, up to a multiple of 64.
   */
  digest(message: Uint8Array, length: number, digest: Uint8Array): void {
    const blocks = pad(message, length);
    const { state } = this;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89;
    state[2] = 0x98badcfe;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0;
    for (let block = 0; block < blocks; block++) this.compress(message, block * SHA1_BLOCK_OCTETS);
    for (let word = 0; word < 5; word++) {
      const value = state[word]!;
      digest[word * 4] = value >>> 24;
      digest[word * 4 + 1] = value >>> 16;
      digest[word * 4 + 2] = value >>> 8;
      digest[word * 4 + 3] = value;
    }
  }

  private compress(message: Uint8Array, at: number): void {
    const { schedule, state } = this;
    this.expand(message, at);
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    for (let round = 0; round < 80; round++) {
      let mixed = (e + schedule[round]!) | 0;
      if (round < 20) mixed = (mixed + (d ^ (b & (c ^ d))) + 0x5a827999) | 0;
      else if (round < 40) mixed = (mixed + (b ^ c ^ d) + 0x6ed9eba1) | 0;
      else if (round < 60) mixed = (mixed + ((b & c) | (d & (b | c))) + 0x8f1bbcdc) | 0;
      else mixed = (mixed + (b ^ c ^ d) + 0xca62c1d6) | 0;
      const next = (((a << 5) | (a >>> 27)) + mixed) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    state[0] = (state[0]! + a) | 0;
    state[1] = (state[1]! + b) | 0;
    state[2] = (state[2]! + c) | 0;
    state[3] = (state[3]! + d) | 0;
    state[4] = (state[4]! + e) | 0;
  }

  private expand(message: Uint8Array, at: number): void {
    const { schedule } = this;
    for (let word = 0; word < 16; word++) {
      const octet = at + word * 4;
      schedule[word] =
        (message[octet]! << 24) |
        (message[octet + 1]! << 16) |
        (message[octet + 2]! << 8) |
        message[octet + 3]!;
    }
    for (let word = 16; word < 80; word++) {
      const value = schedule[word - 3]! ^ schedule[word - 8]! ^ schedule[word - 14]! ^ schedule[word - 16]!;
      schedule[word] = (value << 1) | (value >>> 31);
    }
  }
}

/** A one bit, zeros, and the length in bits at the end of the last block, whose number is returned (FIPS 180-4 §5.1.1). */
function pad(message: Uint8Array, length: number): number {
  const blocks = Math.ceil((length + 9) / SHA1_BLOCK_OCTETS);
  const end = blocks * SHA1_BLOCK_OCTETS;
  if (end > message.length) throw new RangeError('no room for the padding');
  message[length] = 0x80;
  for (let at = length + 1; at < end - 4; at++) message[at] = 0;
  const bits = length * 8;
  message[end - 4] = bits >>> 24;
  message[end - 3] = bits >>> 16;
  message[end - 2] = bits >>> 8;
  message[end - 1] = bits;
  return blocks;
}
