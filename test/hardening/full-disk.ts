// A file system of a test's own, which can be filled up.

import { execFileSync } from 'node:child_process';

const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** True where the tests of it must be left out; in CI they run, and fail where they cannot. */
export const isFullDiskLeftOut = !canMount && process.env['CI'] !== 'true';
if (isFullDiskLeftOut) console.log('left out: a full disk (a file system of its own needs root)');
