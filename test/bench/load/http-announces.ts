// The announces of a swarm as requests over HTTP, written once.

import { infoHashes, NUMWANT, type Swarm, type SwarmPeer, swarmPeer } from './swarm.ts';

export interface PreparedRequests {
  readonly octets: Uint8Array;
  /** Where each begins, and where the last one ends. */
  readonly starts: Uint32Array;
}

export interface HttpAnnouncesOptions {
  readonly address: string;
  readonly port: number;
  readonly isKeptAlive: boolean;
  readonly isFill: boolean;
  readonly swarm: Swarm;
  /** Before the path, for a proxy: `http://tracker.example`. */
  readonly urlPrefix?: string;
}

/** The same words as the reference generator writes, one request a peer. */
export function httpAnnounces(options: HttpAnnouncesOptions): PreparedRequests {
  const { address, port, isKeptAlive, isFill, swarm, urlPrefix = '' } = options;
  const hashes = infoHashes(swarm.torrents);
  const host = address.includes(':') ? `[${address}]` : address;
  const tail = `${isFill ? '&event=started' : ''} HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: bench/1\r\nConnection: ${isKeptAlive ? 'keep-alive' : 'close'}\r\n\r\n`;
  const starts = new Uint32Array(swarm.peers + 1);
  const requests = Array.from({ length: swarm.peers }, (_, number) => {
    const peer = swarmPeer(number, swarm);
    const hash = hashes.subarray(peer.torrent * 20, peer.torrent * 20 + 20);
    const text = `GET ${urlPrefix}/announce?${formatQuery(peer, hash)}${tail}`;
    starts[number + 1] = starts[number]! + text.length;
    return text;
  });
  return { octets: Buffer.from(requests.join(''), 'latin1'), starts };
}

function formatQuery(peer: SwarmPeer, hash: Uint8Array): string {
  const key = peer.key.toString(16).padStart(8, '0');
  return (
    `info_hash=${percentEncode(hash)}&peer_id=${percentEncode(peer.id)}&port=${peer.port}&uploaded=0&downloaded=1234` +
    `&left=${peer.isSeed ? 0 : 998766}&compact=1&numwant=${NUMWANT}&key=${key}`
  );
}

/** Letters, digits and `-._~` stand for themselves (RFC 3986 §2.3). */
function percentEncode(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    text += /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
