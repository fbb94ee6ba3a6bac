// Files to share, their torrents, and the smallest client that libtorrent makes.

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import createTorrent from 'create-torrent';
import { projectRoot } from '../support/source-tree.ts';
import { run } from './programs.ts';

/** Debian's own: its packages bring libtorrent to no other. */
export const PYTHON = '/usr/bin/python3';
export const hasLibtorrent = (await run([PYTHON, '-c', 'import libtorrent'])).code === 0;

const FILE_OCTETS = 300_000;

/** libtorrent_client.py, which seeds or fetches; more words of its own may follow. */
export function libtorrentClient(
  torrent: string,
  save: string,
  listen: string,
): [program: string, ...words: string[]] {
  const script = join(projectRoot, 'test', 'interop', 'libtorrent_client.py');
  return [PYTHON, script, '--torrent', torrent, '--save', save, '--listen', listen];
}

/** A torrent of `content` as file.bin, with one tracker. */
export function torrentOf(content: Buffer, announce: string, isPrivate = false): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const input = Object.assign(Buffer.from(content), { name: 'file.bin' });
    const options = { name: 'file.bin', announceList: [[announce]], private: isPrivate };
    createTorrent(input, options, (error, made) => (error ? reject(error) : resolve(made)));
  });
}

export interface SharedFile {
  /** Path of the torrent. */
  readonly torrent: string;
  readonly content: Buffer;
}

/** In `folder`: a torrent of this name, its random file in NAME/seed, and an empty NAME/fetched. */
export async function makeSharedFile(folder: string, name: string, announce: string): Promise<SharedFile> {
  const content = randomBytes(FILE_OCTETS);
  mkdirSync(join(folder, name, 'seed'), { recursive: true });
  mkdirSync(join(folder, name, 'fetched'));
  writeFileSync(join(folder, name, 'seed', 'file.bin'), content);
  const torrent = join(folder, `${name}.torrent`);
  writeFileSync(torrent, await torrentOf(content, announce));
  return { torrent, content };
}
