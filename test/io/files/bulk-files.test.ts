import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createBulkFiles } from '../../../src/io/files/bulk-files.ts';
import { FileError } from '../../../src/io/files/files.ts';
import { createFolderSync, MAX_WAITING } from '../../../src/io/files/folder-sync.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const quick = createBulkFiles(() => 0);
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

async function failure(promise: Promise<unknown>): Promise<FileError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
}

/** A clock by which every read takes so long. */
function slowFiles(milliseconds: number) {
  let now = 0;
  return createBulkFiles(() => {
    now += milliseconds;
    return now;
  });
}

describe.each([
  ['at once', () => quick],
  ['through the threads, after a slow read', () => slowFiles(2)],
] as const)('reading %s', (_how, create) => {
  test.each([0, 1, 99, 100])('gives the %i octets of a file that may have 100', async (length) => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'x'.repeat(length));
    const files = create();
    for (let turn = 0; turn < 3; turn++) expect((await files.read(path, 100)).octets.length).toBe(length);
  });

  test('refuses one octet too many, folders, pipes, and what is not there', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a');
    const pipe = join(folder, 'pipe');
    await writeFile(path, 'x'.repeat(101));
    execFileSync('mkfifo', [pipe]);
    const files = create();
    await files.read(path, 200);
    expect((await failure(files.read(path, 100))).code).toBe('too-large');
    expect((await failure(files.read(folder, 100))).code).toBe('not-a-file');
    expect((await failure(files.read(pipe, 100))).code).toBe('not-a-file');
    expect(await failure(files.read(join(folder, 'none'), 100))).toMatchObject({
      code: 'not-found',
      path: join(folder, 'none'),
    });
  });
});

describe.each([true, false])('replacing with fsync %s', (fsync) => {
  test('keeps the mode, makes a new file, and leaves nothing else', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    const before = await stat(path);
    await quick.replace(path, octets('newer'), { fsync, version: before });
    const after = await stat(path);
    expect(await readFile(path, 'utf8')).toBe('newer');
    expect(after.mode).toBe(before.mode);
    expect(after.ino).not.toBe(before.ino);
    expect(await readdir(folder)).toEqual(['a']);
  });

  test('replaces what a symbolic link points to', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a'), 'old');
    await symlink('a', join(folder, 'link'));
    const version = await stat(join(folder, 'a'));
    await quick.replace(join(folder, 'link'), octets('new'), { fsync, version });
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
    expect((await readdir(folder, { withFileTypes: true })).map((entry) => entry.isSymbolicLink())).toEqual([
      false,
      true,
    ]);
  });

  test('refuses what is no file, and leaves nothing behind where it fails', async () => {
    const folder = await temporaryFolder();
    const replace = (path: string) => failure(quick.replace(path, octets('x'), { fsync, version }));
    const version = await stat(folder);
    expect((await replace(folder)).code).toBe('not-a-file');
    expect((await replace(join(folder, 'none'))).code).toBe('not-found');
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['written to', (path: string) => writeFile(path, 'edited')],
    ['written to, to the same length', (path: string) => writeFile(path, 'OLD')],
    [
      'replaced by another of the same length and time',
      async (path: string) => {
        const { atime, mtime } = await stat(path);
        await writeFile(`${path}.new`, 'OLD');
        await utimes(`${path}.new`, atime, mtime);
        await rename(`${path}.new`, path);
      },
    ],
  ])('leaves a file as it is that was %s since it was read', async (_how, edit) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a');
    for (const moment of ['before', 'while']) {
      await writeFile(path, 'old');
      await utimes(path, 1_000_000_000, 1_000_000_000);
      const { version } = await quick.read(path, 100);
      if (moment === 'before') await edit(path);
      const edited = moment === 'before' ? await readFile(path, 'utf8') : undefined;
      const backUp = moment === 'before' ? () => expect.unreachable() : () => edit(path);
      const error = await failure(quick.replace(path, octets('new'), { fsync, version, backUp }));
      expect(error).toMatchObject({ code: 'changed', message: expect.stringContaining('was changed while') });
      const now = await readFile(path, 'utf8');
      expect(now).toBe(edited ?? now);
      expect(now).not.toMatch(/old|new/);
      expect(await readdir(folder)).toEqual(['a']);
    }
  });

  test('a file that was named twice is written once', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'old');
    const { version } = await quick.read(path, 100);
    const first = () => quick.replace(path, octets('new'), { fsync, version }).then(() => {});
    await quick.replace(path, octets('new'), { fsync, version, backUp: first });
    expect(await readdir(dirname(path))).toEqual(['a']);
    const { ino } = await stat(path);
    await quick.replace(path, octets('new'), { fsync, version });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).ino).toBe(ino);
  });

  test('a hundred at a time, in one folder', async () => {
    const folder = await temporaryFolder();
    const names = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(names.map((name) => writeFile(join(folder, name), 'old')));
    await Promise.all(
      names.map(async (name) => {
        const { version } = await quick.read(join(folder, name), 100);
        await quick.replace(join(folder, name), octets(`new ${name}`), { fsync, version });
      }),
    );
    for (const name of names) expect(await readFile(join(folder, name), 'utf8')).toBe(`new ${name}`);
    expect(await readdir(folder)).toHaveLength(100);
  });
});

describe('fsync of a folder', () => {
  test('is one for all who wait, and none for those who come after it began', async () => {
    const folder = await temporaryFolder();
    const folders = createFolderSync();
    folders.begin();
    const [first, second] = [folders.sync(folder), folders.sync(folder)];
    expect(second).toBe(first);
    folders.end();
    const third = folders.sync(folder);
    expect(third).not.toBe(first);
    await Promise.all([first, third]);
    await expect(folders.sync(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('waits for changes that may join it, but not when many wait', async () => {
    const [folder, other] = [await temporaryFolder(), await temporaryFolder()];
    const folders = createFolderSync();
    let synced = 0;
    const wait = (path: string): Promise<void> => folders.sync(path).then(() => void synced++);
    folders.begin();
    const waiting = Array.from({ length: MAX_WAITING - 1 }, (_, index) => wait(index === 0 ? other : folder));
    await stat(folder);
    await stat(folder);
    expect(synced).toBe(0);
    await Promise.all([...waiting, wait(folder)]);
    expect(synced).toBe(MAX_WAITING);
    const last = wait(folder);
    folders.end();
    await last;
  });
});
