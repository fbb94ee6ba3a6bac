// Seconds that never step. The machine's clock may be set either way while peers, connection ids and drains count on it.

import type { Clock } from '../io/clock.ts';

/** Starts at the machine's hour and then runs with the clock that only goes forward. */
export function createSteadyClock(clock: Clock): Clock {
  const startSeconds = clock.nowSeconds();
  const startMilliseconds = clock.nowMilliseconds();
  return {
    nowSeconds: () => startSeconds + Math.floor((clock.nowMilliseconds() - startMilliseconds) / 1000),
    nowMilliseconds: () => clock.nowMilliseconds(),
    schedule: (delayMilliseconds, task) => clock.schedule(delayMilliseconds, task),
  };
}
