// One of several things to be done, none of which waits for the others to come off: reading files again at a signal, closing
// what is open.

import type { Logger } from '../io/log.ts';

export interface Attempt {
  /** As it begins the line in the log: `reading the certificate`. */
  readonly what: string;
  readonly task: () => Promise<unknown> | undefined;
  readonly logger: Logger;
}

/** Never rejects: what nobody has foreseen stands in the log, and is nobody else's business. */
export async function attempt({ what, task, logger }: Attempt): Promise<void> {
  try {
    await task();
  } catch (error) {
    logger.error(`${what} failed: please report this`, { error: error as Error });
  }
}
