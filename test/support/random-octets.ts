// Chance that repeats itself: the same seed gives the same octets, so that what a test finds can be found again.

export interface RandomOctets {
  /** A whole number from 0 to `limit` − 1; 0 for a limit of 0. */
  below(limit: number): number;
  octets(length: number): Buffer;
}

/** Mulberry32: 32 bits of state, good enough to shake a parser. */
export function createRandomOctets(seed: number): RandomOctets {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
  return {
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    octets: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}
