// A state folder is one server's: ledger, snapshot and copies of zones say what that one does. Whoever runs is found at
// the door where it waits for a takeover, which is gone with its process, however that ends.

import { connect } from 'node:net';
import { takeoverPaths } from './paths.ts';

/** The outside world is not as it must be: an operator has started two. */
export class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
  readonly code = 'state-in-use';

  constructor(folder: string) {
    super(
      `another server runs with the state folder ${folder}: stop it, take over from it with --takeover, or give this one a "state" of its own`,
    );
  }
}

/** Before anything in the folder is read. Rejects with {@link StateFolderError} where another server runs with it. */
export async function checkStateFolder(folder: string): Promise<void> {
  if (await isAnswered(takeoverPaths(folder).words)) throw new StateFolderError(folder);
}

/** Whether somebody listens there; a socket of a process that was killed stays in the folder, and nobody answers at it. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
