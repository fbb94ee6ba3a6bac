// How long to wait before a dead worker's successor starts: none for an accident, ever longer for one that always
// happens, so that a thread which cannot live does not take a processor with its births.

/** A worker that lived so long died of an accident: the next may start at once. */
export const LONG_LIFE_MILLISECONDS = 10_000;
/** With the birth itself within the second in which a worker is to be replaced. */
const FIRST_PAUSE_MILLISECONDS = 250;
/** What was lacking (memory, a thread) may come back: it is never given up. */
export const MAX_PAUSE_MILLISECONDS = 30_000;

export interface Death {
  /** One phrase for the log. */
  readonly reason: string;
  /** False for one that could not even start. */
  readonly wasReady: boolean;
  readonly livedMilliseconds: number;
}

/** Told of each death of one worker's line of threads, answers how many milliseconds to wait. */
export function createRestartPause(): (death: Death) => number {
  let early = 0;
  return ({ wasReady, livedMilliseconds }) => {
    early = livedMilliseconds >= LONG_LIFE_MILLISECONDS ? 0 : early + 1;
    // The first early death may be an accident still, unless it was at birth: what lacked then lacks a moment later.
    const steps = wasReady ? early - 1 : early + 1;
    return steps <= 0 ? 0 : Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (steps - 1), MAX_PAUSE_MILLISECONDS);
  };
}
