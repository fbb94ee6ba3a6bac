// Ctrl-C in the middle of many files: what has been begun is finished and told of, and the other files are left as they
// were, so that the same command goes on from there.

import type { CliIo } from './cli-io.ts';

export interface Interrupt {
  /** Ends early after an interrupt. */
  until<Input>(inputs: AsyncIterable<Input>): AsyncGenerator<Input>;
  /** Leaves the signal to the system again. */
  release(): void;
  /** Once all has been told, to the last octet: if the signal has come, ends this process by it, as a shell expects. */
  end(): Promise<void>;
}

/** Takes the first SIGINT; the second ends the process at once. */
export function watchInterrupt(io: Pick<CliIo, 'stderr'>): Interrupt {
  let isInterrupted = false;
  const onInterrupt = (): void => {
    isInterrupted = true;
    io.stderr.write('portolan: interrupted; what has been begun is finished (once more: at once)\n');
  };
  process.once('SIGINT', onInterrupt);
  return {
    async *until(inputs) {
      for await (const input of inputs) {
        if (isInterrupted) return;
        yield input;
      }
    },
    release: () => void process.off('SIGINT', onInterrupt),
    async end() {
      if (!isInterrupted) return;
      const { promise: isTold, resolve } = Promise.withResolvers<unknown>();
      io.stderr.write('The other files are as they were; the same command goes on from there\n', resolve);
      await isTold; // a pipe whose reader is slow holds less than the process does
      process.kill(process.pid, 'SIGINT');
    },
  };
}

/** For work that leaves nothing half done: the system ends it. */
export const NO_INTERRUPT: Interrupt = {
  async *until(inputs) {
    yield* inputs;
  },
  release() {},
  async end() {},
};
