// Folders of torrents: finding them, and keeping the original beside a rewritten one.

import { constants } from 'node:fs';
import { copyFile, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './bind-error.ts';

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
  let entries: { name: string; isDirectory(): boolean; isFile(): boolean }[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new TorrentFilesError(
      'folder-unreadable',
      `cannot read the folder ${folder}: ${messageOf(error)}`,
      error,
    );
  }
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* findTorrents(path);
    else if (entry.isFile() && entry.name.toLowerCase().endsWith(TORRENT_SUFFIX)) yield path;
  }
}

/**
 * Copies a file, and waits until the copy is on the disk. An earlier backup is the original, and is never overwritten:
 * with one there this throws {@link TorrentFilesError} `backup-exists`.
 */
export async function backUpFile(path: string, backup: string): Promise<void> {
  try {
    await copyFile(path, backup, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const copy = await open(backup, 'r');
    await copy.sync().finally(() => copy.close());
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      const message = `the backup ${backup} exists already; move it away, or give another suffix`;
      throw new TorrentFilesError('backup-exists', message, error);
    }
    throw new TorrentFilesError(
      'backup-failed',
      `cannot write the backup ${backup}: ${messageOf(error)}`,
      error,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
