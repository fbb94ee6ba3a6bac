// Watched paths that are links themselves: the folder of each is asked whether the link was swapped, because what is
// watched through it is where it once led.

import { type FSWatcher, lstatSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls `onSwap` when one of `paths` that is a link now may lead elsewhere. What cannot be watched so (a folder that is
 * gone, a system without watches) is left to the watch of the files. Returns what ends it.
 */
export function watchLinks(paths: Iterable<string>, onSwap: () => void): () => void {
  const watchers: FSWatcher[] = []; // one a link
  for (const path of paths) {
    if (!isLink(path)) continue;
    try {
      const watcher = watch(dirname(path), (_event, name) => {
        if (name === null || name === basename(path)) onSwap();
      });
      watcher.on('error', onSwap);
      watchers.push(watcher);
    } catch {
      // The watch of the files says what is wrong with watches.
    }
  }
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
