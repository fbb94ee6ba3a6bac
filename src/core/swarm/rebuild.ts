// A thread that ends inside a lock leaves the lock held and the shard half-changed. The shard is then read as what it
// is by then, octets that may mean anything, and every peer that can still be made out is entered into an empty one.

import { copyOctets } from '../octets/big-endian.ts';
import { MAX_BUCKETS } from './blocks.ts';
import { bucketsOf } from './buckets.ts';
import { resetHeap, touchedEnd } from './heap.ts';
import { takeOver } from './lock.ts';
import { joinSwarm } from './members.ts';
import {
  ageOf,
  bucketAt,
  COMPLETED,
  capacityIn,
  endpointAt,
  endpointOctets,
  entryWordsIn,
  familyOf,
  groupOf,
  identityOf,
  keyTagAt,
  metaAt,
  NOT_FOUND,
  PEER_DATA_OCTETS,
  PeerState,
  peersIn,
  stateOf,
} from './peers.ts';
import { findEndpoint } from './search.ts';
import { GROUP, HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard, unlockShard } from './shard.ts';
import type { SwarmTable } from './table.ts';
import { addTorrent, dropTorrent, findTorrent, hashTorrent, NO_TORRENT, peersOf } from './torrents.ts';

/**
 * Frees what the ended thread `dead` holds, and rebuilds it before others see it. Returns the shards that it held.
 * Called before another thread attaches as `dead`.
 */
export function recoverShards({ shards }: SwarmTable, dead: number, nowSeconds: number): number {
  let recovered = 0;
  for (const shard of shards) {
    if (!takeOver(shard.head, HEAD.lock, dead, shard.owner)) continue;
    try {
      rebuildShard(shard, nowSeconds);
      recovered++;
    } finally {
      unlockShard(shard);
    }
  }
  return recovered;
}

/**
 * Makes a shard whose lock this thread holds sound, whatever octets it is made of. Costs as much time as entering
 * its peers, and as much memory, for that long, as it uses.
 */
export function rebuildShard(shard: SwarmShard, nowSeconds: number): void {
  const former = copyOf(shard);
  const torrents = Math.min(Math.max(shard.head[HEAD.recordsTouched]!, 0), shard.limits.torrents);
  clear(shard);
  // No sound heap holds more, and one that is not must not keep others waiting.
  const budget = { peers: Math.ceil((former.words.length * 4) / (endpointOctets(0) + PEER_DATA_OCTETS)) };
  for (let torrent = 0; torrent < torrents * RECORD_WORDS && budget.peers > 0; torrent += RECORD_WORDS) {
    if (former.words[torrent + RECORD.seen] === NOT_LIVE) continue;
    const target = moveTorrent(former, shard, torrent, nowSeconds);
    if (target === NO_TORRENT) continue;
    for (let family = 0; family < 2; family++) {
      moveGroup({ former, shard, torrent, target, family, nowSeconds }, budget);
    }
    if (peersOf(shard, target) === 0 && shard.words[target + RECORD.downloaded] === 0) {
      dropTorrent(shard, target);
    }
  }
}

/** What a shard was, to be read while its memory is filled again. */
function copyOf(shard: SwarmShard): SwarmShard {
  const words = shard.words.slice(0, touchedEnd(shard.heap));
  return {
    ...shard,
    words,
    halves: new Uint16Array(words.buffer),
    octets: new Uint8Array(words.buffer),
  };
}

/** Empties all but the lock and the random state. */
function clear({ head, slots, heap }: SwarmShard): void {
  for (let at = 0; at < head.length; at++) {
    if (at !== HEAD.lock && at !== HEAD.random) head[at] = 0;
  }
  if (head[HEAD.random] === 0) head[HEAD.random] = 1;
  slots.fill(0);
  resetHeap(heap);
}

/** The torrent's place in the new shard; {@link NO_TORRENT} when there is no room, or it stood twice in the old. */
function moveTorrent(former: SwarmShard, shard: SwarmShard, torrent: number, nowSeconds: number): number {
  const { octets, words } = former;
  const at = torrent * 4;
  const hash = hashTorrent(shard.key, octets, at);
  if (findTorrent(shard, hash, octets, at) !== NO_TORRENT) return NO_TORRENT;
  const target = addTorrent(shard, hash, octets, at);
  if (target === NO_TORRENT) return NO_TORRENT;
  shard.words[target + RECORD.seen] = Math.min(Math.max(words[torrent + RECORD.seen]!, 0), nowSeconds);
  shard.words[target + RECORD.downloaded] = Math.max(words[torrent + RECORD.downloaded]!, 0);
  return target;
}

interface Move {
  readonly former: SwarmShard;
  readonly shard: SwarmShard;
  /** Of `former`. */
  readonly torrent: number;
  /** Of `shard`. */
  readonly target: number;
  readonly family: number;
  readonly nowSeconds: number;
}

function moveGroup(move: Move, budget: { peers: number }): void {
  const { former, torrent, family } = move;
  const group = groupOf(torrent, family);
  if (familyOf(former, group) !== family) return;
  const buckets = readableBuckets(former, group);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const peers = Math.min(readablePeers(former, group, bucket), budget.peers);
    budget.peers -= peers;
    for (let slot = 0; slot < peers; slot++) enterAgain(move, (bucket << 8) | slot);
  }
}

/** Buckets of a group that may be damaged whose entries can be read; 0 when its description makes no sense. */
function readableBuckets(shard: SwarmShard, group: number): number {
  const { words } = shard;
  const buckets = bucketsOf(shard, group);
  if (buckets === 1) return 1;
  const directory = words[group]!;
  if (buckets < 1 || buckets > MAX_BUCKETS || directory <= 0) return 0;
  return directory + 1 + buckets * entryWordsIn(words[group + GROUP.shape]!) > words.length ? 0 : buckets;
}

/** Peers of a bucket that may be damaged that can be read without leaving the heap. */
function readablePeers(shard: SwarmShard, group: number, bucket: number): number {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const block = words[at]!;
  const capacity = capacityIn(words[at + 1]!);
  const size = endpointOctets(familyOf(shard, group)) + PEER_DATA_OCTETS;
  if (block <= 0 || 4 * (block + 1) + capacity * size > 4 * words.length) return 0;
  return Math.min(peersIn(words[at + 1]!), capacity);
}

/** Enters a peer anew, unless it is none: its parts may be those of several, or of no peer at all. */
function enterAgain({ former, shard, torrent, target, family, nowSeconds }: Move, place: number): void {
  const group = groupOf(torrent, family);
  const { sought } = shard;
  const meta = former.words[metaAt(former, group, place)]!;
  const seen = seenAt(shard, meta, nowSeconds);
  if (seen === undefined || stateOf(meta) > PeerState.seed) return;
  const size = endpointOctets(family);
  copyOctets(former.octets, endpointAt(former, group, place), size, sought.endpoint, 0);
  if (sought.endpoint[size - 1] === 0 && sought.endpoint[size - 2] === 0) return;
  if (findEndpoint(shard, target, family) !== NOT_FOUND) return;
  sought.identity = identityOf(meta);
  sought.keyTag = former.octets[keyTagAt(former, group, place)]!;
  const entered = joinSwarm(shard, target, family, stateOf(meta), seen);
  if (entered === NOT_FOUND || (meta & COMPLETED) === 0) return;
  const at = metaAt(shard, groupOf(target, family), entered);
  shard.words[at] = shard.words[at]! | COMPLETED;
}

/** The second of a peer's last announce; undefined when none that is listed could have announced then. */
function seenAt(shard: SwarmShard, meta: number, nowSeconds: number): number | undefined {
  // Announces of one moment may carry the seconds of two threads: a step ahead is no damage.
  const age = ageOf(shard, meta, nowSeconds + shard.tickSeconds);
  if (age === 0 || age > shard.lifetimeTicks + 1) return undefined;
  return Math.max(0, Math.min(nowSeconds, nowSeconds - (age - 1) * shard.tickSeconds));
}
