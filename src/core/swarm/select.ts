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
  /** The memory of `octets`, made anew when that is another array; empty where it does not begin at a whole word. */
  halves: Uint16Array;
  words: Int32Array;
  viewOf: Uint8Array;
}

const NO_HALVES = new Uint16Array(0);
const NO_WORDS = new Int32Array(0);
const NO_OCTETS = new Uint8Array(0);
/** In which order a word holds its halves is the machine's. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function createSelection(): Selection {
  return {
    octets: NO_OCTETS,
    offset: 0,
    leechersOnly: false,
    halves: NO_HALVES,
    words: NO_WORDS,
    viewOf: NO_OCTETS,
  };
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
    const halves = endpointOctets(familyOf(shard, group)) / 2;
    const column = 2 * (shard.words[at]! + 1 + capacityIn(shard.words[at + 1]!));
    copyEndpoints(shard, column + slot * halves, count * halves, selection);
  }
  return count;
}

/**
 * Copies half words, of which endpoints are whole numbers, a word at a time where the reply allows it: half the time
 * that halves take, and less than `set` with a view, which would have to be allocated.
 */
function copyEndpoints(shard: SwarmShard, source: number, count: number, selection: Selection): void {
  const { octets, offset } = selection;
  selection.offset = offset + 2 * count;
  if (selection.viewOf !== octets) viewReply(selection);
  if ((offset & 1) !== 0 || selection.words.length === 0) {
    for (let index = 0; index < 2 * count; index++)
      octets[offset + index] = shard.octets[2 * source + index]!;
    return;
  }
  const { halves } = selection;
  let from = source;
  let to = offset >>> 1;
  const end = to + count;
  if ((to & 1) !== 0) halves[to++] = shard.halves[from++]!;
  const words = (end - to) >>> 1;
  if ((from & 1) === 0) copyWords(shard.words, from >>> 1, words, selection.words, to >>> 1);
  else if (IS_LITTLE_ENDIAN) joinWords(shard.words, from >>> 1, words, selection.words, to >>> 1);
  else for (let half = 0; half < 2 * words; half++) halves[to + half] = shard.halves[from + half]!;
  if (((end - to) & 1) !== 0) halves[end - 1] = shard.halves[from + 2 * words]!;
}

/** Four steps written out: what the loop itself costs is paid once in four. */
function copyWords(from: Int32Array, start: number, count: number, to: Int32Array, target: number): void {
  let at = start;
  let out = target;
  const end = start + count;
  for (; at + 4 <= end; at += 4, out += 4) {
    to[out] = from[at]!;
    to[out + 1] = from[at + 1]!;
    to[out + 2] = from[at + 2]!;
    to[out + 3] = from[at + 3]!;
  }
  for (; at < end; at++, out++) to[out] = from[at]!;
}

/** As {@link copyWords}, from the upper half of the first word on: each word is made of two. */
function joinWords(from: Int32Array, start: number, count: number, to: Int32Array, target: number): void {
  let held = from[start]! >>> 16;
  let at = start + 1;
  let out = target;
  const end = start + 1 + count;
  for (; at + 4 <= end; at += 4, out += 4) {
    const one = from[at]!;
    const two = from[at + 1]!;
    const three = from[at + 2]!;
    const four = from[at + 3]!;
    to[out] = held | (one << 16);
    to[out + 1] = (one >>> 16) | (two << 16);
    to[out + 2] = (two >>> 16) | (three << 16);
    to[out + 3] = (three >>> 16) | (four << 16);
    held = four >>> 16;
  }
  for (; at < end; at++, out++) {
    to[out] = held | (from[at]! << 16);
    held = from[at]! >>> 16;
  }
}

function viewReply(selection: Selection): void {
  const { octets } = selection;
  selection.viewOf = octets;
  const isWhole = (octets.byteOffset & 3) === 0;
  selection.halves = isWhole
    ? new Uint16Array(octets.buffer, octets.byteOffset, octets.length >>> 1)
    : NO_HALVES;
  selection.words = isWhole
    ? new Int32Array(octets.buffer, octets.byteOffset, octets.length >>> 2)
    : NO_WORDS;
}
