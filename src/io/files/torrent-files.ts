// Keeping the original of a torrent beside the rewritten one.

import { constants } from 'node:fs';
import { copyFile, link, lstat, open, realpath, rename, unlink } from 'node:fs/promises';
import { errnoOf } from '../bind-error.ts';
import { randomUint32 } from '../random.ts';
import { type FilePath, folderOf, pathFromOctets, pathText } from './file-path.ts';
import { PRIVATE_FILE_MODE, readFileBounded } from './files.ts';
import { syncPath } from './folder-sync.ts';
import { temporaryPath } from './replacing.ts';

/** The outside world's part of a folder or backup; `message` is one sentence that names the path. */
export class TorrentFilesError extends Error {
  override readonly name = 'TorrentFilesError';
  readonly code: 'folder-unreadable' | 'backup-exists' | 'backup-failed';

  constructor(code: TorrentFilesError['code'], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Keeps the file as it is now under another name, whole or not at all: a second name for it where the file system has
 * such, since whoever rewrites it makes a new file; else a copy. An earlier backup is the original, and is never
 * overwritten: with one there this throws {@link TorrentFilesError} `backup-exists`, unless it is this very file
 * or a copy of it: a run that ended between this and the rewriting has left it.
 */
export async function backUpFile(
  path: FilePath,
  backup: FilePath,
  { fsync = true }: { readonly fsync?: boolean } = {},
): Promise<void> {
  try {
    await keep(pathFromOctets(await realpath(path, 'buffer')), backup, fsync);
    if (fsync) await syncPath(folderOf(backup));
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      const message = `the backup ${pathText(backup)} exists already; move it away, or give another suffix`;
      throw new TorrentFilesError('backup-exists', message, error);
    }
    const message = `cannot write the backup ${pathText(backup)}: ${messageOf(error)}`;
    throw new TorrentFilesError('backup-failed', message, error);
  }
}

async function keep(original: FilePath, backup: FilePath, fsync: boolean): Promise<void> {
  try {
    const isLinked = await linkFile(original, backup);
    if (!isLinked) await copyWhole(original, backup, fsync);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !(await isKept(original, backup))) throw error;
    if (fsync) await syncPath(backup); // whoever left it may not have
  }
}

/** What a file system, or its owner's rights, say where a file can have one name only, or none on another disk. */
const NO_LINKS = new Set(['EPERM', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/** False where there are no hard links. */
async function linkFile(original: FilePath, backup: FilePath): Promise<boolean> {
  try {
    await link(original, backup);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== undefined && NO_LINKS.has(errno)) return false;
    throw error;
  }
}

/** By either name, or in a copy. A symbolic link is none: it would mean the new file as soon as there is one. */
async function isKept(original: FilePath, backup: FilePath): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([lstat(original), lstat(backup)]);
    if (!other.isFile() || one.size !== other.size) return false;
    if (one.ino === other.ino && one.dev === other.dev) return true;
    const [left, right] = await Promise.all(
      [original, backup].map((path) => readFileBounded(path, one.size)),
    );
    return Buffer.compare(left!, right!) === 0;
  } catch {
    return false; // what cannot be read is nobody's original
  }
}

/**
 * Under another name first, and then over a name that nobody else can have taken meanwhile: a rename alone replaces what
 * it finds.
 */
async function copyWhole(original: FilePath, backup: FilePath, fsync: boolean): Promise<void> {
  const temporary = temporaryPath(backup, randomUint32().toString(16));
  try {
    await copyFile(original, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (fsync) await syncPath(temporary);
    await reserve(backup);
    try {
      await rename(temporary, backup);
    } catch (error) {
      await unlink(backup).catch(() => {});
      throw error;
    }
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Throws EEXIST for a name that there is. */
async function reserve(path: FilePath): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE_MODE);
  await file.close();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
