// Where the two ends of a takeover meet: two sockets in the state folder, which is private (mode 0700).

import { join } from 'node:path';

export interface TakeoverPaths {
  /** For what is said. */
  readonly words: string;
  /** For descriptors (io/descriptor-passing). */
  readonly descriptors: string;
}

export function takeoverPaths(stateFolder: string): TakeoverPaths {
  return {
    words: join(stateFolder, 'takeover.sock'),
    descriptors: join(stateFolder, 'takeover-descriptors.sock'),
  };
}
