import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/net/endpoint.ts';
import { torrentOf } from '../../core/torrent/torrents.ts';
import { startService } from './service.ts';

const OLD = 'http://plain.example:1/announce';
const NEW = 'http://plain.example:80/announce';

/** A torrent of some `size` octets that no other `name` has. */
function torrentNamed(name: string, size: number): Uint8Array {
  return torrentOf({ announce: OLD, comment: name.repeat(Math.ceil(size / name.length)) });
}

/** Posts without saying how long the body is, a chunk of HTTP for each of `chunks`. */
function postChunks({ address, port }: SocketAddress, chunks: Iterable<Uint8Array>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const posted = request({
      ...{ host: address, port, method: 'POST', path: '/v1/rewrite' },
      headers: { 'content-type': 'application/x-bittorrent' },
    });
    posted.on('error', reject).on('response', async (response) => {
      expect(response.statusCode).toBe(200);
      resolve(Buffer.concat(await response.toArray()));
    });
    for (const chunk of chunks) posted.write(chunk);
    posted.end();
  });
}

function* inChunks(octets: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < octets.length; start += size) yield octets.subarray(start, start + size);
}

const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** Of what a torrent should become. */
function expectedDigest(torrent: Uint8Array): string {
  const old = `${OLD.length}:${OLD}`;
  const start = Buffer.from(torrent.buffer, torrent.byteOffset, torrent.byteLength).indexOf(old);
  const parts = [
    torrent.subarray(0, start),
    Buffer.from(`${NEW.length}:${NEW}`),
    torrent.subarray(start + old.length),
  ];
  return digest(Buffer.concat(parts));
}

describe('a body that does not say its length', () => {
  it.each([
    [1, 5000],
    [7, 65_529],
    [65_536, 65_536 * 2],
    [1000, 65_536 * 2 + 1],
    [65_537, 300_000],
    [600_000, 2_500_000], // larger than what is kept for others
  ])('in chunks of %d is put together from some %d octets', async (chunk, size) => {
    const { address } = await startService();
    const torrent = torrentNamed('abc', size);
    const answer = await postChunks(address, inChunks(torrent, chunk));
    expect(digest(answer)).toBe(expectedDigest(torrent));
  });
});

describe('memory that is used again', () => {
  it('never shows what another request had in it', async () => {
    const { address, post } = await startService();
    const names = Array.from({ length: 24 }, (_, index) => String.fromCharCode(97 + index));
    for (let round = 0; round < 4; round++) {
      await Promise.all(
        names.map(async (name, index) => {
          const torrent = torrentNamed(name, 3000 + ((index * 7919 + round * 4001) % 90_000));
          const answer =
            index % 3 === 0
              ? await postChunks(address, inChunks(torrent, 4096))
              : await (await post(torrent.slice(), 'application/x-bittorrent')).bytes();
          expect(digest(answer)).toBe(expectedDigest(torrent));
        }),
      );
    }
  });
});
