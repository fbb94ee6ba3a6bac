// Paths that are not UTF-8, as old systems wrote them in Latin-1 or Shift-JIS: in Node's text they would be other paths.

import { isUtf8 } from 'node:buffer';
import { basename, dirname, join, sep } from 'node:path';
import { printableOctets } from '../../core/octets/printable.ts';
import { decodeUtf8 } from '../../core/octets/utf8.ts';

/** Text; or the octets, where they are not UTF-8. */
export type FilePath = string | Buffer;

/** What Node puts into text for octets that are not UTF-8: which they were is lost. */
export const REPLACED = '\ufffd';

/** From what the system gives. */
export function pathFromOctets(octets: Buffer): FilePath {
  return isUtf8(octets) ? octets.toString() : octets;
}

/** One character an octet: equal for equal paths, and cut at the same places. */
export function octetTextOf(path: FilePath): string {
  return (typeof path === 'string' ? Buffer.from(path) : path).toString('latin1');
}

function fromOctetText(text: string): FilePath {
  return pathFromOctets(Buffer.from(text, 'latin1'));
}

export function joinPath(folder: FilePath, name: FilePath): FilePath {
  if (typeof folder === 'string' && typeof name === 'string') return join(folder, name);
  return fromOctetText(join(octetTextOf(folder), octetTextOf(name)));
}

export function folderOf(path: FilePath): FilePath {
  return typeof path === 'string' ? dirname(path) : fromOctetText(dirname(octetTextOf(path)));
}

/** The last part of it. */
export function nameOf(path: FilePath): FilePath {
  return typeof path === 'string' ? basename(path) : fromOctetText(basename(octetTextOf(path)));
}

export function withSuffix(path: FilePath, suffix: string): FilePath {
  return typeof path === 'string' ? path + suffix : Buffer.concat([path, Buffer.from(suffix)]);
}

/** For people: of a name that is not UTF-8 each octet beyond ASCII as `\xHH`. */
export function pathText(path: FilePath): string {
  if (typeof path === 'string') return path;
  const parts = octetTextOf(path).split(sep);
  return parts.map((part) => decodeUtf8(part) ?? printableOctets(part)).join(sep);
}
