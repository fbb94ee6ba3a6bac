import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { isPipe, readPipe } from '../../../src/io/files/pipe.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function pipeWith(...chunks: readonly string[]): Promise<{ path: string; written: Promise<unknown> }> {
  const path = join(await temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const written = pipeline(Readable.from(chunks), createWriteStream(path)).catch((error: unknown) => error);
  return { path, written };
}

test('a pipe is told from a file, a folder and nothing', async () => {
  const { path, written } = await pipeWith('x');
  await writeFile(`${path}.file`, '');
  const paths = [path, `${path}.file`, join(path, '..'), `${path}.missing`];
  expect(await Promise.all(paths.map(isPipe))).toEqual([true, false, false, false]);
  await readPipe(path, 1);
  await written;
});

test('a pipe is read to its end', async () => {
  const { path, written } = await pipeWith('one ', 'two');
  expect(Buffer.from(await readPipe(path, 7)).toString()).toBe('one two');
  await written;
});

test('a pipe that gives too much is refused', async () => {
  const { path, written } = await pipeWith('12345678');
  await expect(readPipe(path, 7)).rejects.toMatchObject({ code: 'too-large', path });
  await written;
});
