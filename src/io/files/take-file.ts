// Files that are read once: what they hold must not lie about any longer than it takes to get it.

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../bind-error.ts';
import { FileError, fileError, removeFile } from './files.ts';
import { uniqueOfTemporary } from './replacing.ts';

/** Read at a time. */
const CHUNK_OCTETS = 1024 * 1024;

/**
 * The octets of a regular file in chunks, each good until the next one is asked for. The file has no name any more when
 * the first one comes: nobody reads it twice, also where reading it is what a process dies of. Throws {@link FileError}.
 */
export async function* takeFile(path: string): AsyncGenerator<Uint8Array, void> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) throw new FileError('read', path, 'not-a-file');
    await unlink(path);
    const chunk = new Uint8Array(CHUNK_OCTETS);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    await file?.close();
  }
}

/**
 * Removes the file, and what a process that was killed while it wrote the file (`writeFileAtomic`) has left beside it, but
 * nothing of a process that may be at it still; `kept` leaves the file itself. Harmless where there is nothing. Throws {@link FileError}.
 */
export async function removeTraces(path: string, kept: 'kept' | 'removed'): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(dirname(path));
  } catch (error) {
    const failure = fileError('read', dirname(path), error);
    if (failure.code === 'not-found') return;
    throw failure;
  }
  for (const name of names) {
    const unique = uniqueOfTemporary(path, name);
    const isLeft = unique !== undefined && !isOfAnother(unique);
    if (isLeft || (kept === 'removed' && name === basename(path)))
      await removeFile(join(dirname(path), name));
  }
}

/**
 * Whether another process lives whose number begins this part of a temporary's name (`PROCESS.RANDOM`). One of this
 * process's own number is of a life before: in a container each has the same.
 */
function isOfAnother(unique: string): boolean {
  const digits = /^([1-9][0-9]{0,9})\./.exec(unique)?.[1];
  if (digits === undefined || Number(digits) === process.pid) return false;
  try {
    return process.kill(Number(digits), 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return errnoOf(error) === 'EPERM';
  }
}
