// Folders of torrents: finding them.

import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileError } from './files.ts';
import { TorrentFilesError } from './torrent-files.ts';

const TORRENT_SUFFIX = '.torrent';

/** False also for what is not there: reading it will say so. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** What {@link findTorrents} goes by. */
export function isTorrentName(name: string): boolean {
  return name.toLowerCase().endsWith(TORRENT_SUFFIX);
}

/** A folder that cannot be read is an error in the place of its torrents; the others go on. */
export type Found =
  | { readonly path: string }
  | { readonly folder: string; readonly error: TorrentFilesError };

/**
 * The `*.torrent` files in a folder and below, in order of name, one folder's names in memory at a time on each level.
 * Symbolic links are not followed: they could lead around in circles.
 */
export async function* findTorrents(folder: string): AsyncGenerator<Found, void> {
  let names: readonly string[];
  try {
    names = await listFolder(folder);
  } catch (error) {
    const { message } = fileError('read', folder, error);
    yield { folder, error: new TorrentFilesError('folder-unreadable', message, error) };
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    if (name.endsWith(sep)) yield* findTorrents(path.slice(0, -sep.length));
    else yield { path };
  }
}

/** Names of torrents, and with a separator at their end those of folders: nothing else of a hundred thousand is kept. */
async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) names.push(entry.name + sep);
    else if (entry.isFile() && isTorrentName(entry.name)) names.push(entry.name);
  }
  return names;
}
