// What a run of the benchmark was asked to do.

import type { Processors } from './processors.ts';

export interface BenchOptions {
  /** How often each measurement is repeated, all servers taking turns within a round. */
  readonly rounds: number;
  /** Seconds that one measurement lasts, without its warm-up. */
  readonly seconds: number;
  /** Seconds of load before each measurement, not counted. */
  readonly warmSeconds: number;
  /** One short round with small zones and swarms: shows that everything works, not how fast. */
  readonly isQuick: boolean;
  /** Names of the servers to measure; empty: all that are installed. Portolan and the floor are always there. */
  readonly only: readonly string[];
  /** Requests a second, 0 for saturation, in place of those that a suite measures; empty: those. */
  readonly rates: readonly number[];
  /** Whether other load generators measure saturation too, to check ours. */
  readonly isCrossChecked: boolean;
  readonly processors: Processors;
  /** Says what is going on, a line at a time. */
  readonly log: (line: string) => void;
}

/** The rates to measure: `usual`, unless others were asked for. */
export function ratesOf({ rates }: BenchOptions, usual: readonly number[]): readonly number[] {
  return rates.length === 0 ? usual : rates;
}
