// A folder that nobody can read, root neither: its path is longer than the system takes (PATH_MAX, 4,096 octets on Linux).

import { execFileSync } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'deep'.repeat(60);
const LEVELS = 20;

/** Makes it below `folder`, by the numbers of open files; gone where the block ends, since Node cannot take it away. */
export async function makeTooDeepFolder(folder: string): Promise<Disposable> {
  let above = await open(folder);
  for (let level = 0; level < LEVELS; level++) {
    const below = `/proc/self/fd/${above.fd}/${NAME}`;
    await mkdir(below);
    const next = await open(below);
    await above.close();
    above = next;
  }
  await above.close();
  return { [Symbol.dispose]: () => void execFileSync('rm', ['-rf', join(folder, NAME)]) };
}
