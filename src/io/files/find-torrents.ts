// Folders of torrents: finding them.

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { type FilePath, joinPath, octetTextOf, pathFromOctets, REPLACED } from './file-path.ts';
import { fileError } from './files.ts';
import { TorrentFilesError } from './torrent-files.ts';

/** Of torrents, and of what qBittorrent keeps of each beside it: the trackers that it goes by. */
const SUFFIXES = ['.torrent', '.fastresume'];

/** False also for what is not there: reading it will say so. */
export async function isFolder(path: FilePath): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** What {@link findTorrents} goes by. */
export function isTorrentName(name: FilePath): boolean {
  const text = typeof name === 'string' ? name : octetTextOf(name);
  const lower = text.toLowerCase();
  return SUFFIXES.some((suffix) => lower.endsWith(suffix));
}

/** A folder that cannot be read is an error in the place of its torrents; the others go on. */
export type Found =
  | { readonly path: FilePath }
  | { readonly folder: FilePath; readonly error: TorrentFilesError };

/**
 * The `*.torrent` and `*.fastresume` files in a folder and below, in order of name, one folder's names in memory at a time on each level.
 * Symbolic links count as the files that they lead to, each file once: one that is found under its own name is not given
 * again for a link. Links to folders are not followed: they could lead around in circles.
 */
export async function* findTorrents(folder: FilePath): AsyncGenerator<Found, void> {
  const linked = new Set<string>(); // in octet text, at most one entry a link
  const top = await realpath(folder, 'buffer').then(octetTextOf, () => undefined);
  yield* findBelow(folder, async (link) => {
    let target: string;
    try {
      const octets = await realpath(link, 'buffer');
      if (!(await stat(octets)).isFile()) return false;
      target = octetTextOf(octets);
    } catch {
      return true; // reading it says what is wrong
    }
    const isFoundItself = top !== undefined && target.startsWith(top + sep) && isTorrentName(target);
    if (isFoundItself || linked.has(target)) return false;
    linked.add(target);
    return true;
  });
}

/** `isWanted` is asked for each link. */
async function* findBelow(
  folder: FilePath,
  isWanted: (link: FilePath) => Promise<boolean>,
): AsyncGenerator<Found, void> {
  let listing: Listing;
  try {
    listing = await listFolder(folder);
  } catch (error) {
    const { message } = fileError('read', folder, error);
    yield { folder, error: new TorrentFilesError('folder-unreadable', message, error) };
    return;
  }
  const { names, folders, links } = listing;
  for (const name of names) {
    const path = joinPath(folder, name);
    if (folders.has(name)) yield* findBelow(path, isWanted);
    else if (!links.has(name) || (await isWanted(path))) yield { path };
  }
}

/** Of a hundred thousand files, nothing but the names of the torrents is kept. */
interface Listing {
  /** Of torrents and folders. */
  readonly names: readonly FilePath[];
  /** Those of them that are folders, and those that are symbolic links. */
  readonly folders: ReadonlySet<FilePath>;
  readonly links: ReadonlySet<FilePath>;
}

async function listFolder(folder: FilePath): Promise<Listing> {
  // Most folders have no other names than text, which is much quicker to get.
  if (typeof folder === 'string') {
    const entries = await readdir(folder, { withFileTypes: true });
    if (!entries.some(({ name }) => name.includes(REPLACED))) {
      entries.sort((left, right) => (left.name < right.name ? -1 : 1));
      return pick(entries, (name) => name);
    }
  }
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  entries.sort((left, right) => Buffer.compare(left.name, right.name));
  return pick(entries, pathFromOctets);
}

function pick<Name extends FilePath>(
  entries: readonly Dirent<Name>[],
  toName: (name: Name) => FilePath,
): Listing {
  const names: FilePath[] = [];
  const folders = new Set<FilePath>();
  const links = new Set<FilePath>();
  for (const entry of entries) {
    const isLink = entry.isSymbolicLink();
    if (!entry.isDirectory() && !(isTorrentName(entry.name) && (isLink || entry.isFile()))) continue;
    const name = toName(entry.name);
    names.push(name);
    if (isLink) links.add(name);
    else if (entry.isDirectory()) folders.add(name);
  }
  return { names, folders, links };
}
