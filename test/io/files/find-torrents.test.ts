import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
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
    'path' in found
      ? relative(folder, `${found.path}`)
      : `${found.error.code} ${relative(folder, `${found.folder}`)}`;
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

  test('are found with what a client keeps of them', async () => {
    const folder = await folderWith('a.torrent', 'a.fastresume', 'b.FASTRESUME', 'a.fastresume.bak', 'queue');
    expect(await find(folder)).toEqual(['a.fastresume', 'a.torrent', 'b.FASTRESUME']);
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

  test('may be links to files, each file once; links to folders are passed over', async () => {
    const outside = await folderWith('one.torrent', 'two', 'folder/three.torrent');
    const folder = await folderWith('real.torrent', 'sub/below.torrent');
    const links = {
      'a.torrent': join(outside, 'one.torrent'),
      'again.torrent': join(outside, 'one.torrent'),
      'b.torrent': join(outside, 'two'),
      'broken.torrent': join(outside, 'missing'),
      circle: '.',
      'folder.torrent': join(outside, 'folder'),
      'here.torrent': 'sub/below.torrent',
      'loop.torrent': 'loop.torrent',
      'sub/up.torrent': '../real.torrent',
      'text.txt': 'real.torrent',
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
    expect(await find(folder)).toEqual([
      'a.torrent',
      'b.torrent',
      'broken.torrent',
      'loop.torrent',
      'real.torrent',
      'sub/below.torrent',
    ]);
  });

  test('are found in a folder that is named by a link', async () => {
    const folder = await folderWith('real/a.torrent', 'real/sub/b.torrent');
    await symlink('real', join(folder, 'link'));
    await symlink('a.torrent', join(folder, 'real/c.torrent'));
    expect(await find(join(folder, 'link'))).toEqual(['a.torrent', 'sub/b.torrent']);
  });

  test('of one that is not there are an error', async () => {
    expect(await find(join(await temporaryFolder(), 'missing'))).toEqual(['folder-unreadable ']);
  });
});
