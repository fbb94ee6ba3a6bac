// A small generator for choices that need speed and fairness, not secrecy: where a reply starts, which torrent is
// looked at when room is needed, the jitter of an interval. Its state lives in the table, so that tests can seed it.

/** xorshift32 (Marsaglia 2003) with a final multiplication; `state[at]` must not be zero and never becomes zero. */
export function randomUint32(state: Int32Array, at: number): number {
  let x = state[at]!;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  state[at] = x;
  return Math.imul(x, 0x2c9277b5) >>> 0;
}

/** 0 to `bound` − 1; the bias is below `bound` / 2³². */
export function randomBelow(state: Int32Array, at: number, bound: number): number {
  return Math.floor((randomUint32(state, at) / 0x100000000) * bound);
}
