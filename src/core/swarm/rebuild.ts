// A thread that ends inside a lock leaves the lock held and the shard half-changed. The shard is then read as what it
// is by then, octets that may mean anything, and every peer that can still be made out is entered into an empty one.

import { copyOctets } from '../octets/big-endian.ts';
import { resetHeap, touchedWords } from './heap.ts';
import { takeOver } from './lock.ts';
import { joinSwarm, type PeerIdSource } from './members.ts';
import { findEndpoint, hashSoughtEndpoint, NOT_FOUND } from './peer-index.ts';
import {
  ageOf,
  COMPLETED,
  columnLength,
  endpointAt,
  endpointOctets,
  groupOf,
  identityAt,
  metaAt,
  PeerState,
  peerIdAt,
  readablePeers,
  stateOf,
} from './peers.ts';
import { HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard, unlockShard } from './shard.ts';
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

/** Announces of one moment may carry the seconds of two threads. */
const CLOCK_SKEW_SECONDS = 2;

/**
 * Makes a shard whose lock this thread holds sound, whatever octets it is made of. Costs as much time as entering
 * its peers, and as much memory, for that long, as it uses.
 */
export function rebuildShard(shard: SwarmShard, nowSeconds: number): void {
  const former = copyOf(shard);
  clear(shard);
  // No sound heap holds more, and one that is not must not keep others waiting.
  let budget = Math.ceil((former.heap.words.length * 4) / shard.peerOctets[0]);
  for (let torrent = 0; torrent < former.records.length && budget > 0; torrent += RECORD_WORDS) {
    if (former.records[torrent + RECORD.seen] === NOT_LIVE) continue;
    const target = moveTorrent(former, shard, torrent, nowSeconds);
    if (target === NO_TORRENT) continue;
    for (let family = 0; family < 2; family++) {
      const total = Math.min(readablePeers(former, groupOf(torrent, family), family), budget);
      budget -= total;
      for (let position = 0; position < total; position++) {
        enterAgain({ former, shard, torrent, target, family, position, nowSeconds });
      }
    }
    if (peersOf(shard, target) === 0 && shard.records[target + RECORD.downloaded] === 0) {
      dropTorrent(shard, target);
    }
  }
}

/** The used part of a shard, in memory that nobody else has. */
function copyOf(shard: SwarmShard): SwarmShard {
  const { head, heap } = shard;
  const touched = Math.min(Math.max(head[HEAD.recordsTouched]!, 0), shard.limits.torrents);
  const records = shard.records.slice(0, touched * RECORD_WORDS);
  const words = heap.words.slice(0, touchedWords(heap));
  return {
    ...shard,
    records,
    recordOctets: new Uint8Array(records.buffer),
    heap: { ...heap, words, octets: new Uint8Array(words.buffer) },
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
  const { recordOctets, records } = former;
  const at = torrent * 4;
  const hash = hashTorrent(shard.key, recordOctets, at);
  if (findTorrent(shard, hash, recordOctets, at) !== NO_TORRENT) return NO_TORRENT;
  const target = addTorrent(shard, hash, recordOctets, at);
  if (target === NO_TORRENT) return NO_TORRENT;
  shard.records[target + RECORD.seen] = Math.min(Math.max(records[torrent + RECORD.seen]!, 0), nowSeconds);
  shard.records[target + RECORD.downloaded] = Math.max(records[torrent + RECORD.downloaded]!, 0);
  return target;
}

interface Entry {
  readonly former: SwarmShard;
  readonly shard: SwarmShard;
  /** Of `former`. */
  readonly torrent: number;
  /** Of `shard`. */
  readonly target: number;
  readonly family: number;
  readonly position: number;
  readonly nowSeconds: number;
}

/** Enters a peer anew, unless it is none: its parts may be those of several, or of no peer at all. */
function enterAgain({ former, shard, torrent, target, family, position, nowSeconds }: Entry): void {
  const group = groupOf(torrent, family);
  const { words, octets } = former.heap;
  const { sought } = shard;
  const meta = words[metaAt(former, group, position)]!;
  const seen = seenAt(meta, nowSeconds, shard.peerLifetimeSeconds);
  if (seen === undefined || (meta & 3) > PeerState.seed) return;
  const size = endpointOctets(family);
  copyOctets(octets, endpointAt(former, group, position), size, sought.endpoint, 0);
  if (sought.endpoint[size - 1] === 0 && sought.endpoint[size - 2] === 0) return;
  hashSoughtEndpoint(shard, family);
  if (findEndpoint(shard, target, family) !== NOT_FOUND) return;
  const identity = identityAt(former, group, position);
  sought.identity = words[identity]!;
  sought.clientKey = words[identity + columnLength(former, group)]!;
  const source: PeerIdSource = {
    octets,
    peerIdOffset: shard.limits.keepPeerIds ? peerIdAt(former, group, position) : 0,
  };
  const entered = joinSwarm(shard, target, family, stateOf(meta), source, seen);
  if (entered === NOT_FOUND || (meta & COMPLETED) === 0) return;
  const at = metaAt(shard, groupOf(target, family), entered);
  shard.heap.words[at] = shard.heap.words[at]! | COMPLETED;
}

/** The second of a peer's last announce; undefined when none that is listed could have announced then. */
function seenAt(meta: number, nowSeconds: number, lifetimeSeconds: number): number | undefined {
  const latest = nowSeconds + CLOCK_SKEW_SECONDS;
  const age = ageOf(meta, latest);
  if (age === 0 || age > lifetimeSeconds + CLOCK_SKEW_SECONDS) return undefined;
  return Math.min(nowSeconds, latest - age);
}
