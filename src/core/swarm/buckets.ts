// The peers of one family of one torrent stand in buckets, by the keyed hash of their endpoint. A small swarm is one
// bucket, known in the record; beyond BUCKET_LOAD peers there are as many as keep that load (linear hashing, Litwin
// 1980): a swarm grows by one bucket at a time, which takes over what belongs to it from one other, so that no change
// of size ever touches more than a bucket's peers. Each bucket is one block of the size that it needs.
// Parameters are positional: an object a call is what this code exists to avoid.

import { halfSipHash13 } from '../octets/half-siphash.ts';
import { allocateBlock, BlockKind, releaseBlock, roundedWords } from './blocks.ts';
import { NO_BLOCK } from './heap.ts';
import {
  bucketAt,
  capacityIn,
  endpointAt,
  endpointOctets,
  familyOf,
  leechersIn,
  PEER_DATA_OCTETS,
  peersIn,
} from './peers.ts';
import { GROUP, type SwarmShard } from './shard.ts';

/** Peers of a bucket: what an octet of its counts can say. Buckets of 128 on average pass it once in 10²² times. */
export const MAX_BUCKET_PEERS = 255;
/** Peers for which a block keeps room when others leave, so that one who joins next moves nothing. */
const SPARE_PEERS = 2;
/** A bucket with fewer peers keeps none: most torrents have less, and a smaller block is soon copied. */
const SPARED_FROM = 8;

export function bucketsOf({ words }: SwarmShard, group: number): number {
  return words[group + GROUP.shape]! >>> 2;
}

/** Which of `buckets` has what hashes to `hash`. */
export function bucketFor(hash: number, buckets: number): number {
  if (buckets === 1) return 0;
  const mask = (2 << (31 - Math.clz32(buckets - 1))) - 1;
  const bucket = hash & mask;
  return bucket < buckets ? bucket : bucket & (mask >>> 1);
}

/** Words of a block of so many peers. */
function wordsFor(family: number, peers: number): number {
  return 1 + ((peers * (endpointOctets(family) + PEER_DATA_OCTETS) + 3) >>> 2);
}

/** Peers that a block of so many words holds. */
function capacityOf(family: number, words: number): number {
  return Math.min(
    MAX_BUCKET_PEERS,
    Math.floor((4 * (words - 1)) / (endpointOctets(family) + PEER_DATA_OCTETS)),
  );
}

/** Makes place for one peer more in the bucket; false when there is none, and then nothing has changed. */
export function ensureRoom(shard: SwarmShard, group: number, bucket: number): boolean {
  const counts = shard.words[bucketAt(shard, group, bucket) + 1]!;
  const peers = peersIn(counts);
  if (peers < capacityIn(counts)) return true;
  return peers < MAX_BUCKET_PEERS && resize(shard, group, bucket, peers + 1);
}

/** Gives back what a bucket leaves unused. */
export function trim(shard: SwarmShard, group: number, bucket: number): void {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const counts = words[at + 1]!;
  const peers = peersIn(counts);
  if (peers === 0) {
    const block = words[at]!;
    if (block === NO_BLOCK) return;
    words[at] = NO_BLOCK;
    words[at + 1] = counts & 0xff0000;
    releaseBlock(shard, block);
    return;
  }
  const kept = Math.min(MAX_BUCKET_PEERS, peers < SPARED_FROM ? peers : peers + SPARE_PEERS);
  const family = familyOf(shard, group);
  if (capacityOf(family, roundedWords(wordsFor(family, kept))) < capacityIn(counts)) {
    resize(shard, group, bucket, kept);
  }
}

/** Moves a bucket, whose peers must fit, to a block for `peers`; false when the heap is full. */
export function resize(shard: SwarmShard, group: number, bucket: number, peers: number): boolean {
  const { words, octets } = shard;
  const family = familyOf(shard, group);
  const wanted = wordsFor(family, peers);
  const capacity = capacityOf(family, roundedWords(wanted));
  const at = bucketAt(shard, group, bucket);
  const former = words[at]!;
  const counts = words[at + 1]!;
  if (capacity === capacityIn(counts)) return true;
  const block = allocateBlock(shard, group, bucket, BlockKind.peers, wanted);
  if (block === NO_BLOCK) return false;
  const total = peersIn(counts);
  if (total > 0) {
    const size = endpointOctets(family);
    const formerCapacity = capacityIn(counts);
    for (let slot = 1; slot <= total; slot++) words[block + slot] = words[former + slot]!;
    const from = 4 * (former + 1 + formerCapacity);
    const to = 4 * (block + 1 + capacity);
    octets.copyWithin(to, from, from + total * size);
    const tags = from + formerCapacity * size;
    octets.copyWithin(to + capacity * size, tags, tags + total);
  }
  words[at] = block;
  words[at + 1] = (counts & 0xffffff) | (capacity << 24);
  if (former !== NO_BLOCK) releaseBlock(shard, former);
  return true;
}

/** The slot in which a peer that joins the bucket belongs; room is there. Counts it. */
export function openSlot(shard: SwarmShard, group: number, bucket: number, isLeecher: boolean): number {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const counts = words[at + 1]!;
  const peers = peersIn(counts);
  if (!isLeecher) {
    words[at + 1] = counts + 1;
    return peers;
  }
  const leechers = leechersIn(counts);
  if (leechers < peers) copyPeer(shard, group, bucket, leechers, bucket, peers);
  words[at + 1] = counts + 0x101;
  return leechers;
}

/** Takes the peer out of its bucket; others of the bucket may stand elsewhere in it afterwards. */
export function closeSlot(shard: SwarmShard, group: number, bucket: number, slot: number): void {
  const { words } = shard;
  const at = bucketAt(shard, group, bucket);
  const counts = words[at + 1]!;
  const last = peersIn(counts) - 1;
  const lastLeecher = leechersIn(counts) - 1;
  let hole = slot;
  if (slot <= lastLeecher) {
    if (slot !== lastLeecher) copyPeer(shard, group, bucket, lastLeecher, bucket, slot);
    hole = lastLeecher;
    words[at + 1] = counts - 0x101;
  } else words[at + 1] = counts - 1;
  if (hole !== last) copyPeer(shard, group, bucket, last, bucket, hole);
}

/** Copies every column of one peer over another place of the same group. */
export function copyPeer(
  shard: SwarmShard,
  group: number,
  fromBucket: number,
  fromSlot: number,
  toBucket: number,
  toSlot: number,
): void {
  const { words, halves, octets } = shard;
  const size = endpointOctets(familyOf(shard, group));
  const from = bucketAt(shard, group, fromBucket);
  const to = bucketAt(shard, group, toBucket);
  const source = words[from]! + 1;
  const target = words[to]! + 1;
  const sourceCapacity = capacityIn(words[from + 1]!);
  const targetCapacity = capacityIn(words[to + 1]!);
  words[target + toSlot] = words[source + fromSlot]!;
  const sourceAt = 4 * (source + sourceCapacity);
  const targetAt = 4 * (target + targetCapacity);
  let out = (targetAt + toSlot * size) / 2;
  const end = (sourceAt + (fromSlot + 1) * size) / 2;
  for (let at = (sourceAt + fromSlot * size) / 2; at < end; at++) halves[out++] = halves[at]!;
  octets[targetAt + targetCapacity * size + toSlot] = octets[sourceAt + sourceCapacity * size + fromSlot]!;
}

/** The keyed hash of the endpoint at `place`, which chooses its bucket. */
export function hashEndpointAt(shard: SwarmShard, group: number, place: number): number {
  const at = endpointAt(shard, group, place);
  return halfSipHash13(shard.key, shard.octets, at, endpointOctets(familyOf(shard, group)));
}
