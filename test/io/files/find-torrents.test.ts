import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Found, findTorrents } from '../../../src/io/files/find-torrents.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeTooDeepFolder } from '../../support/too-deep-folder.ts';

async function folderWith(...paths: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), '');
  }
  return folder;
}

/** Paths below `folder`; of what cannot be read, the code. `onFound` runs before the next is asked for. */
async function find(folder: string, onFound?: (path: string) => Promise<void>): Promise<string[]> {
  const show = (found: Found): string =>
    'path' in found ? relative(folder, found.path) : `${found.error.code} ${relative(folder, found.folder)}`;
  const all: string[] = [];
  for await (const found of findTorrents(folder)) {
    all.push(show(found));
    await onFound?.(all.at(-1)!);
  }
  return all;
}

describe('torrents of a folder', () => {
  test('are found to the bottom, in order of name', async () => {
    const folder = await folderWith('b.torrent', 'a/z.TORRENT', 'a/notes.txt', 'c/d/e.torrent', 'a.torrent');
    expect(await find(folder)).toEqual(['a/z.TORRENT', 'a.torrent', 'b.torrent', 'c/d/e.torrent']);
  });

  test('are found beside a folder that has gone meanwhile', async () => {
    const folder = await folderWith('a.torrent', 'b/b.torrent', 'c.torrent');
    const found = await find(folder, async (path) => {
      if (path === 'a.torrent') await rm(join(folder, 'b'), { recursive: true });
    });
    expect(found).toEqual(['a.torrent', 'folder-unreadable b', 'c.torrent']);
  });

  test('are found beside a folder that is something else by now', async () => {
    const folder = await folderWith('a.torrent', 'b/b.torrent', 'c.torrent');
    const found = await find(folder, async (path) => {
      if (path !== 'a.torrent') return;
      await rename(join(folder, 'b'), join(folder, 'moved'));
      await writeFile(join(folder, 'b'), '');
    });
    expect(found).toEqual(['a.torrent', 'folder-unreadable b', 'c.torrent']);
  });

  test('are found beside a folder with too long a path', async () => {
    const folder = await folderWith('a.torrent', 'z.torrent');
    using _deep = await makeTooDeepFolder(folder);
    const found = await find(folder);
    expect(found).toHaveLength(3);
    expect([found[0], found[2]]).toEqual(['a.torrent', 'z.torrent']);
    expect(found[1]).toMatch(/^folder-unreadable deep/);
  });

  test('of one that is not there are an error', async () => {
    expect(await find(join(await temporaryFolder(), 'missing'))).toEqual(['folder-unreadable ']);
  });
});
