// How a swarm that has become large comes to have references (identities.ts): some buckets at each join, so that nobody
// waits for all. Until they are entered, GROUP.counts, which groups of several buckets do not need otherwise, is the
// number of buckets that have none yet, and the group keeps its buckets as they are.

import { bucketsOf, hashEndpointAt } from './buckets.ts';
import { addReferenceWords, dropReferences } from './directory.ts';
import { addReference, hasReferences } from './identities.ts';
import { bucketAt, identityOf, metaAt, NAMELESS, PAIRED, peersIn } from './peers.ts';
import { GROUP, type SwarmShard } from './shard.ts';

/** Buckets a join: some 20 µs, so that ten joins are enough. */
const BUCKETS_A_JOIN = 6;

/** False when the heap is full. */
export function beginReferences(shard: SwarmShard, group: number): boolean {
  if (!addReferenceWords(shard, group)) return false;
  shard.words[group + GROUP.counts] = bucketsOf(shard, group);
  return true;
}

/** Not all buckets have their references yet. */
export function isReferencing(shard: SwarmShard, group: number): boolean {
  return hasReferences(shard, group) && shard.words[group + GROUP.counts] !== 0;
}

/**
 * Enters some buckets more. When that cannot be done, all references are given up again: the heap is full, or so many
 * pairs have one identity that some would not be found. The swarm serves without them then, in buckets that become
 * fuller.
 */
export function continueReferences(shard: SwarmShard, group: number): void {
  const { words } = shard;
  for (let left = BUCKETS_A_JOIN; left > 0 && words[group + GROUP.counts]! > 0; left--) {
    const bucket = words[group + GROUP.counts]! - 1;
    if (!enterBucket(shard, group, bucket)) {
      dropReferences(shard, group);
      return;
    }
    words[group + GROUP.counts] = bucket;
  }
}

function enterBucket(shard: SwarmShard, group: number, bucket: number): boolean {
  const { words } = shard;
  for (let slot = peersIn(words[bucketAt(shard, group, bucket) + 1]!) - 1; slot >= 0; slot--) {
    const place = (bucket << 8) | slot;
    const meta = words[metaAt(shard, group, place)]!;
    if ((meta & NAMELESS) !== 0) continue;
    const isPaired = (meta & PAIRED) !== 0;
    const hash = hashEndpointAt(shard, group, place);
    if (addReference(shard, group, identityOf(meta), hash, isPaired)) continue;
    if (isPaired) return false;
    words[metaAt(shard, group, place)] = meta | NAMELESS;
  }
  return true;
}
