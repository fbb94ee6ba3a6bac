// What counts announces by their event.

import { Counter } from '../counters.ts';

/** By the number of the event in BEP 15: none, completed, started, stopped, paused. */
export const EVENT_COUNTERS = [
  undefined,
  Counter.eventsCompleted,
  Counter.eventsStarted,
  Counter.eventsStopped,
  Counter.eventsPaused,
] as const;
