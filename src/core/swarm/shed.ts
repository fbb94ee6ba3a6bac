// Who goes when something is full: the longest silent of a few that are looked at. Torrents with one client go first,
// because swarms that live are worth more than a flood of hashes that nobody shares.

import { Counter } from '../counters.ts';
import { bucketsOf } from './buckets.ts';
import { isNearlyFull } from './heap.ts';
import { joinSwarm, leaveSwarm } from './members.ts';
import { ageOf, bucketAt, groupOf, metaAt, NOT_FOUND, type PeerState, peersIn } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard } from './shard.ts';
import { dropTorrent, NO_TORRENT, peersOf } from './torrents.ts';

/** Torrents that are shed for one peer: one may have been empty, more are not worth a newcomer. */
const SHED_ATTEMPTS = 4;
/**
 * Torrents that are shed for the memory of one peer. A larger swarm needs a page, which is 256 of the smallest: some
 * announces later it has it.
 */
const MEMORY_ATTEMPTS = 32;
/** Torrents that are shed for a new one in the last of the memory: more than it takes, so that this fills again. */
const SHED_FOR_NEW = 2;

/** Room for one peer more in the torrent and in the table; false when there is none. */
export function makeRoom(shard: SwarmShard, torrent: number, nowSeconds: number): boolean {
  const { limits, counters } = shard;
  if (peersOf(shard, torrent) >= limits.peersPerTorrent) {
    counters[Counter.torrentPeersCapped]!++;
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

/**
 * As `joinSwarm`; while there is no memory, torrents with one client make some, and of the last of it a new torrent
 * takes what others had: a flood of them leaves that to swarms that live. Positional, as `joinSwarm` is: an object a
 * call is what this table exists to avoid.
 */
export function joinFullSwarm(
  shard: SwarmShard,
  torrent: number,
  family: number,
  state: PeerState,
  nowSeconds: number,
): number {
  const isNew = peersOf(shard, torrent) === 0 && isNearlyFull(shard.heap);
  if (isNew) for (let shed = 0; shed < SHED_FOR_NEW; shed++) shedTorrent(shard, torrent);
  let place = joinSwarm(shard, torrent, family, state, nowSeconds);
  if (isNew || place === NOT_FOUND) shard.counters[Counter.memoryCapped]!++;
  for (let attempt = 0; attempt < MEMORY_ATTEMPTS && place === NOT_FOUND; attempt++) {
    if (!shedTorrent(shard, torrent)) return NOT_FOUND;
    place = joinSwarm(shard, torrent, family, state, nowSeconds);
  }
  return place;
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
  const { head, words } = shard;
  let oldest = NO_TORRENT;
  for (let sample = 0; sample < SAMPLED_TORRENTS; sample++) {
    const torrent = randomBelow(head, HEAD.random, head[HEAD.recordsTouched]!) * RECORD_WORDS;
    const seen = words[torrent + RECORD.seen]!;
    if (torrent === spared || seen === NOT_LIVE || clientsOf(shard, torrent) > 1) continue;
    if (oldest === NO_TORRENT || seen < words[oldest + RECORD.seen]!) oldest = torrent;
  }
  if (oldest === NO_TORRENT) return false;
  for (let family = 0; family < 2; family++) {
    while (words[groupOf(oldest, family) + GROUP.total]! > 0) {
      leaveSwarm(shard, oldest, family, somePlace(shard, oldest, family));
    }
  }
  dropTorrent(shard, oldest);
  return true;
}

function clientsOf({ words }: SwarmShard, torrent: number): number {
  return words[torrent + RECORD.complete]! + words[torrent + RECORD.incomplete]!;
}

/** Where a peer stands, in a group that has one. */
function somePlace(shard: SwarmShard, torrent: number, family: number): number {
  let bucket = 0;
  while (peersInBucket(shard, torrent, family, bucket) === 0) bucket++;
  return bucket << 8;
}

function peersInBucket(shard: SwarmShard, torrent: number, family: number, bucket: number): number {
  return peersIn(shard.words[bucketAt(shard, groupOf(torrent, family), bucket) + 1]!);
}

/** Makes room in a full torrent: of some sampled peers, the longest silent goes. */
function shedPeer(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  const { head, words } = shard;
  const ipv4 = words[torrent + RECORD.ipv4 + GROUP.total]!;
  const total = peersOf(shard, torrent);
  let oldestFamily = ipv4 > 0 ? 0 : 1;
  let oldest = somePlace(shard, torrent, oldestFamily);
  let oldestAge = -1;
  for (let sample = 0; sample < SAMPLED_PEERS; sample++) {
    const family = randomBelow(head, HEAD.random, total) < ipv4 ? 0 : 1;
    const group = groupOf(torrent, family);
    // Buckets hold about as many each: good enough for a sample.
    const bucket = randomBelow(head, HEAD.random, bucketsOf(shard, group));
    const peers = peersInBucket(shard, torrent, family, bucket);
    if (peers === 0) continue;
    const place = (bucket << 8) | randomBelow(head, HEAD.random, peers);
    const age = ageOf(shard, words[metaAt(shard, group, place)]!, nowSeconds);
    if (age <= oldestAge) continue;
    oldest = place;
    oldestAge = age;
    oldestFamily = family;
  }
  leaveSwarm(shard, torrent, oldestFamily, oldest);
}
