// One task at a time, in the order of asking.

export interface Turns {
  /** Runs `task` once those before it have settled, whatever came of them. */
  take<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves once all that were asked for so far have settled. */
  idle(): Promise<void>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(task) {
      const turn = last.then(task, task);
      last = turn.catch(() => {});
      return turn;
    },
    async idle() {
      await last;
    },
  };
}
