// Lets a number of tasks run at a time; the others wait in order.

export type Gate = <Value>(task: () => Promise<Value>) => Promise<Value>;

/** What waits is bounded by what its callers wait for. */
export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running === limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      // The place goes straight to the next in line, so that nobody who comes now can take it first.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
