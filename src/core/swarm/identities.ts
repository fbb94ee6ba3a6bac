// Where the peers of an identity stand, in swarms too large to be gone through: references, four octets a peer, in
// buckets of their own beside those of the peers and as many. A reference stands in the bucket of its identity and
// says by half the hash of the endpoint in which bucket its peer stands; the rest is read there. So nothing need be
// written when a peer moves within its bucket, or with half of it to another one.
// Parameters are positional: an object a call is what this code exists to avoid.

import { allocateBlock, BlockKind, blockWords, releaseBlock } from './blocks.ts';
import { bucketFor, bucketsOf } from './buckets.ts';
import { NO_BLOCK } from './heap.ts';
import { bucketAt, referencesIn } from './peers.ts';
import { GROUP, type SwarmShard } from './shard.ts';

/** References of a bucket: what an octet of its counts can say. */
const MAX_REFERENCES = 255;
/**
 * Strangers may give one peer id to any number of endpoints; the references of one identity that are entered. Honest
 * ones have one, and their neighbours' 16 bits are the same once in 65,536 times.
 */
const MAX_ALIKE = 16;
/** In {@link GROUP}.shape. */
export const HAS_REFERENCES = 2;
/** Beyond this share of a block unused, it is exchanged for a smaller one. */
const SLACK = 1 / 8;

/** The group's directory has words for references; they may not be entered yet. */
export function hasReferences({ words }: SwarmShard, group: number): boolean {
  return (words[group + GROUP.shape]! & HAS_REFERENCES) !== 0;
}

/** Peers of the bucket have references: those from the cursor (referencing.ts) on. */
export function isReferenced(shard: SwarmShard, group: number, bucket: number): boolean {
  return hasReferences(shard, group) && bucket >= shard.words[group + GROUP.counts]!;
}

/** All peers of the group have references. */
export function areAllReferenced(shard: SwarmShard, group: number): boolean {
  return hasReferences(shard, group) && shard.words[group + GROUP.counts] === 0;
}

export function referenceTo(identity: number, endpointHash: number): number {
  return (identity << 16) | (endpointHash & 0xffff);
}

/** The hash by which references of an identity choose their bucket. */
export function identityIn(reference: number): number {
  return reference >>> 16;
}

/** The hash by which its peer has chosen its bucket, as far as there can be buckets. */
export function endpointHashIn(reference: number): number {
  return reference & 0xffff;
}

/**
 * Enters a peer; false when there is no room for one of this identity, or none in the heap. Who is `needed`, the half
 * of a pair, is entered however many are alike.
 */
export function addReference(
  shard: SwarmShard,
  group: number,
  identity: number,
  endpointHash: number,
  needed: boolean,
): boolean {
  const { words } = shard;
  const bucket = bucketFor(identity & 0xffff, bucketsOf(shard, group));
  const at = bucketAt(shard, group, bucket);
  const count = referencesIn(words[at + 1]!);
  if (count === MAX_REFERENCES) return false;
  const reference = referenceTo(identity, endpointHash);
  if (!needed && countAlike(shard, at, reference) >= MAX_ALIKE) return false;
  if (!reserveReferences(shard, group, bucket, count + 1)) return false;
  appendReference(shard, group, bucket, reference);
  return true;
}

/** Enters a reference in its bucket, in which there is room. */
function appendReference(shard: SwarmShard, group: number, bucket: number, reference: number): void {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const counts = words[at + 1]!;
  words[words[at + 2]! + 1 + referencesIn(counts)] = reference;
  words[at + 1] = counts + 0x10000;
}

function countAlike({ words }: SwarmShard, at: number, reference: number): number {
  const block = words[at + 2]!;
  const count = referencesIn(words[at + 1]!);
  let alike = 0;
  for (let index = 1; index <= count; index++) {
    if ((words[block + index]! ^ reference) >>> 16 === 0) alike++;
  }
  return alike;
}

/** Takes out what {@link addReference} has entered. */
export function removeReference(
  shard: SwarmShard,
  group: number,
  identity: number,
  endpointHash: number,
): void {
  const { words } = shard;
  const bucket = bucketFor(identity & 0xffff, bucketsOf(shard, group));
  const at = bucketAt(shard, group, bucket);
  const block = words[at + 2]!;
  const count = referencesIn(words[at + 1]!);
  const reference = referenceTo(identity, endpointHash);
  let index = 1;
  while (index <= count && words[block + index] !== reference) index++;
  if (index > count) return;
  words[block + index] = words[block + count]!;
  words[at + 1] = words[at + 1]! - 0x10000;
  trimReferences(shard, group, bucket);
}

/** Makes room for `count` references in all, at most 255; false when the heap is full, and then nothing has changed. */
export function reserveReferences(shard: SwarmShard, group: number, bucket: number, count: number): boolean {
  const former = shard.words[bucketAt(shard, group, bucket) + 2]!;
  return (former !== NO_BLOCK && blockWords(shard, former) > count) || exchange(shard, group, bucket, count);
}

/** Gives back what the references of a bucket leave unused. */
export function trimReferences(shard: SwarmShard, group: number, bucket: number): void {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const former = words[at + 2]!;
  if (former === NO_BLOCK) return;
  const held = referencesIn(words[at + 1]!);
  if (held === 0) {
    words[at + 2] = NO_BLOCK;
    releaseBlock(shard, former);
  } else if (held + 2 < blockWords(shard, former) * (1 - SLACK)) exchange(shard, group, bucket, held);
}

/** Moves the references of a bucket to a block for `count`; without memory they stay where they are. */
function exchange(shard: SwarmShard, group: number, bucket: number, count: number): boolean {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const former = words[at + 2]!;
  const block = allocateBlock(shard, group, bucket, BlockKind.references, 1 + count);
  if (block === NO_BLOCK) return false;
  const held = referencesIn(words[at + 1]!);
  for (let index = 1; index <= held; index++) words[block + index] = words[former + index]!;
  words[at + 2] = block;
  if (former !== NO_BLOCK) releaseBlock(shard, former);
  return true;
}

/** Gives back the references of all buckets; the directory still has words for them. */
export function releaseReferences(shard: SwarmShard, group: number): void {
  const { words } = shard;
  for (let bucket = bucketsOf(shard, group) - 1; bucket >= 0; bucket--) {
    const at = bucketAt(shard, group, bucket);
    const block = words[at + 2]!;
    words[at + 1] = words[at + 1]! & ~0xff0000;
    words[at + 2] = NO_BLOCK;
    if (block !== NO_BLOCK) releaseBlock(shard, block);
  }
}
