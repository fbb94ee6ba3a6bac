// Who goes when something is full: the longest silent of a few that are looked at.

import { Counter } from '../counters.ts';
import { leaveSwarm } from './members.ts';
import { ageOf, groupOf, metaAt } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard } from './shard.ts';
import { dropTorrent, NO_TORRENT, peersOf } from './torrents.ts';

/** Torrents that are shed for one peer: one may have been empty, more are not worth a newcomer. */
const SHED_ATTEMPTS = 4;

/** Room for one peer more in the torrent and in the table; false when there is none. */
export function makeRoom(shard: SwarmShard, torrent: number, nowSeconds: number): boolean {
  const { limits, counters } = shard;
  if (peersOf(shard, torrent) >= limits.peersPerTorrent) {
    counters[Counter.peersCapped]!++;
    shedPeer(shard, torrent, nowSeconds);
    return true;
  }
  if (hasRoom(shard)) return true;
  counters[Counter.peersCapped]!++;
  for (let attempt = 0; attempt < SHED_ATTEMPTS; attempt++) {
    if (!shedTorrent(shard, torrent)) return false;
    if (hasRoom(shard)) return true;
  }
  return false;
}

/** Peers of the whole table are below their limit. */
function hasRoom({ heads, limits }: SwarmShard): boolean {
  let peers = 0;
  for (const head of heads) peers += head[HEAD.peers]! + head[HEAD.peers + 1]!;
  return peers < limits.peers;
}

/** Torrents looked at to find one that may go. */
const SAMPLED_TORRENTS = 16;
/** Peers looked at to find one that may go. */
const SAMPLED_PEERS = 8;

/**
 * Makes room in a full shard: of some sampled torrents with one client or none, the longest silent goes. Swarms that
 * live are never touched. False when the sample had none.
 */
export function shedTorrent(shard: SwarmShard, spared: number): boolean {
  const { head, records } = shard;
  let oldest = NO_TORRENT;
  for (let sample = 0; sample < SAMPLED_TORRENTS; sample++) {
    const torrent = randomBelow(head, HEAD.random, head[HEAD.recordsTouched]!) * RECORD_WORDS;
    const seen = records[torrent + RECORD.seen]!;
    if (torrent === spared || seen === NOT_LIVE || clientsOf(shard, torrent) > 1) continue;
    if (oldest === NO_TORRENT || seen < records[oldest + RECORD.seen]!) oldest = torrent;
  }
  if (oldest === NO_TORRENT) return false;
  for (let family = 0; family < 2; family++) {
    if (records[groupOf(oldest, family) + GROUP.total] === 1) leaveSwarm(shard, oldest, family, 0);
  }
  dropTorrent(shard, oldest);
  return true;
}

function clientsOf({ records }: SwarmShard, torrent: number): number {
  return records[torrent + RECORD.complete]! + records[torrent + RECORD.incomplete]!;
}

/** Makes room in a full torrent: of some sampled peers, the longest silent goes. */
export function shedPeer(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  const { head, records, heap } = shard;
  const ipv4 = records[torrent + RECORD.ipv4 + GROUP.total]!;
  const total = peersOf(shard, torrent);
  let oldest = -1;
  let oldestAge = -1;
  for (let sample = 0; sample < SAMPLED_PEERS; sample++) {
    const choice = randomBelow(head, HEAD.random, total);
    const family = choice < ipv4 ? 0 : 1;
    const at = metaAt(shard, groupOf(torrent, family), family === 0 ? choice : choice - ipv4);
    const age = ageOf(heap.words[at]!, nowSeconds);
    if (age <= oldestAge) continue;
    oldest = choice;
    oldestAge = age;
  }
  if (oldest < ipv4) leaveSwarm(shard, torrent, 0, oldest);
  else leaveSwarm(shard, torrent, 1, oldest - ipv4);
}
