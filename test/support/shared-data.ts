// The conformance data that lie beside a checkout, and not in a stranger's clone.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../../shared/conformance/', import.meta.url));

/** False in a clone without the data; in CI that is a failure, not a reason to skip. */
export function hasSharedData(): boolean {
  if (existsSync(FOLDER)) return true;
  if (process.env['CI'] === 'true') throw new Error(`conformance data are missing: ${FOLDER}`);
  console.warn('skipped: ../shared/conformance is not beside this checkout');
  return false;
}

export function readSharedText(path: string): string {
  const octets = readFileSync(FOLDER + path);
  return (path.endsWith('.gz') ? gunzipSync(octets) : octets).toString('utf8');
}

export function readSharedJsonLines<T>(path: string): T[] {
  return readSharedText(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
