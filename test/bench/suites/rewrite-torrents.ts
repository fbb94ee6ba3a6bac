// The torrents of the rewriting benchmarks: 100,000 octets, six trackers each.

import { encodeBencode } from '../../../src/core/bencode/encode.ts';

/** With their paths some 50,000 octets, as are the hashes of the pieces. */
const FILES = 700;
const PIECES = 2500;

/** `announce` gives the URL of a tracker by its number, from 1. */
export function makeTorrent(index: number, announce: (tracker: number) => string): Uint8Array {
  const files = Array.from({ length: FILES }, (_, file) => ({
    length: 1_000_000 + file,
    path: ['a folder', `file number ${String(file).padStart(5, '0')}.bin`],
  }));
  return encodeBencode({
    announce: announce(1),
    'announce-list': Array.from({ length: 6 }, (_, tier) => [announce(tier + 1)]),
    'created by': 'bench',
    info: {
      files,
      name: `torrent ${index}`,
      'piece length': 262_144,
      pieces: new Uint8Array(PIECES * 20).fill(0x80 + (index & 0x7f)),
    },
  });
}
