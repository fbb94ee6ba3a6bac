import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  FileError,
  makePrivateDirectory,
  readFileBounded,
  readFileVersion,
  writeFileAtomic,
} from '../../../src/io/files/files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;
const isRoot = process.getuid?.() === 0;

async function failure(promise: Promise<unknown>): Promise<FileError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
}

describe('reading', () => {
  it.each([0, 1, 99, 100])('gives the %i octets of a file that may have 100', async (length) => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'x'.repeat(length));
    expect((await readFileBounded(path, 100)).length).toBe(length);
  });

  it('refuses one octet too many', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'x'.repeat(101));
    expect((await failure(readFileBounded(path, 100))).code).toBe('too-large');
  });

  it('says which file is missing', async () => {
    const path = join(await temporaryFolder(), 'none');
    const error = await failure(readFileBounded(path, 100));
    expect(error).toMatchObject({
      code: 'not-found',
      path,
      message: `cannot read ${path}: there is no such file or folder`,
    });
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a folder, and what never ends', async () => {
    const folder = await temporaryFolder();
    expect((await failure(readFileBounded(folder, 100))).code).toBe('not-a-file');
    expect((await failure(readFileBounded('/dev/zero', 100))).code).toBe('not-a-file');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await failure(readFileBounded(pipe, 100))).code).toBe('not-a-file');
  });

  it.skipIf(isRoot)('says that permission is missing', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'x', { mode: 0 });
    expect((await failure(readFileBounded(path, 100))).code).toBe('permission-denied');
  });

  it('reads on where the size says nothing, up to the bound', async () => {
    expect((await readFileBounded('/proc/self/status', 100_000)).length).toBeGreaterThan(100);
    expect((await failure(readFileBounded('/proc/self/status', 100))).code).toBe('too-large');
  });
});

describe('writing', () => {
  it.each([true, false])('replaces the content and leaves nothing beside it (fsync %s)', async (fsync) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    await writeFileAtomic(path, octets('new'), { fsync });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('makes a new file for its owner alone', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFileAtomic(path, octets('x'));
    expect(await modeOf(path)).toBe(0o600);
  });

  it.each([0o640, 0o444, 0o755])('keeps the mode %o', async (mode) => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'old');
    await chmod(path, mode);
    await writeFileAtomic(path, octets('new'));
    expect(await modeOf(path)).toBe(mode);
  });

  it('sets the mode that is asked for', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'old', { mode: 0o644 });
    await writeFileAtomic(path, octets('new'), { mode: 0o600 });
    expect(await modeOf(path)).toBe(0o600);
  });

  it('is a swap: whoever holds the old file still sees the old octets', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a'), 'old');
    await link(join(folder, 'a'), join(folder, 'held'));
    await writeFileAtomic(join(folder, 'a'), octets('new'));
    expect(await readFile(join(folder, 'held'), 'utf8')).toBe('old');
  });

  it('writes where a symbolic link points, and keeps the link', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'target'), 'old');
    await symlink('target', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), octets('new'));
    expect(await readlink(join(folder, 'link'))).toBe('target');
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('new');
  });

  it('leaves everything as it was when it fails', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    expect((await failure(writeFileAtomic(join(folder, 'sub'), octets('x')))).code).toBe('not-a-file');
    expect((await failure(writeFileAtomic(join(folder, 'none', 'a'), octets('x')))).code).toBe('not-found');
    expect((await failure(writeFileAtomic(join(folder, 'x'.repeat(300)), octets('x')))).code).toBe(
      'file-failed',
    );
    expect(await readdir(folder)).toEqual(['sub']);
  });
});

describe('a private folder', () => {
  it('is made with what is above it, for its owner alone', async () => {
    const path = join(await temporaryFolder(), 'a', 'b');
    await makePrivateDirectory(path);
    expect(await modeOf(path)).toBe(0o700);
  });

  it('is taken away from group and others when it was open', async () => {
    const path = join(await temporaryFolder(), 'a');
    await mkdir(path, { mode: 0o755 });
    await makePrivateDirectory(path);
    expect(await modeOf(path)).toBe(0o700);
  });

  it('cannot be made where a file is', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, '');
    expect((await failure(makePrivateDirectory(path))).code).toBe('not-a-folder');
    expect((await failure(makePrivateDirectory(join(path, 'b')))).code).toBe('not-a-folder');
  });
});

it('what was changed since it was read stays as it is', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a');
  await writeFile(path, 'old');
  const { version } = await readFileVersion(path, 100);
  await writeFile(path, 'edited');
  expect((await failure(writeFileAtomic(path, octets('new'), { version }))).code).toBe('changed');
  expect(await readFile(path, 'utf8')).toBe('edited');
  expect(await readdir(folder)).toEqual(['a']);
  await writeFileAtomic(path, octets('new'), { version: (await readFileVersion(path, 100)).version });
  expect(await readFile(path, 'utf8')).toBe('new');
});
