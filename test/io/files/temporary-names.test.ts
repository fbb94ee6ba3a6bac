// Names that are as long as a file system takes them leave no room for what a temporary name adds.

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBulkFiles } from '../../../src/io/files/bulk-files.ts';
import { writeFileAtomic } from '../../../src/io/files/files.ts';
import { temporaryPath, uniqueOfTemporary } from '../../../src/io/files/replacing.ts';
import { removeTraces } from '../../../src/io/files/take-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES: [title: string, name: string][] = [
  ...[230, 242, 255].map((length): [string, string] => [`${length} letters`, 'a'.repeat(length)]),
  ['85 characters of three octets', '日'.repeat(85)],
  ['63 characters of four octets, after one of one', `a${'😀'.repeat(63)}`],
];

describe.each(NAMES)('a name of %s', (_title, name) => {
  test('is that of a file that is replaced', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, name);
    await writeFileAtomic(path, Buffer.from('one'));
    await createBulkFiles(() => 0).replace(path, Buffer.from('two'), {
      fsync: false,
      version: await stat(path),
      backUp: async () => expect(await readFile(path, 'utf8')).toBe('one'),
    });
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual([name]);
  });

  test('is that of a file whose traces are removed, with those of a process of this number', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, name);
    const others = ['.other.1.1.tmp', `${[...name][0]}.tmp`];
    for (const other of others) await writeFile(join(folder, other), '');
    await writeFile(temporaryPath(path, `${process.pid}.1`), '');
    await writeFile(path, '');
    await removeTraces(path, 'kept');
    expect((await readdir(folder)).sort()).toEqual([...others, name].sort());
    await removeTraces(path, 'removed');
    expect((await readdir(folder)).sort()).toEqual([...others].sort());
  });
});

test('every temporary name has room in a folder, is whole text, and is known again', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 255 })
    .filter((text) => !/[/\0]/.test(text) && text.isWellFormed() && Buffer.byteLength(text) <= 255);
  const unique = fc
    .tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
    .map(([number, random]) => `${number}.${random.toString(16)}`);
  fc.assert(
    fc.property(name, unique, (given, part) => {
      const path = join('/folder', given);
      fc.pre(basename(path) === given);
      const temporary = temporaryPath(path, part);
      expect(dirname(temporary)).toBe('/folder');
      expect(Buffer.byteLength(basename(temporary))).toBeLessThanOrEqual(255);
      expect(temporary).not.toContain('\ufffd');
      expect(uniqueOfTemporary(path, basename(temporary))).toBe(part);
    }),
  );
});
