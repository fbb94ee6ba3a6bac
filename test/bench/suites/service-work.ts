// What the service is given: a torrent of 100 kB with six trackers, of which it replaces five, and the zone that says so.

import { encodeBencode } from '../../../src/core/bencode/encode.ts';

export const SERVICE_ZONE = `$ORIGIN example.
$TTL 3600
@ SOA ns hostmaster 1 1h 15m 1w 1h
@ NS ns
ns A 127.0.0.1
*.t TXT "BITTORRENT UDP:6969 TCP:80"
`;

const TRACKERS = 6;
/** With their hashes 50,000 octets, as are the paths of the files. */
const PIECES = 2500;
const FILES = 700;

export function makeServiceTorrent(): Uint8Array {
  const urls = Array.from(
    { length: TRACKERS },
    (_, index) => `http://${index}.t.example:${index === 0 ? 80 : 1337}/announce`,
  );
  return encodeBencode({
    announce: urls[0]!,
    'announce-list': urls.map((url) => [url]),
    info: {
      files: Array.from({ length: FILES }, (_, file) => ({
        length: 1_000_000 + file,
        path: ['a folder', `file number ${String(file).padStart(5, '0')}.bin`],
      })),
      name: 'torrent',
      'piece length': 262_144,
      pieces: new Uint8Array(PIECES * 20).fill(0x80),
    },
  });
}
