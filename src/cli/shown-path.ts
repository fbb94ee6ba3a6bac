// Paths as a person at the command line writes them.

import { isAbsolute, relative } from 'node:path';

/** Relative to `folder` for what lies below it; `path` is absolute. */
export function shownPath(path: string, folder: string): string {
  const shown = relative(folder, path);
  return shown.startsWith('..') || isAbsolute(shown) ? path : shown;
}
