// Folders of a test's own.

import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Gone when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** For all tests of a file: call `remove` in `afterAll`. */
export function createFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'portolan-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
