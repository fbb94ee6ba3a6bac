// Scrapes of several torrents, and connects, over UDP (BEP 15).

import { AnswerKind, type UdpProtocol } from './protocol.ts';
import { Random } from './random.ts';
import { infoHashes } from './swarm.ts';
import {
  Action,
  CONNECT_OCTETS,
  createConnections,
  readRequestTag,
  writeConnectRequest,
  writeRequestTag,
} from './udp-tracker-messages.ts';

const INFO_HASH_OCTETS = 20;
const REQUEST_HEADER_OCTETS = 16;
/** Action and transaction id; then seeders, completed and leechers for each torrent. */
const REPLY_HEADER_OCTETS = 8;
const REPLY_ENTRY_OCTETS = 12;

export interface ScrapeProtocolOptions {
  /** How many there are. */
  readonly torrents: number;
  /** How many each request asks for. */
  readonly asked: number;
  readonly seed: number;
  readonly sockets: number;
}

export function createScrapeProtocol(options: ScrapeProtocolOptions): UdpProtocol {
  const { torrents, asked, seed, sockets } = options;
  const hashes = new Int32Array(infoHashes(torrents).buffer);
  const connections = createConnections(sockets);
  const random = new Random(seed);
  const requestOctets = REQUEST_HEADER_OCTETS + asked * INFO_HASH_OCTETS;
  const replyOctets = REPLY_HEADER_OCTETS + asked * REPLY_ENTRY_OCTETS;
  return {
    greeting: connections.greeting,
    write(octets, target, offset, tag, socket) {
      connections.write(octets, offset, socket);
      for (let index = 8; index < 12; index++) octets[offset + index] = index === 11 ? Action.scrape : 0;
      writeRequestTag(octets, offset, tag);
      let to = (offset + REQUEST_HEADER_OCTETS) >> 2;
      for (let place = 0; place < asked; place++) {
        const from = (random.below(torrents) * INFO_HASH_OCTETS) >> 2;
        for (let word = 0; word < INFO_HASH_OCTETS >> 2; word++) target[to++] = hashes[from + word]!;
      }
      return requestOctets;
    },
    readTag: readRequestTag,
    // Each torrent of a filled swarm has seeds and leechers: an answer without any is that of a server that does not know it.
    readKind(octets, offset, length) {
      if (octets[offset + 3] !== Action.scrape || length !== replyOctets) return AnswerKind.error;
      const isKnown = readCount(octets, offset + REPLY_HEADER_OCTETS) > 0;
      return isKnown ? AnswerKind.positive : AnswerKind.negative;
    },
  };
}

/** Connects alone: what a client must say before its first announce. */
export function createConnectProtocol(): UdpProtocol {
  return {
    write: (octets, _words, offset, tag) => writeConnectRequest(octets, offset, tag),
    readTag: readRequestTag,
    readKind: (octets, offset, length) =>
      octets[offset + 3] === Action.connect && length === CONNECT_OCTETS
        ? AnswerKind.positive
        : AnswerKind.error,
  };
}

function readCount(octets: Uint8Array, offset: number): number {
  return (octets[offset + 2]! << 8) | octets[offset + 3]!;
}
