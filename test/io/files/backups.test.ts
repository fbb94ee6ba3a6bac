// Copies for backups, where a second name of the file cannot be had: here, because it is on another file system.

import { statSync } from 'node:fs';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backUpFile } from '../../../src/io/files/torrent-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ELSEWHERE = '/dev/shm';
const isElsewhere =
  statSync(ELSEWHERE, { throwIfNoEntry: false }) !== undefined &&
  statSync(ELSEWHERE).dev !== statSync(process.env['TMPDIR'] ?? '/tmp').dev;

async function folderElsewhere(): Promise<string> {
  const folder = await mkdtemp(join(ELSEWHERE, 'portolan-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function fileWith(content: string): Promise<string> {
  const path = join(await temporaryFolder(), 'a');
  await writeFile(path, content);
  return path;
}

describe.runIf(isElsewhere).each([true, false])('a backup that is a copy (fsync %s)', (fsync) => {
  test('is whole, alone, and left as it is by the next run', async () => {
    const [path, folder] = [await fileWith('original'), await folderElsewhere()];
    const backup = join(folder, 'a'.repeat(255));
    await backUpFile(path, backup, { fsync });
    const { ino } = await lstat(backup);
    await backUpFile(path, backup, { fsync });
    expect((await lstat(backup)).ino).toBe(ino);
    expect(await readFile(backup, 'utf8')).toBe('original');
    expect(await readdir(folder)).toHaveLength(1);
  });

  test.each(['', 'ORIGINAL', 'longer than it'])('never takes the place of another: %j', async (content) => {
    const [path, folder] = [await fileWith('original'), await folderElsewhere()];
    const backup = join(folder, 'a.bak');
    await writeFile(backup, content);
    await expect(backUpFile(path, backup, { fsync })).rejects.toMatchObject({ code: 'backup-exists' });
    expect(await readFile(backup, 'utf8')).toBe(content);
    expect(await readdir(folder)).toEqual(['a.bak']);
  });

  test('is no symbolic link to the file', async () => {
    const [path, folder] = [await fileWith('original'), await folderElsewhere()];
    const backup = join(folder, 'a.bak');
    await symlink(path, backup);
    await expect(backUpFile(path, backup, { fsync })).rejects.toMatchObject({ code: 'backup-exists' });
  });

  test('is that of one of many who write it at the same time', async () => {
    const folder = await folderElsewhere();
    const backup = join(folder, 'a.bak');
    const contents = Array.from({ length: 16 }, (_, index) => `original ${index}`);
    const paths = await Promise.all(contents.map(fileWith));
    const ends = await Promise.allSettled(paths.map((path) => backUpFile(path, backup, { fsync })));
    const kept = contents.filter((_, index) => ends[index]!.status === 'fulfilled');
    expect(kept).toEqual([await readFile(backup, 'utf8')]);
    expect(await readdir(folder)).toEqual(['a.bak']);
  });
});

test('a symbolic link to the file is no second name of it', async () => {
  const path = await fileWith('original');
  await symlink(path, `${path}.bak`);
  await expect(backUpFile(path, `${path}.bak`)).rejects.toMatchObject({ code: 'backup-exists' });
});
