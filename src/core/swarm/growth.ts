// How a swarm changes its number of buckets (buckets.ts): by one at a time, before a peer joins and after one has left,
// so that what one announce pays for is a bucket, whatever the size of the swarm.
// Parameters are positional: an object a call is what this code exists to avoid.

import { MAX_BUCKETS } from './blocks.ts';
import { bucketsOf, copyPeer, hashEndpointAt, MAX_BUCKET_PEERS, openSlot, resize, trim } from './buckets.ts';
import { dropReferences, ensureDirectory, flatten, setBuckets, trimDirectory } from './directory.ts';
import { hasReferences, identityIn, reserveReferences, trimReferences } from './identities.ts';
import { bucketAt, familyOf, leechersIn, peersIn, referencesIn } from './peers.ts';
import { beginReferences, continueReferences, isReferencing } from './referencing.ts';
import { GROUP, type SwarmShard } from './shard.ts';

/**
 * Peers a bucket on average, by family index: going through one costs about what hashing an endpoint costs, and a
 * reply of 50 takes two or three of them. Fewer of the larger, so that blocks waste little of their pages.
 */
const BUCKET_LOAD = [32, 20] as const;
/** Below this share of the load a bucket is given up, so that one peer more or less splits and joins nothing. */
const MERGE_SHARE = 3 / 8;
/** With as many buckets, 1,500 peers, a swarm gets references; going through fewer takes a newcomer 1 µs. */
const REFERENCED_BUCKETS = [48, 76] as const;
/** Peers that join before it is tried again, where that could not be done. */
const REFERENCES_TRIED_EVERY = 64;
/** A swarm that shrank to this share of that gives them up. */
const UNREFERENCED_SHARE = 1 / 2;

/** Adds a bucket when the peers are too many for those there are; without memory they become fuller. */
export function growGroup(shard: SwarmShard, group: number): void {
  if (isReferencing(shard, group)) {
    continueReferences(shard, group);
    return;
  }
  const buckets = bucketsOf(shard, group);
  const family = familyOf(shard, group) as 0 | 1;
  const total = shard.words[group + GROUP.total]!;
  if (total < BUCKET_LOAD[family] * buckets || buckets === MAX_BUCKETS) return;
  if (buckets >= REFERENCED_BUCKETS[family] - 1 && !hasReferences(shard, group)) {
    if (total % REFERENCES_TRIED_EVERY === 0) beginReferences(shard, group);
    return;
  }
  splitBucket(shard, group, buckets);
}

/** Takes a bucket away when the peers are few enough. */
export function shrinkGroup(shard: SwarmShard, group: number): void {
  const buckets = bucketsOf(shard, group);
  if (buckets === 1 || isReferencing(shard, group)) return;
  const family = familyOf(shard, group) as 0 | 1;
  const load = BUCKET_LOAD[family] * MERGE_SHARE;
  if (shard.words[group + GROUP.total]! >= load * buckets) return;
  const referenced = REFERENCED_BUCKETS[family] * UNREFERENCED_SHARE;
  if (buckets <= referenced && hasReferences(shard, group)) dropReferences(shard, group);
  mergeBucket(shard, group, buckets - 1);
}

/** The new bucket is number `buckets`; what belongs there stands in the one without its highest bit. */
function splitBucket(shard: SwarmShard, group: number, buckets: number): void {
  const bit = 1 << (31 - Math.clz32(buckets));
  const old = buckets - bit;
  const movers = markMovers(shard, group, old, bit);
  if (!ensureDirectory(shard, group, buckets + 1)) return;
  setBuckets(shard, group, buckets + 1);
  const hasRoom = movers === 0 || resize(shard, group, buckets, movers);
  if (!hasRoom || !splitReferences(shard, group, old, buckets, bit)) {
    trim(shard, group, buckets);
    setBuckets(shard, group, buckets);
    if (buckets === 1) flatten(shard, group);
    return;
  }
  movePeers(shard, group, old, buckets);
  const left = peersIn(shard.words[bucketAt(shard, group, old) + 1]!);
  if (left === 0) trim(shard, group, old);
  else resize(shard, group, old, left);
}

function markMovers(shard: SwarmShard, group: number, bucket: number, bit: number): number {
  const total = peersIn(shard.words[bucketAt(shard, group, bucket) + 1]!);
  let movers = 0;
  for (let slot = 0; slot < total; slot++) {
    const moves = (hashEndpointAt(shard, group, (bucket << 8) | slot) & bit) !== 0;
    shard.sought.marks[slot] = moves ? 1 : 0;
    if (moves) movers++;
  }
  return movers;
}

/** The marked peers of a bucket go to a new one, in which there is room; the others close up. */
function movePeers(shard: SwarmShard, group: number, old: number, bucket: number): void {
  const { words, sought } = shard;
  const from = bucketAt(shard, group, old);
  const to = bucketAt(shard, group, bucket);
  const counts = words[from + 1]!;
  const total = peersIn(counts);
  const leechers = leechersIn(counts);
  let moved = 0;
  let movedLeechers = 0;
  for (let slot = 0; slot < total; slot++) {
    if (sought.marks[slot] === 1) {
      copyPeer(shard, group, old, slot, bucket, moved++);
      if (slot < leechers) movedLeechers++;
    } else if (moved > 0) copyPeer(shard, group, old, slot, old, slot - moved);
  }
  words[from + 1] = counts - moved - (movedLeechers << 8);
  words[to + 1] = words[to + 1]! + moved + (movedLeechers << 8);
}

/** False when the heap is full, and then nothing has changed. */
function splitReferences(
  shard: SwarmShard,
  group: number,
  old: number,
  bucket: number,
  bit: number,
): boolean {
  if (!hasReferences(shard, group)) return true;
  const { words } = shard;
  const from = bucketAt(shard, group, old);
  const count = referencesIn(words[from + 1]!);
  let movers = 0;
  for (let index = 1; index <= count; index++) {
    if ((identityIn(words[words[from + 2]! + index]!) & bit) !== 0) movers++;
  }
  if (movers === 0) return true;
  if (!reserveReferences(shard, group, bucket, movers)) return false;
  const to = bucketAt(shard, group, bucket);
  const source = words[from + 2]!;
  const target = words[to + 2]!;
  let moved = 0;
  for (let index = 1; index <= count; index++) {
    const reference = words[source + index]!;
    if ((identityIn(reference) & bit) !== 0) words[target + ++moved] = reference;
    else words[source + index - moved] = reference;
  }
  words[from + 1] = words[from + 1]! - (moved << 16);
  words[to + 1] = words[to + 1]! + (moved << 16);
  trimReferences(shard, group, old);
  return true;
}

/** The last bucket goes back to the one that it came from, if there is room. */
function mergeBucket(shard: SwarmShard, group: number, last: number): void {
  const { words } = shard;
  const old = last - (1 << (31 - Math.clz32(last)));
  const from = words[bucketAt(shard, group, last) + 1]!;
  const to = words[bucketAt(shard, group, old) + 1]!;
  const peers = peersIn(from) + peersIn(to);
  const references = referencesIn(from) + referencesIn(to);
  if (peers > MAX_BUCKET_PEERS || references > MAX_BUCKET_PEERS) return;
  if (peersIn(from) > 0 && !resize(shard, group, old, peers)) return;
  if (referencesIn(from) > 0 && !reserveReferences(shard, group, old, references)) return;
  for (let slot = 0; slot < peersIn(from); slot++) {
    const target = openSlot(shard, group, old, slot < leechersIn(from));
    copyPeer(shard, group, last, slot, old, target);
  }
  const source = bucketAt(shard, group, last);
  const target = bucketAt(shard, group, old);
  for (let index = 1; index <= referencesIn(from); index++) {
    words[words[target + 2]! + referencesIn(to) + index] = words[words[source + 2]! + index]!;
  }
  words[target + 1] = words[target + 1]! + (referencesIn(from) << 16);
  words[source + 1] = words[source + 1]! & ~0xffffff;
  if (hasReferences(shard, group)) trimReferences(shard, group, last);
  trim(shard, group, last);
  setBuckets(shard, group, last);
  if (last === 1) flatten(shard, group);
  else trimDirectory(shard, group, last);
}
