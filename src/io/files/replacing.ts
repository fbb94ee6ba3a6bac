// What a new file needs that takes the place of another, whether one is replaced (files.ts) or many (bulk-files.ts).

import { fchownSync, fstatSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf } from '../bind-error.ts';
import { type FilePath, folderOf, joinPath, nameOf } from './file-path.ts';

export const PERMISSION_BITS = 0o7777;
const SET_USER_BIT = 0o4000;
const SET_GROUP_BIT = 0o2000;
const GROUP_BITS = 0o070;
/** fchown(2): this one stays as it is. */
const UNCHANGED = -1;

/**
 * Which content of a file was read: another file in its place has another, and so has one that was written to since.
 * The time of the last change of status is no part of it, because a backup that is a second name changes that.
 */
export type FileVersion = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs'>;

/** Times are doubles, exact to a quarter of a microsecond: systems stamp files in steps of their clock's ticks. */
export function isSameVersion(one: FileVersion, other: FileVersion): boolean {
  return (
    one.ino === other.ino && one.mtimeMs === other.mtimeMs && one.size === other.size && one.dev === other.dev
  );
}

/**
 * Gives the open new file the owner and group of the one that it replaces, as far as the system lets this user: an
 * administrator who rewrites somebody's file leaves it theirs, and a member of a group leaves it the group's. Returns the
 * permission bits that it may have: what a group was allowed is not for the members of another. Throws the system's error.
 */
export function keepOwner(file: number, { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): number {
  const bits = mode & PERMISSION_BITS;
  const own = fstatSync(file);
  if ((own.uid === uid && own.gid === gid) || mayOwn(file, uid, gid)) return bits;
  const ownerBits = own.uid === uid ? bits : bits & ~SET_USER_BIT;
  if (own.gid === gid || mayOwn(file, UNCHANGED, gid)) return ownerBits;
  const othersBits = (bits << 3) & GROUP_BITS;
  return ownerBits & ~SET_GROUP_BIT & (~GROUP_BITS | othersBits);
}

/**
 * EINVAL: a number that this user namespace has nobody for (user_namespaces(7)). The others are of file systems that know
 * no owners.
 */
const NOT_OURS_TO_GIVE = new Set(['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

function mayOwn(file: number, uid: number, gid: number): boolean {
  try {
    fchownSync(file, uid, gid);
    return true;
  } catch (error) {
    if (!NOT_OURS_TO_GIVE.has(errnoOf(error) ?? '')) throw error;
    return false;
  }
}

/** NAME_MAX of Linux and the BSDs: octets of a name in a folder. */
const MAX_NAME_OCTETS = 255;
/** At least what a `unique` of {@link temporaryPath} has: a process number of ten digits, a dot, 32 bits in hexadecimal. */
const MAX_UNIQUE_OCTETS = 10 + 1 + 8;
const TEMPORARY_SUFFIX = '.tmp';
const MAX_BASE_OCTETS = MAX_NAME_OCTETS - '..'.length - MAX_UNIQUE_OCTETS - TEMPORARY_SUFFIX.length;

/**
 * Where the new content is until it is whole: in the same folder, because a rename does not cross file systems; with a dot
 * in front, so that no watcher takes it for a zone.
 */
export function temporaryPath(path: string, unique: string): string;
export function temporaryPath(path: FilePath, unique: string): FilePath;
export function temporaryPath(path: FilePath, unique: string): FilePath {
  const ending = `.${unique}${TEMPORARY_SUFFIX}`;
  const name = nameOf(path);
  const temporary =
    typeof name === 'string'
      ? `.${cutName(name)}${ending}`
      : Buffer.concat([Buffer.from('.'), name.subarray(0, MAX_BASE_OCTETS), Buffer.from(ending)]);
  return joinPath(folderOf(path), temporary);
}

/** What {@link temporaryPath} begins the name with: a dot, the file's own name as far as there is room for it, a dot. */
function temporaryPrefix(path: string): string {
  return `.${cutName(basename(path))}.`;
}

/** The `unique` of a temporary name of this file; undefined for any other name. */
export function uniqueOfTemporary(path: string, name: string): string | undefined {
  const prefix = temporaryPrefix(path);
  return name.startsWith(prefix) && name.endsWith(TEMPORARY_SUFFIX)
    ? name.slice(prefix.length, -TEMPORARY_SUFFIX.length)
    : undefined;
}

/** Between two characters: some file systems take nothing but whole ones. */
function cutName(name: string): string {
  const octets = Buffer.from(name);
  if (octets.length <= MAX_BASE_OCTETS) return name;
  let end = MAX_BASE_OCTETS;
  while ((octets[end]! & 0xc0) === 0x80) end--; // UTF-8: not the first octet of a character
  return octets.toString('utf8', 0, end);
}
