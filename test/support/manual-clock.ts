// A clock that stands still until a test moves it.

import type { Cancel, Clock } from '../../src/io/clock.ts';

export interface ManualClock extends Clock {
  /** Moves the time on, running what falls due in order of its time; sockets and promises get a turn after each task. */
  advance(seconds: number): Promise<void>;
  /** How many tasks wait: nothing may be left behind by what has been closed. */
  pending(): number;
}

interface Task {
  readonly dueMilliseconds: number;
  readonly run: () => void;
}

export function createManualClock(startSeconds = 1_700_000_000): ManualClock {
  let now = startSeconds * 1000;
  const tasks = new Set<Task>();

  function schedule(delayMilliseconds: number, run: () => void): Cancel {
    const task = { dueMilliseconds: now + Math.max(0, delayMilliseconds), run };
    tasks.add(task);
    return () => void tasks.delete(task);
  }

  /** The earliest task due by then; the first scheduled of those due at the same moment. */
  function nextDue(byMilliseconds: number): Task | undefined {
    let next: Task | undefined;
    for (const task of tasks) {
      if (task.dueMilliseconds > byMilliseconds) continue;
      if (next === undefined || task.dueMilliseconds < next.dueMilliseconds) next = task;
    }
    return next;
  }

  async function advance(seconds: number): Promise<void> {
    const end = now + seconds * 1000;
    for (let task = nextDue(end); task !== undefined; task = nextDue(end)) {
      tasks.delete(task);
      now = Math.max(now, task.dueMilliseconds);
      task.run();
      await turnOfTheEventLoop();
    }
    now = end;
    await turnOfTheEventLoop();
  }

  return {
    nowSeconds: () => Math.floor(now / 1000),
    nowMilliseconds: () => Math.floor(now),
    schedule,
    advance,
    pending: () => tasks.size,
  };
}

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
