// Measurements inside a process of their own, which prints what it found as JSON.

import { execFile } from 'node:child_process';
import { pairWithExit } from './server-process.ts';

/** Far above what the longest takes on a busy machine. */
const LIMIT_MILLISECONDS = 600_000;

/** Rejects with its messages when it fails. */
export function runScript(command: readonly string[]): Promise<unknown> {
  const [program, ...words] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { timeout: LIMIT_MILLISECONDS }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(stderr === '' ? error.message : stderr));
    });
    pairWithExit(child);
  });
}
