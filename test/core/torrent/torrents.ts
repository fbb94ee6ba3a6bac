// Torrents for the tests: by npm's create-torrent, and written by hand where that cannot make them.

import createTorrent from 'create-torrent';
import { type BencodeValue, encodeBencode } from '../../../src/core/bencode/encode.ts';
import type { Span } from '../../../src/core/bencode/spans.ts';
import { octetsToText, textToOctets } from '../../../src/core/octets/text.ts';

export interface TorrentOptions {
  readonly announceList?: string[][];
  readonly private?: boolean;
}

/** A v1 torrent of one small file. */
export function createV1(options: TorrentOptions): Promise<Uint8Array> {
  const file = Object.assign(Buffer.from('a file that nobody shares'), { name: 'file.txt' });
  return new Promise((resolve, reject) => {
    createTorrent(file, { name: 'file.txt', ...options }, (error, torrent) => {
      if (error === null) resolve(torrent);
      else reject(error);
    });
  });
}

const ROOT = new Uint8Array(32).fill(0xe5);
const FILE_TREE = { 'a file': { '': { length: 40_000, 'pieces root': ROOT } } };

export const INFO = {
  v1: { length: 5, name: 'n', 'piece length': 16_384, pieces: new Uint8Array(20).fill(0xff) },
  v2: { 'file tree': FILE_TREE, 'meta version': 2, name: 'n', 'piece length': 16_384 },
  hybrid: {
    'file tree': FILE_TREE,
    length: 40_000,
    'meta version': 2,
    name: 'n',
    'piece length': 16_384,
    pieces: new Uint8Array(60).fill(0x31),
  },
} as const;

/** A torrent with keys that only some programs know, and binary piece layers (BEP 52). */
export function torrentOf(fields: { readonly [key: string]: BencodeValue }): Uint8Array {
  return encodeBencode({
    info: INFO.v1,
    'creation date': 1,
    nodes: [['127.0.0.1', 6881]],
    'piece layers': { '\u0001': new Uint8Array(64).fill(0x64) },
    'url-list': ['http://h.example/seed'],
    zzz: [-1, {}],
    ...fields,
  });
}

/** A torrent from bencoded text, one character an octet. */
export function torrentFrom(text: string): Uint8Array {
  return textToOctets(text);
}

export function textOf(octets: Uint8Array, { start, end }: Span = { start: 0, end: octets.length }): string {
  return octetsToText(octets, start, end);
}
