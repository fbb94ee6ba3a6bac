// Settings under [tracker] of how much the swarm table may hold, and what the table takes them as.

import { z } from 'zod';
import type { SwarmLimits } from '../../core/swarm/limits.ts';
import { DEFAULT_SWARM_LIMITS, MAX_PEERS_PER_TORRENT, MAX_TORRENTS } from '../../core/swarm/limits.ts';
import { integer, setting } from './setting.ts';

const MEBIBYTE = 2 ** 20;
/** Far above what one machine serves; a number of so many digits is still exact. */
const MAX_PEERS = 1_000_000_000;
/** 64 GiB: 4 in each of 16 shards, whose words 32 bits can count. */
const MAX_MEMORY_MEBIBYTES = 65_536;

export const swarmSettings = {
  max_torrents: setting(integer(1, MAX_TORRENTS), {
    comment:
      'Torrents at once, 92 octets each. When there are as many, one with a single client that was silent for long ' +
      'makes room.',
    argument: 'count',
    kind: 'number',
    default: DEFAULT_SWARM_LIMITS.torrents,
  }),
  max_peers: setting(integer(1, MAX_PEERS), {
    comment:
      'Peers at once. When there are as many, torrents with a single client make room: swarms that live are spared.',
    argument: 'count',
    kind: 'number',
    default: DEFAULT_SWARM_LIMITS.peers,
  }),
  max_peers_per_torrent: setting(integer(1, MAX_PEERS_PER_TORRENT), {
    comment: 'Peers of one torrent. When there are as many, one that was silent for long makes room.',
    argument: 'count',
    kind: 'number',
    default: DEFAULT_SWARM_LIMITS.peersPerTorrent,
  }),
  max_memory: setting(integer(1, MAX_MEMORY_MEBIBYTES), {
    comment:
      'MiB for the peers of all torrents: one takes 13 octets over IPv4 and 26 over IPv6 in a swarm of hundreds, 16 or 28 ' +
      'alone. When it is full, torrents with a single client make room.',
    argument: 'MiB',
    kind: 'number',
    default: DEFAULT_SWARM_LIMITS.heapOctets / MEBIBYTE,
  }),
  snapshot: setting(z.boolean('expected true or false'), {
    comment:
      'At a stop, peers are written to the state folder, for the next start, which deletes that file when it reads it. ' +
      'Without it, a restart forgets them, and clients come back over the next interval.',
    argument: 'true|false',
    kind: 'switch',
    default: true,
  }),
} as const;

export interface SwarmSettings {
  readonly max_torrents: number;
  readonly max_peers: number;
  readonly max_peers_per_torrent: number;
  readonly max_memory: number;
}

export function toSwarmLimits(tracker: SwarmSettings): SwarmLimits {
  return {
    torrents: tracker.max_torrents,
    peers: tracker.max_peers,
    peersPerTorrent: tracker.max_peers_per_torrent,
    heapOctets: tracker.max_memory * MEBIBYTE,
  };
}
