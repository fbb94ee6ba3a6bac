// Files, as the rest of the program needs them: read with a bound, written whole or not at all.

import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { errnoOf } from '../bind-error.ts';
import { randomUint32 } from '../random.ts';
import { type FilePath, folderOf, pathFromOctets, pathText } from './file-path.ts';
import { syncPath } from './folder-sync.ts';
import { type FileVersion, isSameVersion, keepOwner, PERMISSION_BITS, temporaryPath } from './replacing.ts';

export type FileErrorCode =
  | 'not-found'
  | 'permission-denied'
  | 'not-a-file'
  | 'not-a-folder'
  | 'too-large'
  | 'changed'
  | 'disk-full'
  | 'read-only'
  | 'too-many-open-files'
  | 'file-failed';

const CODE_OF_ERRNO: { readonly [errno: string]: FileErrorCode } = {
  ENOENT: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EISDIR: 'not-a-file',
  ENOTDIR: 'not-a-folder',
  EEXIST: 'not-a-folder',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EROFS: 'read-only',
  EMFILE: 'too-many-open-files',
  ENFILE: 'too-many-open-files',
};

const REASON: { readonly [code in FileErrorCode]: string } = {
  'not-found': 'there is no such file or folder',
  'permission-denied': 'no permission; give this user access to it',
  'not-a-file': 'it is not a regular file',
  'not-a-folder': 'a part of its path is not a folder',
  'too-large': 'it is larger than this program reads',
  changed: 'it was changed while it was being rewritten, and is left as it is now; run this again',
  'disk-full': 'the disk is full; free some space and try again',
  'read-only': 'the file system is read-only',
  'too-many-open-files': 'too many files are open; raise the limit ("ulimit -n")',
  'file-failed': 'the system refused',
};

/** Thrown by every function of this file. `cause` is the system's own error, where there is one. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;
  /** For people: see {@link pathText}. */
  readonly path: string;

  constructor(doing: 'read' | 'write' | 'make', path: FilePath, code: FileErrorCode, cause?: Error) {
    const reason = code === 'file-failed' && cause !== undefined ? cause.message : REASON[code];
    const text = pathText(path);
    super(`cannot ${doing} ${text}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = text;
  }
}

/** What went wrong, as a {@link FileError}. */
export function fileError(doing: 'read' | 'write' | 'make', path: FilePath, error: unknown): FileError {
  if (error instanceof FileError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return new FileError(doing, path, CODE_OF_ERRNO[errnoOf(cause)] ?? 'file-failed', cause);
}

/** Read at a time: a file may grow while it is read, so its size is never believed. */
const CHUNK_OCTETS = 1024 * 1024;

/**
 * The octets of a regular file of at most `maxOctets`; longer ones, and what only looks like a file (a pipe, a device,
 * both of which may never end), are refused before their content is held. Throws {@link FileError}.
 */
export async function readFileBounded(path: FilePath, maxOctets: number): Promise<Uint8Array> {
  return (await readFileVersion(path, maxOctets)).octets;
}

/** A file as it was read. */
export interface FileRead {
  readonly octets: Uint8Array;
  /** Of before the reading: what is written meanwhile makes another. */
  readonly version: FileVersion;
}

/** As {@link readFileBounded}; `takeMemory` gives at least so many octets. Throws {@link FileError}. */
export async function readFileVersion(
  path: FilePath,
  maxOctets: number,
  takeMemory = (sizeOctets: number): Uint8Array => new Uint8Array(sizeOctets),
): Promise<FileRead> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) throw new FileError('read', path, 'not-a-file');
    if (status.size > maxOctets) throw new FileError('read', path, 'too-large');
    // One octet more, so that the read that fills it not has seen the end.
    const octets = await readToEnd(file, path, maxOctets, takeMemory(status.size + 1));
    return { octets, version: status };
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    await file?.close();
  }
}

async function readToEnd(
  file: FileHandle,
  path: FilePath,
  maxOctets: number,
  memory: Uint8Array,
): Promise<Uint8Array> {
  let octets = memory;
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(octets, length, octets.length - length, length);
    if (bytesRead === 0) return octets.subarray(0, length);
    length += bytesRead;
    if (length > maxOctets) throw new FileError('read', path, 'too-large');
    if (length === octets.length) {
      const larger = new Uint8Array(length + CHUNK_OCTETS);
      larger.set(octets);
      octets = larger;
    }
  }
}

export interface WriteOptions {
  /** Permission bits. Default: those of the file that is replaced, 0600 for a new one. */
  readonly mode?: number;
  /** True (the default) waits until the content is on the disk; false for bulk work on copies. */
  readonly fsync?: boolean;
  /** Of the file as it was read: one that is another by now stays as it is, with the error `changed`. */
  readonly version?: FileVersion;
}

/** For what nobody else on the machine should read: keys, ledgers, snapshots. */
export const PRIVATE_FILE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Replaces the content of `path`, or leaves the file as it was: a reader sees the old octets or the new ones, also after
 * a crash or on a full disk. Octets may come in chunks, of which each is written before the next is asked for; where that
 * throws, the file stays as it was, too. Until it is whole, it is beside `path`, as `.NAME.PROCESS.RANDOM.tmp` ({@link temporaryPath}). A symbolic link stays, what it points to is replaced. Throws {@link FileError}.
 */
export async function writeFileAtomic(
  path: FilePath,
  octets: Uint8Array | Iterable<Uint8Array>,
  options: WriteOptions = {},
): Promise<void> {
  const fsync = options.fsync ?? true;
  let temporary: FilePath | undefined;
  try {
    const replaced = await existing(path);
    const target = replaced?.path ?? path;
    const name = temporaryPath(target, `${process.pid}.${randomUint32().toString(16)}`);
    const file = await open(name, 'wx', PRIVATE_FILE_MODE);
    temporary = name;
    try {
      await file.writeFile(octets);
      const kept = replaced === undefined ? PRIVATE_FILE_MODE : keepOwner(file.fd, replaced.status);
      await file.chmod(options.mode ?? kept);
      if (fsync) await file.sync();
    } finally {
      await file.close();
    }
    if (options.version !== undefined && !isSameVersion(await stat(target), options.version))
      throw new FileError('write', path, 'changed');
    await rename(name, target);
    temporary = undefined;
    if (fsync) await syncPath(folderOf(target));
  } catch (error) {
    if (temporary !== undefined) await unlink(temporary).catch(() => {});
    throw fileError('write', path, error);
  }
}

interface Existing {
  /** Without symbolic links. */
  readonly path: FilePath;
  readonly status: Stats;
}

/** The file that will be replaced; undefined when the path is free. */
async function existing(path: FilePath): Promise<Existing | undefined> {
  try {
    const target = pathFromOctets(await realpath(path, 'buffer'));
    const status = await stat(target);
    if (!status.isFile()) throw new FileError('write', path, 'not-a-file');
    return { path: target, status };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the folder and what is missing above it, and takes it away from group and others. Throws {@link FileError}. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
    // What is private already needs no right to change it: the file system may be read-only by now.
    const { mode } = await stat(path);
    if ((mode & PERMISSION_BITS) !== PRIVATE_FOLDER_MODE) await chmod(path, PRIVATE_FOLDER_MODE);
  } catch (error) {
    throw fileError('make', path, error);
  }
}

/** Harmless where there is none. Throws {@link FileError}. */
export async function removeFile(path: FilePath): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError('write', path, error);
  }
}
