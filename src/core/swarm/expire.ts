// Forgetting the silent, a little at a time: all peers of a small swarm at every touch, and a walk over the whole
// table in steps that the caller sizes.
// Parameters are positional: an object a call is what this code exists to avoid.

import { Counter } from '../counters.ts';
import { bucketsOf } from './buckets.ts';
import { leaveSwarm } from './members.ts';
import { bucketAt, groupOf, isSilent, metaAt, peersIn } from './peers.ts';
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
  type Walk,
} from './shard.ts';
import type { SwarmTable } from './table.ts';
import { dropTorrent, peersOf } from './torrents.ts';

/** Peers of one family looked at when a torrent is touched: a swarm this small never lists an expired peer. */
const PEERS_A_TOUCH = 4;
/** Steps of a walk under one hold of a lock: some 10 µs when nobody is silent, 50 µs when everybody is. */
const STEPS_A_HOLD = 1024;
/** What removing a peer counts for in those. */
const STEPS_A_REMOVAL = 24;
/** Sleeps that a walk waits for a lock. It must not wait for ever: who walks may be who frees the locks of the dead. */
const PATIENCE_SLEEPS = 5;
/** Cursor of a group of which nothing has been looked at. */
const ALL_PLACES = 0x7fffffff;

/**
 * Looks at `budget` peers and torrents, going on where the last call ended, and removes those that were silent
 * for longer than the peer lifetime. Returns the peers removed. Called again and again with a share of
 * {@link expiryWork}, it goes round when the shares are a whole; one call goes round once at most. A shard whose lock
 * cannot be had is left for the next round.
 */
export function expire(table: SwarmTable, nowSeconds: number, budget: number): number {
  const { shards, walk } = table;
  let expired = 0;
  walk.budget = budget;
  // The first shard twice: a walk may begin in the middle of it.
  let ends = shards.length + 1;
  while (walk.budget > 0 && ends > 0) {
    const shard = shards[walk.shard]!;
    let atEnd = true;
    if (tryLockShard(shard, PATIENCE_SLEEPS)) {
      try {
        const before = shard.head[HEAD.peers]! + shard.head[HEAD.peers + 1]!;
        atEnd = walkShard(shard, nowSeconds, walk);
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
function walkShard(shard: SwarmShard, nowSeconds: number, walk: Walk): boolean {
  const { head, words } = shard;
  walk.hold = STEPS_A_HOLD;
  while (walk.budget > 0 && walk.hold > 0) {
    const torrent = head[HEAD.cursorRecord]! * RECORD_WORDS;
    if (head[HEAD.cursorRecord]! >= head[HEAD.recordsTouched]!) {
      moveCursor(shard, 0);
      return true;
    }
    if (words[torrent + RECORD.seen] === NOT_LIVE) {
      takeStep(walk, 1);
      moveCursor(shard, head[HEAD.cursorRecord]! + 1);
      continue;
    }
    if (!walkGroup(shard, torrent, head[HEAD.cursorFamily]!, nowSeconds, walk)) continue;
    takeStep(walk, 1);
    head[HEAD.cursorPlace] = ALL_PLACES;
    if (head[HEAD.cursorFamily] === 0) {
      head[HEAD.cursorFamily] = 1;
      continue;
    }
    dropIfEmpty(shard, torrent, nowSeconds);
    moveCursor(shard, head[HEAD.cursorRecord]! + 1);
  }
  return false;
}

function takeStep(walk: Walk, held: number): void {
  walk.budget--;
  walk.hold -= held;
}

/** True when all of the group below the cursor has been looked at; false where the budget ended. */
function walkGroup(
  shard: SwarmShard,
  torrent: number,
  family: number,
  nowSeconds: number,
  walk: Walk,
): boolean {
  const { head, words } = shard;
  const group = groupOf(torrent, family);
  for (;;) {
    const cursor = head[HEAD.cursorPlace]!;
    const bucket = Math.min(cursor >>> 8, bucketsOf(shard, group) - 1);
    const total = peersIn(words[bucketAt(shard, group, bucket) + 1]!);
    // Downwards: a removal fills the slot with a peer from above, which has been looked at.
    const slot = (bucket === cursor >>> 8 ? Math.min(cursor & 0xff, total) : total) - 1;
    if (slot >= 0) {
      if (walk.budget <= 0 || walk.hold <= 0) return false;
      const removed = dropIfSilent(shard, torrent, family, (bucket << 8) | slot, nowSeconds);
      takeStep(walk, removed ? STEPS_A_REMOVAL : 1);
      head[HEAD.cursorPlace] = (bucket << 8) | slot;
    } else if (bucket > 0) head[HEAD.cursorPlace] = ((bucket - 1) << 8) | 0xff;
    else return true;
  }
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
  head[HEAD.cursorPlace] = ALL_PLACES;
}

/** A torrent without peers is kept for one lifetime if it has a count of downloads to remember. */
function dropIfEmpty(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  const { words } = shard;
  if (peersOf(shard, torrent) > 0) return;
  const isForgotten = words[torrent + RECORD.downloaded] === 0 || isAbandoned(shard, torrent, nowSeconds);
  if (isForgotten) dropTorrent(shard, torrent);
}

/** Nobody has announced the torrent for a lifetime: true for any time, where the ages of peers repeat themselves. */
function isAbandoned(shard: SwarmShard, torrent: number, nowSeconds: number): boolean {
  return nowSeconds - shard.words[torrent + RECORD.seen]! > shard.lifetimeTicks * shard.tickSeconds;
}

/** Looks at the peers of a torrent that is about to be used. Larger swarms are left to the walk. */
export function expireAtTouch(shard: SwarmShard, torrent: number, nowSeconds: number): void {
  for (let family = 0; family < 2; family++) {
    const total = shard.words[groupOf(torrent, family) + GROUP.total]!;
    // So few may be left in several buckets: then the walk is about to join those.
    if (total > PEERS_A_TOUCH || bucketsOf(shard, groupOf(torrent, family)) > 1) continue;
    for (let slot = total - 1; slot >= 0; slot--) dropIfSilent(shard, torrent, family, slot, nowSeconds);
  }
}

function dropIfSilent(
  shard: SwarmShard,
  torrent: number,
  family: number,
  place: number,
  nowSeconds: number,
): boolean {
  const meta = shard.words[metaAt(shard, groupOf(torrent, family), place)]!;
  if (!isSilent(shard, meta, nowSeconds) && !isAbandoned(shard, torrent, nowSeconds)) return false;
  leaveSwarm(shard, torrent, family, place);
  shard.counters[Counter.peersExpired]!++;
  return true;
}
