// What a new file needs that takes the place of another, whether one is replaced (files.ts) or many (bulk-files.ts).

import type { Stats } from 'node:fs';

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
