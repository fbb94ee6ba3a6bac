// Which peers a reply lists: a window of the ring of eligible peers, bucket after bucket, from a random start, the
// asker left out. Every other peer is as likely as any, and a window of 50 is two or three runs.
// Parameters are positional: an object a call is what this code exists to avoid.

import { bucketsOf } from './buckets.ts';
import { bucketAt, capacityIn, endpointOctets, familyOf, leechersIn, peersIn } from './peers.ts';
import { randomBelow } from './random.ts';
import { GROUP, HEAD, type SwarmShard } from './shard.ts';

export interface Selection {
  /** Where endpoints are written. */
  octets: Uint8Array;
  offset: number;
  /** Seeds and partial seeds are left out (for a seed, to whom they are of no use). */
  leechersOnly: boolean;
  /** `octets` in pairs, remade when `octets` is another array; empty where it begins at an odd address. */
  pairs: Uint16Array;
  pairsOf: Uint8Array;
}

const NO_PAIRS = new Uint16Array(0);
const NO_OCTETS = new Uint8Array(0);

export function createSelection(): Selection {
  return { octets: NO_OCTETS, offset: 0, leechersOnly: false, pairs: NO_PAIRS, pairsOf: NO_OCTETS };
}

/** How many peers could be listed when the one at `asker` is left out (−1: nobody is). */
export function eligiblePeers(
  shard: SwarmShard,
  group: number,
  asker: number,
  leechersOnly: boolean,
): number {
  const ring = shard.words[group + (leechersOnly ? GROUP.leechers : GROUP.total)]!;
  if (asker < 0) return ring;
  return (asker & 0xff) < eligibleIn(shard, group, asker >>> 8, leechersOnly) ? ring - 1 : ring;
}

/** Peers of a bucket that stand where the eligible do: from its beginning. */
function eligibleIn(shard: SwarmShard, group: number, bucket: number, leechersOnly: boolean): number {
  const counts = shard.words[bucketAt(shard, group, bucket) + 1]!;
  return leechersOnly ? leechersIn(counts) : peersIn(counts);
}

/** Writes `wanted` peers, at most as many as are eligible, and moves `selection.offset` past them. */
export function writePeers(
  shard: SwarmShard,
  group: number,
  asker: number,
  wanted: number,
  selection: Selection,
): void {
  if (wanted === 0) return;
  const { leechersOnly } = selection;
  const buckets = bucketsOf(shard, group);
  const askerBucket = asker < 0 ? -1 : asker >>> 8;
  // Start: the peer with this number, counted without the asker.
  let slot = randomBelow(shard.head, HEAD.random, eligiblePeers(shard, group, asker, leechersOnly));
  let bucket = 0;
  for (; bucket < buckets; bucket++) {
    let count = eligibleIn(shard, group, bucket, leechersOnly);
    if (bucket === askerBucket && (asker & 0xff) < count) count--;
    if (slot < count) break;
    slot -= count;
  }
  if (bucket === askerBucket && slot >= (asker & 0xff)) slot++;
  let left = wanted;
  while (left > 0) {
    const end = eligibleIn(shard, group, bucket, leechersOnly);
    const skip =
      bucket === askerBucket && (asker & 0xff) >= slot && (asker & 0xff) < end ? asker & 0xff : end;
    left -= copyRun(shard, group, bucket, slot, Math.min(left, skip - slot), selection);
    if (skip < end)
      left -= copyRun(shard, group, bucket, skip + 1, Math.min(left, end - skip - 1), selection);
    slot = 0;
    bucket = bucket + 1 === buckets ? 0 : bucket + 1;
  }
}

/** Returns `count`. */
function copyRun(
  shard: SwarmShard,
  group: number,
  bucket: number,
  slot: number,
  count: number,
  selection: Selection,
): number {
  if (count > 0) {
    const at = bucketAt(shard, group, bucket);
    const size = endpointOctets(familyOf(shard, group));
    const column = 4 * (shard.words[at]! + 1 + capacityIn(shard.words[at + 1]!));
    copyEndpoints(shard, column + slot * size, count * size, selection);
  }
  return count;
}

/**
 * Endpoints begin at even addresses, and replies mostly do: two octets at a time, eight steps written out, is four
 * times as fast as one at a time, and as fast as `set` with a view, which would have to be allocated.
 */
function copyEndpoints(shard: SwarmShard, source: number, length: number, selection: Selection): void {
  const { octets, offset } = selection;
  selection.offset = offset + length;
  if (selection.pairsOf !== octets) viewPairs(selection);
  if ((offset & 1) !== 0 || selection.pairs.length === 0) {
    const from = shard.octets;
    for (let index = 0; index < length; index++) octets[offset + index] = from[source + index]!;
    return;
  }
  const from = shard.halves;
  const to = selection.pairs;
  let at = source >>> 1;
  let target = offset >>> 1;
  const end = at + (length >>> 1);
  for (; at + 8 <= end; at += 8, target += 8) {
    to[target] = from[at]!;
    to[target + 1] = from[at + 1]!;
    to[target + 2] = from[at + 2]!;
    to[target + 3] = from[at + 3]!;
    to[target + 4] = from[at + 4]!;
    to[target + 5] = from[at + 5]!;
    to[target + 6] = from[at + 6]!;
    to[target + 7] = from[at + 7]!;
  }
  for (; at < end; at++, target++) to[target] = from[at]!;
}

function viewPairs(selection: Selection): void {
  const { octets } = selection;
  selection.pairsOf = octets;
  selection.pairs =
    (octets.byteOffset & 1) === 0
      ? new Uint16Array(octets.buffer, octets.byteOffset, octets.length >>> 1)
      : NO_PAIRS;
}
