// Many files read and replaced one after the other, as `files.ts` does it for one. A call that goes through Node's threads
// costs several times what a file in the system's cache does, so files are read and written at once here, and only what may
// have to wait is left to the threads: fsync, what changes the names of a folder, and reading from where reading is slow.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  open,
  openSync,
  readSync,
  realpathSync,
  rename,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomUint32 } from '../random.ts';
import { type FilePath, folderOf, pathFromOctets } from './file-path.ts';
import {
  FileError,
  type FileRead,
  fileError,
  PRIVATE_FILE_MODE,
  readFileBounded,
  readFileVersion,
} from './files.ts';
import { createFolderSync, syncFile } from './folder-sync.ts';
import { createOctetPool, type OctetPool } from './octet-pool.ts';
import { type FileVersion, isSameVersion, keepOwner, temporaryPath } from './replacing.ts';

/** Longer than a file takes that the system has in its cache, shorter than any seek of a disk or turn of a network. */
const SLOW_MILLISECONDS = 2;
/** Reads that go through the threads after a slow one, four of them side by side. */
const READS_AFTER_SLOW = 64;

export interface BulkFiles {
  /** As {@link readFileVersion}. Throws FileError. */
  read(path: FilePath, maxOctets: number): Promise<FileRead>;
  /** Memory for a file to write, of at least so many octets, whatever they are. */
  take(sizeOctets: number): Uint8Array;
  /** What {@link read} or {@link take} gave, or a part of it, is looked at no more: another file gets it. */
  release(octets: Uint8Array): void;
  /**
   * As `writeFileAtomic`, for a file that is there; its mode and, where possible, its owner are kept. With `fsync` the
   * disk has the new content before the name means it; that it does is sure after {@link settle}. Throws FileError.
   */
  replace(path: FilePath, octets: Uint8Array, options: ReplaceOptions): Promise<Replaced>;
  /** Settles when the disk has the name too; many files wait for that together. Throws FileError. */
  settle(replaced: Replaced): Promise<void>;
}

export interface ReplaceOptions {
  readonly fsync: boolean;
  /** As it was read: a file that is another by now stays as it is (`changed`), unless it holds what was to be written. */
  readonly version: FileVersion;
  /** Keeps the file as it is, before anything is written. What it throws is the cause of what is thrown. */
  readonly backUp?: (() => Promise<void>) | undefined;
}

/** A file that has its new content. */
export interface Replaced {
  readonly path: FilePath;
  /** Its own, where the path is a symbolic link. */
  readonly folder: FilePath;
}

export function createBulkFiles(nowMilliseconds: () => number): BulkFiles {
  const folders = createFolderSync();
  const pool = createOctetPool();
  const names = randomUint32();
  let replaced = 0;
  let slowReads = 0;
  return {
    async read(path, maxOctets) {
      if (slowReads > 0) {
        slowReads--;
        return await readFileVersion(path, maxOctets, pool.take);
      }
      const startedAt = nowMilliseconds();
      const read = readAtOnce(path, maxOctets, pool);
      if (nowMilliseconds() - startedAt >= SLOW_MILLISECONDS) slowReads = READS_AFTER_SLOW;
      return read;
    },
    take: pool.take,
    release: pool.give,
    async replace(path, octets, { fsync, version, backUp }) {
      let temporary: FilePath | undefined;
      folders.begin();
      try {
        const { target, status } = existing(path);
        const done = { path, folder: folderOf(target) };
        if (!isSameVersion(status, version)) {
          await refuseOther(path, octets);
          return done;
        }
        await backUp?.();
        const created = temporaryPath(target, (names + replaced++).toString(16));
        const file = await createApart(created);
        temporary = created;
        try {
          writeAll(file, octets);
          fchmodSync(file, keepOwner(file, status));
          if (fsync) await syncFile(file);
        } finally {
          closeSync(file);
        }
        // What somebody else writes goes before: the last look at it is as late as can be.
        if (isSameVersion(lstatSync(target), version)) await renameApart(created, target);
        else {
          await refuseOther(path, octets);
          removeQuietly(created);
        }
        temporary = undefined;
        return done;
      } catch (error) {
        if (temporary !== undefined) removeQuietly(temporary);
        throw fileError('write', path, error);
      } finally {
        folders.end();
      }
    },
    async settle({ path, folder }) {
      try {
        await folders.sync(folder);
      } catch (error) {
        throw fileError('write', path, error);
      }
    },
  };
}

function readAtOnce(path: FilePath, maxOctets: number, pool: OctetPool): FileRead {
  let file: number | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(file);
    if (!status.isFile()) throw new FileError('read', path, 'not-a-file');
    if (status.size > maxOctets) throw new FileError('read', path, 'too-large');
    // One octet more, so that the read that fills it not has seen the end.
    const octets = pool.take(status.size + 1);
    let length = 0;
    for (;;) {
      const count = readSync(file, octets, length, octets.length - length, null);
      length += count;
      if (count === 0 || length < octets.length) break;
      throw new FileError('read', path, 'file-failed', new Error('it grows while it is read'));
    }
    return { octets: octets.subarray(0, length), version: status };
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A file that was named twice, or by two processes, holds already what was to be written. Throws FileError. */
async function refuseOther(path: FilePath, wanted: Uint8Array): Promise<void> {
  const octets = await readFileBounded(path, wanted.length).catch(() => undefined);
  if (octets === undefined || Buffer.compare(octets, wanted) !== 0)
    throw new FileError('write', path, 'changed');
}

/** What will be replaced: of a symbolic link, what it points to. */
function existing(path: FilePath): { readonly target: FilePath; readonly status: Stats } {
  const own = lstatSync(path);
  const target = own.isSymbolicLink() ? pathFromOctets(realpathSync.native(path, 'buffer')) : path;
  const status = target === path ? own : lstatSync(target);
  if (!status.isFile()) throw new FileError('write', path, 'not-a-file');
  return { target, status };
}

/** In a thread: whoever changes a folder's names waits for the one who does, and that is a rename most of the time. */
function createApart(path: FilePath): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'wx', PRIVATE_FILE_MODE, (error, file) => (error === null ? resolve(file) : reject(error)));
  });
}

/** In a thread: where it replaces a file, ext4 and others begin to write the new content out, which takes its time. */
function renameApart(from: FilePath, to: FilePath): Promise<void> {
  return new Promise((resolve, reject) => {
    rename(from, to, (error) => (error === null ? resolve() : reject(error)));
  });
}

function writeAll(file: number, octets: Uint8Array): void {
  for (let written = 0; written < octets.length; ) written += writeSync(file, octets, written);
}

function removeQuietly(path: FilePath): void {
  try {
    unlinkSync(path);
  } catch {
    // It may never have come to be; the error that brought us here says why.
  }
}
