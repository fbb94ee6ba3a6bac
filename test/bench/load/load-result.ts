// What one run of load gave.

import type { CpuTime } from '../cpu-time.ts';

export interface LoadResult {
  /** Right answers within the measured time. */
  readonly answers: number;
  /** Of those: names that do not exist, replies without peers. */
  readonly negative: number;
  /** Answers that say that something is wrong. */
  readonly errors: number;
  /** Requests given up after half a second. */
  readonly timeouts: number;
  /** Connections opened; 0 over UDP. */
  readonly connections: number;
  readonly seconds: number;
  /** Mean octets of an answer. */
  readonly replyOctets: number;
  /** Microseconds; NaN when nothing was answered or the tool does not say. */
  readonly p50: number;
  readonly p99: number;
  /** Seconds that the server used meanwhile. */
  readonly cpu: CpuTime;
}
