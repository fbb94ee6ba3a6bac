// The steady clock of a worker thread: the same second in every thread of the process, whatever each counts from.

// Imported: the global of this name is a getter, and answers of a batch wait for what it costs.
import { performance } from 'node:perf_hooks';

/**
 * Whole seconds since 1970 as the control plane's steady clock has them. `origin` pairs one of its seconds with the
 * process's high-resolution time, which all threads share.
 */
export function createSharedClock(origin: {
  readonly seconds: number;
  readonly hrtimeMilliseconds: number;
}): () => number {
  // performance.now() costs 30 ns and allocates nothing; its own origin is the thread's start.
  const offset = hrtimeMilliseconds() - performance.now() - origin.hrtimeMilliseconds;
  return () => origin.seconds + Math.floor((performance.now() + offset) / 1000);
}

export function hrtimeMilliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
