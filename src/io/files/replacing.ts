// What a new file needs that takes the place of another, whether one is replaced (files.ts) or many (bulk-files.ts).

import { fchownSync, fstatSync, type Stats } from 'node:fs';
import { errnoOf } from '../bind-error.ts';

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
