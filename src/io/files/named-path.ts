// Arguments that name files whose names are not UTF-8: a program gets them with U+FFFD for the octets that are none.

import { readdir } from 'node:fs/promises';
import { parse, sep } from 'node:path';
import { type FilePath, joinPath, pathFromOctets, REPLACED } from './file-path.ts';

/**
 * The path that reads like this absolute one; undefined where several do. Where none does, it is the text itself, so that
 * reading it says so.
 */
export async function findNamed(path: string): Promise<FilePath | undefined> {
  if (!path.includes(REPLACED)) return path;
  const { root } = parse(path);
  let found: FilePath = root;
  for (const part of path.slice(root.length).split(sep)) {
    const names: readonly FilePath[] = part.includes(REPLACED) ? await namesLike(part, found) : [part];
    if (names.length > 1) return undefined;
    found = joinPath(found, names[0] ?? part);
  }
  return found;
}

async function namesLike(text: string, folder: FilePath): Promise<FilePath[]> {
  const names = await readdir(folder, { encoding: 'buffer' }).catch(() => []);
  return names.filter((name) => name.toString() === text).map(pathFromOctets);
}
