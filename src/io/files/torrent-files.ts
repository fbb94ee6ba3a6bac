// Folders of torrents: finding them, and keeping the original beside a rewritten one.

import { constants } from 'node:fs';
import { copyFile, link, lstat, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { errnoOf } from '../bind-error.ts';
import { randomUint32 } from '../random.ts';
import { temporaryPath } from './replacing.ts';

const TORRENT_SUFFIX = '.torrent';

/** The outside world's part of a folder or backup; `message` is one sentence that names the path. */
export class TorrentFilesError extends Error {
  override readonly name = 'TorrentFilesError';
  readonly code: 'folder-unreadable' | 'backup-exists' | 'backup-failed';

  constructor(code: TorrentFilesError['code'], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** False also for what is not there: reading it will say so. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The `*.torrent` files in a folder and below, in order of name, one folder's names in memory at a time on each level.
 * Symbolic links are not followed: they could lead around in circles. Throws {@link TorrentFilesError}.
 */
export async function* findTorrents(folder: string): AsyncGenerator<string> {
  for (const name of await listFolder(folder)) {
    const path = join(folder, name);
    if (name.endsWith(sep)) yield* findTorrents(path.slice(0, -sep.length));
    else yield path;
  }
}

/** Names of torrents, and with a separator at their end those of folders: nothing else of a hundred thousand is kept. */
async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((left, right) => (left.name < right.name ? -1 : 1));
    const names: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory()) names.push(entry.name + sep);
      else if (entry.isFile() && entry.name.toLowerCase().endsWith(TORRENT_SUFFIX)) names.push(entry.name);
    }
    return names;
  } catch (error) {
    throw new TorrentFilesError(
      'folder-unreadable',
      `cannot read the folder ${folder}: ${messageOf(error)}`,
      error,
    );
  }
}

/**
 * Keeps the file as it is now under another name, whole or not at all: a second name for it where the file system has
 * such, since whoever rewrites it makes a new file; else a copy. An earlier backup is the original, and is never
 * overwritten: with one there this throws {@link TorrentFilesError} `backup-exists`, unless it is this very file.
 */
export async function backUpFile(
  path: string,
  backup: string,
  { fsync = true }: { readonly fsync?: boolean } = {},
): Promise<void> {
  try {
    const original = await realpath(path);
    const isKept = await linkFile(original, backup);
    if (!isKept) await copyWhole(original, backup, fsync);
    if (fsync) await syncToDisk(dirname(backup));
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      const message = `the backup ${backup} exists already; move it away, or give another suffix`;
      throw new TorrentFilesError('backup-exists', message, error);
    }
    const message = `cannot write the backup ${backup}: ${messageOf(error)}`;
    throw new TorrentFilesError('backup-failed', message, error);
  }
}

/** What a file system, or its owner's rights, say where a file can have one name only, or none on another disk. */
const NO_LINKS = new Set(['EPERM', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/** False where there are no hard links. */
async function linkFile(original: string, backup: string): Promise<boolean> {
  try {
    await link(original, backup);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== undefined && NO_LINKS.has(errno)) return false;
    // A run that ended between this and the rewriting has left its backup: the file has both names.
    if (errno === 'EEXIST' && (await isSameFile(original, backup))) return true;
    throw error;
  }
}

async function isSameFile(left: string, right: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(left), stat(right)]);
  return one.ino === other.ino && one.dev === other.dev;
}

/** Under another name first: what has the name of a backup is one. */
async function copyWhole(original: string, backup: string, fsync: boolean): Promise<void> {
  if (await isThere(backup)) throw Object.assign(new Error('there is a file'), { code: 'EEXIST' });
  const temporary = temporaryPath(backup, randomUint32().toString(16));
  try {
    await copyFile(original, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (fsync) await syncToDisk(temporary);
    await rename(temporary, backup);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Whatever it is. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function syncToDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
