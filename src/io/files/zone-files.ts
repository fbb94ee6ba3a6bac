// Reads zone files and what they include. The only place where a path of a zone becomes octets.

import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, resolve, sep } from 'node:path';
import type { IncludeReader, ZoneSource } from '../../core/zone/language/parser.ts';

/** A zone file larger than this is refused before it is read: the record table addresses 1 GiB. */
export const MAX_ZONE_FILE_OCTETS = 2 ** 30;

export const ZONE_FILE_SUFFIX = '.zone';

export type ZoneFileErrorCode = 'ZONE_FILE_MISSING' | 'ZONE_FILE_UNREADABLE' | 'ZONE_FILE_TOO_LARGE';

/** The outside world's part of a zone that cannot be loaded; `message` is one sentence for a person. */
export class ZoneFileError extends Error {
  readonly code: ZoneFileErrorCode;
  readonly path: string;

  constructor(code: ZoneFileErrorCode, path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ZoneFileError';
    this.code = code;
    this.path = path;
  }
}

/** Reads a regular file whole. Throws {@link ZoneFileError}. */
export function readZoneFile(path: string): ZoneSource {
  let descriptor: number;
  try {
    // A named pipe would block for ever: ask what it is before opening.
    const status = statSync(path);
    if (status.isDirectory()) accessSync(path, constants.R_OK | constants.X_OK);
    if (!status.isFile()) throw unreadable(path, 'is not a regular file');
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw asZoneFileError(path, error);
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > MAX_ZONE_FILE_OCTETS) {
      throw new ZoneFileError(
        'ZONE_FILE_TOO_LARGE',
        path,
        `${path} is larger than ${MAX_ZONE_FILE_OCTETS} octets.`,
      );
    }
    return { path, octets: readToEnd(descriptor, size) };
  } catch (error) {
    throw asZoneFileError(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** At most `size` octets: a file that grows meanwhile is read up to where it ended, one that shrinks as it is. */
function readToEnd(descriptor: number, size: number): Uint8Array {
  const octets = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const read = readSync(descriptor, octets, length, size - length, null);
    if (read === 0) break;
    length += read;
  }
  return octets.subarray(0, length);
}

/**
 * What `parseZone` calls for `$INCLUDE`. A path is taken from the folder of the file that includes; with links followed
 * it must lie below `root`, the zone's folder. Failures are sentences, never exceptions.
 */
export function includeReader(root: string): IncludeReader {
  return (path, from) => {
    const wanted = resolve(dirname(from), path);
    try {
      const realRoot = realpathSync(root);
      const real = realpathSync(wanted);
      if (!real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)) {
        return {
          failure: `${path} lies outside the zone's folder, and only files below it may be included.`,
        };
      }
      const { octets } = readZoneFile(real);
      return { path: includedPath(path, from), octets };
    } catch (error) {
      return { failure: asZoneFileError(path, error).message };
    }
  };
}

/** What {@link includeReader} calls the file that `from` includes as `path`: an absolute path is itself. */
export function includedPath(path: string, from: string): string {
  return isAbsolute(path) ? normalize(path) : join(dirname(from), path);
}

/**
 * The zone files that an argument or a setting names: a file is itself, a folder its `*.zone` files in order of name.
 * Throws {@link ZoneFileError} when there is no such thing.
 */
export function listZoneFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter(
        (entry) =>
          entry.name.endsWith(ZONE_FILE_SUFFIX) && !entry.name.startsWith('.') && !entry.isDirectory(),
      )
      .map((entry) => join(path, entry.name))
      .sort();
  } catch (error) {
    throw asZoneFileError(path, error);
  }
}

/** The name that a file gives its zone when the text does not: `example.org.zone` is `example.org`. */
export function zoneNameOf(path: string): string {
  const name = basename(path);
  return name.endsWith(ZONE_FILE_SUFFIX) ? name.slice(0, -ZONE_FILE_SUFFIX.length) : name;
}

function unreadable(path: string, why: string, cause?: unknown): ZoneFileError {
  return new ZoneFileError('ZONE_FILE_UNREADABLE', path, `${path} ${why}.`, cause);
}

function asZoneFileError(path: string, error: unknown): ZoneFileError {
  if (error instanceof ZoneFileError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ZoneFileError('ZONE_FILE_MISSING', path, `There is no file ${path}.`, error);
  }
  if (code === 'EACCES' || code === 'EPERM') return unreadable(path, 'may not be read by this user', error);
  if (code === 'ELOOP') return unreadable(path, 'is a loop of links', error);
  return unreadable(path, `cannot be read (${code ?? 'unknown reason'})`, error);
}
