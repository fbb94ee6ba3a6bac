// Blocks of the heap and who owns them. A block may move whenever another of its class is given back (heap.ts), so its
// first word says where its place is written down: one word of a record or of a directory. Offsets of blocks must not
// be held across `releaseBlock`; places and buckets may.
// Parameters are positional: an object a call is what this code exists to avoid.

import { allocate, CLASS_WORDS, classFor, classOf, NO_BLOCK, release } from './heap.ts';
import { bucketAt, groupOf } from './peers.ts';
import { RECORD_WORDS, type SwarmShard } from './shard.ts';

/** What a block is to its owner: the peers or the references of a bucket, or the directory of a group. */
export const BlockKind = { peers: 0, references: 1, directory: 2 } as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

// Bits of the owner word: kind, family, bucket, record number.
const FAMILY_SHIFT = 2;
const BUCKET_SHIFT = 3;
const RECORD_SHIFT = 12;

/** Buckets of one family of one torrent: what an owner word has bits for, and the largest block has room for. */
export const MAX_BUCKETS = 512;
/** Records of a shard: what an owner word has bits for. */
export const MAX_RECORDS = 1 << (32 - RECORD_SHIFT);

/** Word offset of a new block for `words`, its owner entered in it but not it with its owner; {@link NO_BLOCK} when the heap is full. */
export function allocateBlock(
  shard: SwarmShard,
  group: number,
  bucket: number,
  kind: BlockKind,
  words: number,
): number {
  const block = allocate(shard.heap, classFor(words));
  if (block === NO_BLOCK) return NO_BLOCK;
  const number = Math.floor(group / RECORD_WORDS);
  const family = group % RECORD_WORDS >= RECORD_WORDS - 5 ? 1 : 0;
  shard.words[block] = (number << RECORD_SHIFT) | (bucket << BUCKET_SHIFT) | (family << FAMILY_SHIFT) | kind;
  return block;
}

/** Words of the block that {@link allocateBlock} gives for so many. */
export function roundedWords(words: number): number {
  return CLASS_WORDS[classFor(words)]!;
}

/** Words of a block, the owner's included. */
export function blockWords({ heap }: SwarmShard, block: number): number {
  return CLASS_WORDS[classOf(heap, block)]!;
}

/** Gives back a block that no owner names any more. */
export function releaseBlock(shard: SwarmShard, block: number): void {
  if (release(shard.heap, block)) tellOwner(shard, block);
}

/** Another block now stands at `block`. */
function tellOwner(shard: SwarmShard, block: number): void {
  const { words } = shard;
  const owner = words[block]!;
  const group = groupOf((owner >>> RECORD_SHIFT) * RECORD_WORDS, (owner >>> FAMILY_SHIFT) & 1);
  const kind = (owner & 3) as BlockKind;
  if (kind === BlockKind.directory) words[group] = block;
  else {
    const at = bucketAt(shard, group, (owner >>> BUCKET_SHIFT) & (MAX_BUCKETS - 1));
    words[kind === BlockKind.peers ? at : at + 2] = block;
  }
}
