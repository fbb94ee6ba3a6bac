// Medians, spreads and latencies.

/** What repeated measurements of one thing gave. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** NaN throughout for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** Latencies below this are kept to the microsecond, longer ones to the millisecond. */
const FINE_MICROSECONDS = 20_000;
const COARSE_MILLISECONDS = 2_000;

/** Counts latencies without allocating; what is longer than two seconds counts as two. */
export class LatencyHistogram {
  private readonly fine = new Uint32Array(FINE_MICROSECONDS);
  private readonly coarse = new Uint32Array(COARSE_MILLISECONDS);
  private count = 0;

  add(microseconds: number): void {
    this.count++;
    if (microseconds < FINE_MICROSECONDS) this.fine[microseconds | 0]!++;
    else this.coarse[Math.min(microseconds / 1000, COARSE_MILLISECONDS - 1) | 0]!++;
  }

  clear(): void {
    this.fine.fill(0);
    this.coarse.fill(0);
    this.count = 0;
  }

  /** Microseconds below which `share` (0–1) of the latencies lie; NaN when there are none. */
  percentile(share: number): number {
    let left = Math.max(1, Math.ceil(this.count * share));
    if (this.count === 0) return Number.NaN;
    for (let index = 0; index < FINE_MICROSECONDS; index++) {
      left -= this.fine[index]!;
      if (left <= 0) return index + 1;
    }
    for (let index = 0; index < COARSE_MILLISECONDS; index++) {
      left -= this.coarse[index]!;
      if (left <= 0) return (index + 1) * 1000;
    }
    return COARSE_MILLISECONDS * 1000;
  }
}
