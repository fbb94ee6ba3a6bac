// Names that are not UTF-8: in folders, as arguments, and through everything that reads, keeps and replaces a file.

import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBulkFiles } from '../../../src/io/files/bulk-files.ts';
import {
  type FilePath,
  folderOf,
  joinPath,
  nameOf,
  pathFromOctets,
  pathText,
  withSuffix,
} from '../../../src/io/files/file-path.ts';
import { readFileVersion, writeFileAtomic } from '../../../src/io/files/files.ts';
import { findTorrents } from '../../../src/io/files/find-torrents.ts';
import { findNamed } from '../../../src/io/files/named-path.ts';
import { backUpFile } from '../../../src/io/files/torrent-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const octets = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Latin-1, Shift-JIS, and what is UTF-8 but for one octet. */
const LATIN_1 = octets('caf\xe9.torrent');
const SHIFT_JIS = octets('\x83\x65\x83\x58\x83\x67');
const BROKEN = Buffer.concat([Buffer.from('日本'), octets('\xff')]);

/** Octets of paths below the folder, made with empty files; gone when the test ends, with what was made beside them. */
async function folderWith(...names: readonly Buffer[]): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(async () => {
    for (const name of await readdir(folder, { encoding: 'buffer' }))
      await rm(joinPath(folder, name), { recursive: true });
  });
  for (const name of names) await writeFile(joinPath(folder, name), '');
  return folder;
}

async function namesIn(folder: FilePath): Promise<string[]> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return names.map((name) => name.toString('latin1')).sort();
}

test('a path is text where it can be, and is taken apart like text', () => {
  expect(pathFromOctets(Buffer.from('é.torrent'))).toBe('é.torrent');
  expect(pathFromOctets(LATIN_1)).toEqual(LATIN_1);
  const path = joinPath('/größe', LATIN_1);
  expect(path).toEqual(Buffer.concat([Buffer.from('/größe/'), LATIN_1]));
  expect(folderOf(path)).toBe('/größe');
  expect(nameOf(path)).toEqual(LATIN_1);
  expect(nameOf(joinPath(path, 'größe'))).toBe('größe');
  expect(withSuffix(path, '.ä')).toEqual(Buffer.concat([path as Buffer, Buffer.from('.ä')]));
  expect(pathText(path)).toBe('/größe/caf\\xe9.torrent');
});

describe.each([
  ['Latin-1', LATIN_1],
  ['Shift-JIS', SHIFT_JIS],
  ['broken UTF-8', BROKEN],
  ['as long as a name may be', Buffer.alloc(255, 0xe9)],
])('a name in %s', (_what, name) => {
  test('is replaced with its own name, one at a time', async () => {
    const folder = await folderWith(name);
    const path = joinPath(folder, name);
    await writeFileAtomic(path, octets('one'));
    expect(await namesIn(folder)).toEqual([name.toString('latin1')]);
    const { octets: read, version } = await readFileVersion(path, 10);
    expect(Buffer.from(read).toString()).toBe('one');
    await writeFileAtomic(path, octets('two'), { version });
    expect(await readFile(path, 'utf8')).toBe('two');
  });

  test('is replaced with its own name, among many, by its links too', async () => {
    const folder = await folderWith(name);
    const path = joinPath(folder, name);
    await symlink(name, join(folder, 'link'));
    const files = createBulkFiles(() => 0);
    for (const [each, content] of [[path, 'one'] as const, [join(folder, 'link'), 'two'] as const]) {
      const { version } = await files.read(each, 10);
      const replaced = await files.replace(each, octets(content), { fsync: true, version });
      await files.settle(replaced);
      expect(await readFile(path, 'utf8')).toBe(content);
    }
    await writeFileAtomic(join(folder, 'link'), octets('three'));
    expect(await readFile(path, 'utf8')).toBe('three');
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
    expect(await namesIn(folder)).toHaveLength(2);
  });

  test('is that of a file that is kept, and of what keeps it', async () => {
    const folder = await folderWith(name);
    const path = joinPath(folder, name);
    const backup = withSuffix(joinPath(folder, name.subarray(0, 200)), '.bak');
    await backUpFile(path, backup);
    expect((await stat(backup)).ino).toBe((await stat(path)).ino);
    await writeFileAtomic(path, octets('another'));
    await expect(backUpFile(path, backup)).rejects.toMatchObject({ code: 'backup-exists' });
  });

  test('is told of as it can be shown', async () => {
    const path = joinPath(await folderWith(), name);
    await expect(readFileVersion(path, 10)).rejects.toMatchObject({
      code: 'not-found',
      message: `cannot read ${pathText(path)}: there is no such file or folder`,
    });
  });
});

test('torrents are found by such names, in folders with such names, through links to them', async () => {
  const folder = await folderWith(LATIN_1, octets('caf\xe8.torrent'), octets('b\xfc.txt'));
  await mkdir(joinPath(folder, SHIFT_JIS));
  await writeFile(joinPath(joinPath(folder, SHIFT_JIS), 'a.torrent'), '');
  await writeFile(joinPath(joinPath(folder, SHIFT_JIS), 'ä.torrent'), '');
  await writeFile(join(folder, '\ufffd.torrent'), '');
  await symlink(LATIN_1, join(folder, 'same.torrent'));
  const found: FilePath[] = [];
  for await (const each of findTorrents(folder)) if ('path' in each) found.push(each.path);
  expect(found).toEqual([
    joinPath(folder, octets('caf\xe8.torrent')),
    joinPath(folder, LATIN_1),
    joinPath(joinPath(folder, SHIFT_JIS), 'a.torrent'),
    joinPath(joinPath(folder, SHIFT_JIS), 'ä.torrent'),
    join(folder, '\ufffd.torrent'),
  ]);
});

describe('an argument', () => {
  test('means the file that reads so, below folders that do', async () => {
    const folder = await folderWith(LATIN_1);
    const below = joinPath(folder, SHIFT_JIS);
    await mkdir(below);
    await writeFile(joinPath(below, LATIN_1), '');
    expect(await findNamed(join(folder, LATIN_1.toString()))).toEqual(joinPath(folder, LATIN_1));
    const both = join(folder, SHIFT_JIS.toString(), LATIN_1.toString());
    expect(await findNamed(both)).toEqual(joinPath(below, LATIN_1));
    expect(await findNamed(join(folder, SHIFT_JIS.toString(), 'new'))).toEqual(joinPath(below, 'new'));
  });

  test('means no file where several read so, and itself where none does', async () => {
    const folder = await folderWith(LATIN_1, octets('caf\xe8.torrent'));
    expect(await findNamed(join(folder, LATIN_1.toString()))).toBeUndefined();
    const missing = join(folder, 'missing\ufffd', 'a.torrent');
    expect(await findNamed(missing)).toBe(missing);
    expect(await findNamed(join(folder, 'plain'))).toBe(join(folder, 'plain'));
  });
});
