// Announces straight into a swarm table, of peers that are known by their number alone.

import { createCounters } from '../../../src/core/counters.ts';
import type { SwarmLimits } from '../../../src/core/swarm/limits.ts';
import { HEAD, RECORD_WORDS } from '../../../src/core/swarm/shard.ts';
import { createSwarmTable, type SwarmTable } from '../../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { touchedOctets } from '../../support/swarm-memory.ts';

const SECRET = Uint8Array.from({ length: 20 }, (_, index) => index * 7 + 1);
/** Peers of a reply, as clients ask for when they name no number. */
const NUMWANT = 50;
const SEEDS_IN_TEN = 3;

export interface SwarmAnnouncer {
  readonly table: SwarmTable;
  /** Peer number `peer` announces torrent number `torrent` at second `now`. */
  announce(torrent: number, peer: number, now: number): void;
}

export function createSwarmAnnouncer(family: 4 | 6, limits: Partial<SwarmLimits>): SwarmAnnouncer {
  const table = createSwarmTable({ secret: SECRET, counters: createCounters(), limits });
  const tracker = { table, settings: DEFAULT_TRACKER_SETTINGS };
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  request.octets = new Uint8Array(40);
  request.peerIdOffset = 20;
  request.numwant = NUMWANT;
  request.family = family;
  if (family === 6) request.address.set([0x20, 1, 0xd, 0xb8]);
  reply.octets = new Uint8Array(NUMWANT * 18);
  const names = new DataView(request.octets.buffer);
  const address = new DataView(request.address.buffer);
  return {
    table,
    announce(torrent, peer, now) {
      names.setUint32(0, torrent);
      names.setUint32(20, peer);
      // Odd multipliers: each peer has another address and key.
      address.setUint32(family === 4 ? 0 : 12, Math.imul(peer, 0x9e3779b1));
      request.clientKey = Math.imul(peer, 0x85ebca6b);
      request.port = 1024 + (peer & 0x7fff);
      request.isSeed = peer % 10 < SEEDS_IN_TEN;
      reply.offset = 0;
      announce(tracker, request, now, reply);
    },
  };
}

/** Octets of all that has been written: pages of the heap, records, and the index of torrents. */
export function writtenOctets({ shards }: SwarmTable): number {
  return shards.reduce((sum, { heap, head }) => {
    const records = head[HEAD.recordsTouched]! * RECORD_WORDS * 4;
    return sum + touchedOctets(heap) + records + (head[HEAD.chains]! + 1) * 4;
  }, 0);
}

/** 0 to `bound` − 1, the same in each run. */
export function createChoice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
