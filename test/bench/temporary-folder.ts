// Folders for the files of a run, gone when it ends, however it ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** At most those of one run. */
const existing = new Set<string>();
process.on('exit', () => {
  for (const folder of existing) removeFolder(folder);
});

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-bench-'));
  existing.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  existing.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}
