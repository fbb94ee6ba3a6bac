// Time, as a thing that is handed over: whoever needs the hour or a deadline takes a Clock, and tests move it by hand.

/** Takes a scheduled task back; harmless once it has run, and when called twice. */
export type Cancel = () => void;

export interface Clock {
  /** Seconds since 1970, whole. Follows the machine's clock, so it may step either way. */
  nowSeconds(): number;
  /** Milliseconds, whole, that never go back: for durations and deadlines. Its origin means nothing. */
  nowMilliseconds(): number;
  /** Runs `task` once, not before `delayMilliseconds` have passed. A task that waits keeps the process alive. */
  schedule(delayMilliseconds: number, task: () => void): Cancel;
}

/** setTimeout takes 31 bits and fires at once beyond them; a drain for a TTL of 68 years is longer (RFC 2181 §8). */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowSeconds: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: () => Math.floor(performance.now()),
  schedule(delayMilliseconds, task) {
    let timer: NodeJS.Timeout;
    const arm = (remaining: number): void => {
      const delay = Math.min(remaining, LONGEST_TIMER_MILLISECONDS);
      timer = setTimeout(() => (remaining > delay ? arm(remaining - delay) : task()), delay);
    };
    arm(Math.max(0, delayMilliseconds));
    return () => clearTimeout(timer);
  },
};
