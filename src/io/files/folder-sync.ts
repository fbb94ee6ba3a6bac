// A rename is on the disk only when its folder is. Of many files in one folder, one fsync makes many renames safe.

import { fsync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type FilePath, octetTextOf } from './file-path.ts';

/** Changes that wait for one fsync: by then its cost is little beside that of the fsync of each file. */
export const MAX_WAITING = 64;

export interface FolderSync {
  /** A change of names has begun that will ask for {@link sync} or {@link end} without: what waits may wait for it. */
  begin(): void;
  end(): void;
  /**
   * Settles when the disk has every change of the folder that was made before the call. Begins when so many wait, or
   * when no change is under way that could still join them.
   */
  sync(path: FilePath): Promise<void>;
}

export function createFolderSync(): FolderSync {
  // By folder, in octet text: those who wait, together at most MAX_WAITING.
  const waiting = new Map<string, PromiseWithResolvers<void> & { readonly path: FilePath }>();
  let count = 0;
  let changing = 0;

  function startIfDue(): void {
    if (changing > 0 && count < MAX_WAITING) return;
    count = 0;
    for (const { path, resolve, reject } of waiting.values()) syncPath(path).then(resolve, reject);
    waiting.clear();
  }

  return {
    begin() {
      changing++;
    },
    end() {
      changing--;
      startIfDue();
    },
    sync(path) {
      const key = octetTextOf(path);
      let shared = waiting.get(key);
      if (shared === undefined) {
        shared = { path, ...Promise.withResolvers<void>() };
        waiting.set(key, shared);
      }
      count++;
      startIfDue();
      return shared.promise;
    },
  };
}

/** Resolves when the disk has a file's content, or a folder's names: a rename is there only when its folder is. */
export async function syncPath(path: FilePath): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Settles when the disk has the content of an open file. */
export function syncFile(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}
