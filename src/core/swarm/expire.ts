// Forgetting the silent, a little at a time: all peers of a small swarm at every touch, and a walk over the whole
// table in steps that the caller sizes.
// Parameters are positional: an object a call is what this code exists to avoid.

import { Counter } from '../counters.ts';
import { leaveSwarm } from './members.ts';
import { ageOf, groupOf, metaAt } from './peers.ts';
import { rebuildShard } from './rebuild.ts';
import {
  GROUP,
  HEAD,
  NOT_LIVE,
  RECORD,
  RECORD_WORDS,
  type SwarmShard,
  tryLockShard,
  unlockShard,
} from './shard.ts';
import type { SwarmTable } from './table.ts';
import { dropTorrent, peersOf } from './torrents.ts';

/** Peers of one family looked at when a torrent is touched: a swarm this small never lists an expired peer. */
const PEERS_A_TOUCH = 4;
/** Steps of a walk under one hold of a lock: some 30 µs, about what twenty announces take. */
const STEPS_A_HOLD = 256;
/** Sleeps that a walk waits for a lock. It must not wait for ever: who walks may be who frees the locks of the dead. */
const PATIENCE_SLEEPS = 5;

/**
 * Looks at `budget` peers and torrents, going on where the last call ended, and removes those that were silent
 * for longer than the peer lifetime. Returns the peers removed. Called once a second with a sixtieth of
 * {@link expiryWork}, it goes round in a minute; one call goes round once at most. A shard whose lock cannot be had
 * is left for the next round.
 */
export function expire(table: SwarmTable, nowSeconds: number, budget: number): number {
  const { shards, walk } = table;
  let expired = 0;
  let left = budget;
  // The first shard twice: a walk may begin in the middle of it.
  let ends = shards.length + 1;
  while (left > 0 && ends > 0) {
    const shard = shards[walk.shard]!;
    let atEnd = true;
    if (tryLockShard(shard, PATIENCE_SLEEPS)) {
      const steps = Math.min(left, STEPS_A_HOLD);
      left -= steps;
      try {
        const before = shard.head[HEAD.peers]! + shard.head[HEAD.peers + 1]!;
        atEnd = walkShard(shard, nowSeconds, steps);
        expired += before - shard.head[HEAD.peers]! - shard.head[HEAD.peers + 1]!;
      } catch (error) {
        rebuildShard(shard, nowSeconds);
        throw error;
      } finally {
        unlockShard(shard);
      }
    }
    if (atEnd) {
      ends--;
      walk.shard = (walk.shard + 1) % shards.length;
    }
  }
  return expired;
}

/** True when the end of the shard was reached; the next walk begins at its start. */
function walkShard(shard: SwarmShard, nowSeconds: number, steps: number): boolean {
  const { head, records } = shard;
  for (let step = 0; step < steps; step++) {
    const torrent = head[HEAD.cursorRecord]! * RECORD_WORDS;
    if (head[HEAD.cursorRecord]! >= head[HEAD.recordsTouched]!) {
      moveCursor(shard, 0);
      return true;
    }
    if (records[torrent + RECORD.seen] === NOT_LIVE) {
      moveCursor(shard, head[HEAD.cursorRecord]! + 1);
      continue;
    }
    const family = head[HEAD.cursorFamily]!;
    const total = records[groupOf(torrent, family) + GROUP.total]!;
    // Downwards: a removal fills the place with a peer from above, which has been looked at.
    const position = Math.min(head[HEAD.cursorPosition]!, total) - 1;
    head[HEAD.cursorPosition] = position;
    if (position >= 0) dropIfSilent(shard, torrent, family, position, nowSeconds);
    else if (family === 0) {
      head[HEAD.cursorFamily] = 1;
      head[HEAD.cursorPosition] = 0x7fffffff;
    } else {
      dropIfEmpty(shard, torrent, nowSeconds);
      moveCursor(shard, head[HEAD.cursorRecord]! + 1);
    }
  }
  return false;
}

/** Steps of {@link expire} that one whole walk takes at present. */
export function expiryWork({ shards }: SwarmTable): number {
  let work = 0;
  for (const { head } of shards) {
    work += 3 * head[HEAD.recordsTouched]! + head[HEAD.peers]! + head[HEAD.peers + 1]! + 1;
  }
  return work;
}

function moveCursor({ head }: SwarmShard, record: number): void {
  head[HEAD.cursorRecord] = record;
  head[HEAD.cursorFamily] = 0;
  head[HEAD.cursorPosition] = 0x7fffffff;
}

/** A torrent without peers is kept for one lifetime if it has a count of downloads to remember. */
function dropIfEmpty(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  const { records } = shard;
  if (peersOf(shard, torrent) > 0) return;
  const silent = nowSeconds - records[torrent + RECORD.seen]! > shard.peerLifetimeSeconds;
  if (records[torrent + RECORD.downloaded] === 0 || silent) dropTorrent(shard, torrent);
}

/** Looks at the peers of a torrent that is about to be used. Larger swarms are left to the walk. */
export function expireAtTouch(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  for (let family = 0; family < 2; family++) {
    const total = shard.records[groupOf(torrent, family) + GROUP.total]!;
    if (total > PEERS_A_TOUCH) continue;
    for (let position = total - 1; position >= 0; position--) {
      dropIfSilent(shard, torrent, family, position, nowSeconds);
    }
  }
}

function dropIfSilent(
  shard: SwarmShard,
  torrent: number,
  family: number,
  position: number,
  nowSeconds: number,
): void {
  const meta = shard.heap.words[metaAt(shard, groupOf(torrent, family), position)]!;
  if (ageOf(meta, nowSeconds) <= shard.peerLifetimeSeconds) return;
  leaveSwarm(shard, torrent, family, position);
  shard.counters[Counter.peersExpired]!++;
}
