/** Marsaglia's xorshift: fast, even enough to choose names and peers by, and the same in every run. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  /** From 0 to `bound` - 1, for bounds up to 2^32. */
  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return Math.floor(((x >>> 0) / 0x1_0000_0000) * bound);
  }
}
