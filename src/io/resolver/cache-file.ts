// The memory of a resolver in a file: a line that says what it is, and a line of JSON for each host. Whatever else is in
// the file is not believed: a line that does not read as one is left out, and a file of another kind is not touched.

import { MAX_CACHED_HOSTS } from '../../core/preference/outcome-cache.ts';
import { FileError, readFileBounded, writeFileAtomic } from '../files/files.ts';
import type { RememberedHost } from './remembered.ts';

/** Some 150 octets a host; records of several strings have more. */
const MAX_CACHE_OCTETS = 64 * 1024 * 1024;
/** The records of one answer of {@link MAX_REPLY_OCTETS} octets; more than a host may ever have. */
const MAX_RECORDS = 64;

export type RequiredTrust = 'any' | 'authenticated';

/** A file that is there and is no cache: it is left alone. `message` is one sentence that names it. */
export class CacheFileError extends Error {
  override readonly name = 'CacheFileError';
  readonly code = 'not-a-cache';

  constructor(path: string) {
    super(`${path} is no cache of look-ups; name another file, or one that does not exist yet`);
  }
}

function headOf(trust: RequiredTrust): string {
  return `portolan look-ups 1 ${trust}`;
}

/**
 * What {@link writeCacheFile} wrote; nothing where there is no such file, or where answers without DNSSEC were taken
 * then and are not now. Throws {@link FileError}, and {@link CacheFileError} for a file of another kind.
 */
export async function readCacheFile(path: string, trust: RequiredTrust = 'any'): Promise<RememberedHost[]> {
  const octets = await readIfThere(path);
  const lines = octets === undefined ? [] : new TextDecoder().decode(octets).split('\n');
  const [head = '', ...rows] = lines;
  if (octets !== undefined && octets.length > 0 && head !== headOf('any') && head !== headOf('authenticated'))
    throw new CacheFileError(path);
  if (trust === 'authenticated' && head !== headOf('authenticated')) return [];
  return rows.slice(0, MAX_CACHED_HOSTS).flatMap((row) => parseRow(row) ?? []);
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFileBounded(path, MAX_CACHE_OCTETS);
  } catch (error) {
    if (error instanceof FileError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Replaces the file, or leaves it as it was. A new one is for its owner only: it says which trackers were asked for. */
export async function writeCacheFile(
  path: string,
  remembered: Iterable<RememberedHost>,
  trust: RequiredTrust = 'any',
): Promise<void> {
  const rows = Array.from(remembered, ({ host, found, authenticated, expiresAtSeconds }) =>
    JSON.stringify([host, expiresAtSeconds, found, authenticated]),
  );
  await writeFileAtomic(path, new TextEncoder().encode(`${[headOf(trust), ...rows].join('\n')}\n`));
}

function parseRow(row: string): RememberedHost | undefined {
  let values: unknown;
  try {
    values = JSON.parse(row);
  } catch {
    return undefined;
  }
  if (!Array.isArray(values)) return undefined;
  const [host, expiresAtSeconds, found, authenticated] = values as unknown[];
  if (typeof host !== 'string' || !/^[a-z0-9._-]{1,253}$/.test(host)) return undefined;
  if (!Number.isSafeInteger(expiresAtSeconds) || typeof authenticated !== 'boolean') return undefined;
  if (!isFound(found)) return undefined;
  return { host, found, authenticated, expiresAtSeconds: expiresAtSeconds as number };
}

function isFound(found: unknown): found is RememberedHost['found'] {
  if (found === 'no-name' || found === 'no-record') return true;
  if (!Array.isArray(found) || found.length === 0 || found.length > MAX_RECORDS) return false;
  return found.every((record) => typeof record === 'string');
}
