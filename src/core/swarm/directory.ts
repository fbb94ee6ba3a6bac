// The directory of a swarm of several buckets: a block that says of each where it is and what it holds.
// Parameters are positional: an object a call is what this code exists to avoid.

import { allocateBlock, BlockKind, blockWords, releaseBlock } from './blocks.ts';
import { bucketsOf } from './buckets.ts';
import { NO_BLOCK } from './heap.ts';
import { HAS_REFERENCES, releaseReferences } from './identities.ts';
import { entryWordsIn } from './peers.ts';
import { GROUP, type SwarmShard } from './shard.ts';

export function setBuckets({ words }: SwarmShard, group: number, buckets: number): void {
  words[group + GROUP.shape] = (words[group + GROUP.shape]! & 3) | (buckets << 2);
}

/** Words of a directory of so many buckets in a group of this shape. */
function directoryWords(shape: number, buckets: number): number {
  return 1 + entryWordsIn(shape) * buckets;
}

/** Room for so many buckets, of which the last is empty; false when the heap is full. */
export function ensureDirectory(shard: SwarmShard, group: number, buckets: number): boolean {
  const { words } = shard;
  const shape = words[group + GROUP.shape]!;
  const wanted = directoryWords(shape, buckets);
  const isFlat = buckets === 2;
  if (isFlat || blockWords(shard, words[group]!) < wanted) {
    const directory = allocateBlock(shard, group, 0, BlockKind.directory, wanted);
    if (directory === NO_BLOCK) return false;
    if (isFlat) putOnlyBucket(shard, group, directory);
    else exchangeDirectory(shard, group, directory, buckets - 1, shape);
  }
  const last = words[group]! + directoryWords(shape, buckets - 1);
  words[last] = NO_BLOCK;
  words[last + 1] = 0;
  if (entryWordsIn(shape) === 3) words[last + 2] = NO_BLOCK;
  return true;
}

/** A swarm that was one bucket has a directory, of one bucket as yet. */
function putOnlyBucket({ words }: SwarmShard, group: number, directory: number): void {
  words[directory + 1] = words[group]!;
  words[directory + 2] = words[group + GROUP.counts]!;
  words[group] = directory;
  words[group + GROUP.counts] = 0;
}

/** A swarm that has one bucket keeps it in its record. */
export function flatten(shard: SwarmShard, group: number): void {
  const { words } = shard;
  const directory = words[group]!;
  words[group] = words[directory + 1]!;
  words[group + GROUP.counts] = words[directory + 2]!;
  releaseBlock(shard, directory);
}

/** Moves the directory; in a group that comes to have references, or to have none any more, with the new `shape`. */
function exchangeDirectory(
  shard: SwarmShard,
  group: number,
  directory: number,
  buckets: number,
  shape: number,
): void {
  const { words } = shard;
  const former = words[group]!;
  const from = entryWordsIn(words[group + GROUP.shape]!);
  const to = entryWordsIn(shape);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const source = former + 1 + bucket * from;
    const target = directory + 1 + bucket * to;
    words[target] = words[source]!;
    words[target + 1] = words[source + 1]!;
    if (to === 3) words[target + 2] = from === 3 ? words[source + 2]! : NO_BLOCK;
  }
  words[group] = directory;
  words[group + GROUP.shape] = shape;
  releaseBlock(shard, former);
}

export function trimDirectory(shard: SwarmShard, group: number, buckets: number): void {
  const shape = shard.words[group + GROUP.shape]!;
  const wanted = directoryWords(shape, buckets);
  if (blockWords(shard, shard.words[group]!) <= 2 * wanted) return;
  const directory = allocateBlock(shard, group, 0, BlockKind.directory, wanted);
  if (directory !== NO_BLOCK) exchangeDirectory(shard, group, directory, buckets, shape);
}

/** Words for references in the directory, which has none yet; false when the heap is full. */
export function addReferenceWords(shard: SwarmShard, group: number): boolean {
  const shape = shard.words[group + GROUP.shape]! | HAS_REFERENCES;
  const buckets = bucketsOf(shard, group);
  const directory = allocateBlock(shard, group, 0, BlockKind.directory, directoryWords(shape, buckets));
  if (directory === NO_BLOCK) return false;
  exchangeDirectory(shard, group, directory, buckets, shape);
  return true;
}

/** Gives up all references, and their words in the directory, where it stands: that needs no memory. */
export function dropReferences(shard: SwarmShard, group: number): void {
  const { words } = shard;
  releaseReferences(shard, group);
  const directory = words[group]! + 1;
  const buckets = bucketsOf(shard, group);
  for (let bucket = 1; bucket < buckets; bucket++) {
    words[directory + 2 * bucket] = words[directory + 3 * bucket]!;
    words[directory + 2 * bucket + 1] = words[directory + 3 * bucket + 1]!;
  }
  words[group + GROUP.shape] = words[group + GROUP.shape]! & ~HAS_REFERENCES;
  words[group + GROUP.counts] = 0;
}
