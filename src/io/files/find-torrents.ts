// Folders of torrents: finding them.

import { readdir, realpath, stat } from 'node:fs/promises';
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
 * Symbolic links count as the files that they lead to, each file once: one that is found under its own name is not given
 * again for a link. Links to folders are not followed: they could lead around in circles.
 */
export async function* findTorrents(folder: string): AsyncGenerator<Found, void> {
  const linked = new Set<string>(); // at most one entry a link
  const top = await realpath(folder).catch(() => folder);
  yield* findBelow(folder, async (link) => {
    let target: string;
    try {
      target = await realpath(link);
      if (!(await stat(target)).isFile()) return false;
    } catch {
      return true; // reading it says what is wrong
    }
    const isFoundItself = target.startsWith(top + sep) && isTorrentName(target);
    if (isFoundItself || linked.has(target)) return false;
    linked.add(target);
    return true;
  });
}

/** `isWanted` is asked for each link. */
async function* findBelow(
  folder: string,
  isWanted: (link: string) => Promise<boolean>,
): AsyncGenerator<Found, void> {
  let listing: Listing;
  try {
    listing = await listFolder(folder);
  } catch (error) {
    const { message } = fileError('read', folder, error);
    yield { folder, error: new TorrentFilesError('folder-unreadable', message, error) };
    return;
  }
  for (const name of listing.names) {
    const path = join(folder, name);
    if (name.endsWith(sep)) yield* findBelow(path.slice(0, -sep.length), isWanted);
    else if (!listing.links.has(name) || (await isWanted(path))) yield { path };
  }
}

interface Listing {
  /** Of torrents, and with a separator at their end those of folders: nothing else of a hundred thousand is kept. */
  readonly names: readonly string[];
  /** Those of them that are symbolic links. */
  readonly links: ReadonlySet<string>;
}

async function listFolder(folder: string): Promise<Listing> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const names: string[] = [];
  const links = new Set<string>();
  for (const entry of entries) {
    if (entry.isDirectory()) names.push(entry.name + sep);
    else if (isTorrentName(entry.name) && (entry.isFile() || entry.isSymbolicLink())) {
      names.push(entry.name);
      if (entry.isSymbolicLink()) links.add(entry.name);
    }
  }
  return { names, links };
}
