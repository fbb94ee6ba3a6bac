// A rename is on the disk only when its folder is. Of many files in one folder, one fsync makes many renames safe.

import { fsync } from 'node:fs';
import { open } from 'node:fs/promises';

export interface FolderSync {
  /** Settles when the disk has every change of the folder that was made before the call. */
  sync(path: string): Promise<void>;
}

export function createFolderSync(): FolderSync {
  // Bounded by the folders that are written to at a time: each entry goes when its fsync ends.
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();

  function begin(path: string): Promise<void> {
    const own = syncFolder(path).finally(() => {
      if (running.get(path) === own) running.delete(path);
    });
    running.set(path, own);
    return own;
  }

  return {
    sync(path) {
      const current = running.get(path);
      if (current === undefined) return begin(path);
      // The one that runs may have begun before our change: all who come meanwhile share the one after it.
      const waiting = next.get(path);
      if (waiting !== undefined) return waiting;
      const start = (): Promise<void> => {
        next.delete(path);
        return begin(path);
      };
      const following = current.then(start, start);
      next.set(path, following);
      return following;
    },
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Settles when the disk has the content of an open file. */
export function syncFile(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}
