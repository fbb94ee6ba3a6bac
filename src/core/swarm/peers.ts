// The peers of one family of one torrent: an array in columns, `group` being the word offset of its description in
// the record. Leechers stand first, then seeds and partial seeds, so that what a seed may be given is contiguous.
//
// A block of n peers holds n identities, n client keys, n meta words, n endpoints as they go on the wire (6 or 18
// octets), and n peer ids where they are kept. Up to 2 KiB an array is one block that doubles and halves; beyond, it
// is a directory of 2 KiB pages, so that growth copies nothing and half a page is all that is wasted.
//
// Non-null assertions: positions are below the array's total, and the checks would be paid once a peer a packet.

import { allocate, NO_BLOCK, orderFor, release } from './heap.ts';
import { GROUP, PEER_ID_OCTETS, RECORD, type SwarmShard } from './shard.ts';

const PAGE_ORDER = 9;

// Bits of GROUP.shape: family, order of the block or of the directory, paged or not, number of pages.
const ORDER_SHIFT = 1;
const ORDER_MASK = 31;
const PAGED = 1 << 6;
const PAGES_SHIFT = 8;

/** What a peer does; the low bits of its meta word. */
export const PeerState = { leecher: 0, partial: 1, seed: 2 } as const;
export type PeerState = (typeof PeerState)[keyof typeof PeerState];

// Bits of the meta word above the state.
const STATE_MASK = 3;
/** The client is also present in the other family, and the two count as one. */
export const PAIRED = 1 << 2;
/** Of a pair, the one that is not counted. */
export const SHADOW = 1 << 3;
/** Its `completed` has been counted. */
export const COMPLETED = 1 << 4;
/** Its identity could not be indexed: it is found by endpoint only, and never paired. */
export const NAMELESS = 1 << 5;
const SEEN_SHIFT = 6;
/** Last-seen seconds wrap after two years; ages are taken modulo this. */
const SEEN_MASK = 0x3ffffff;

export function groupOf(torrent: number, family: number): number {
  return torrent + RECORD.ipv4 + family * 4;
}

export function familyIndex(shard: SwarmShard, group: number): number {
  return shard.records[group + GROUP.shape]! & 1;
}

export function endpointOctets(family: number): number {
  return family === 0 ? 6 : 18;
}

/** Peers of each page, or of the one block: the distance between columns. */
export function columnLength(shard: SwarmShard, group: number): number {
  const shape = shard.records[group + GROUP.shape]!;
  const order = (shape & PAGED) !== 0 ? PAGE_ORDER : (shape >>> ORDER_SHIFT) & ORDER_MASK;
  return shard.capacities[(shape & 1) * 32 + order]!;
}

/** The block that holds `position`. */
export function blockAt(shard: SwarmShard, group: number, position: number): number {
  const block = shard.records[group + GROUP.block]!;
  if ((shard.records[group + GROUP.shape]! & PAGED) === 0) return block;
  return shard.heap.words[block + ((position / columnLength(shard, group)) | 0)]!;
}

/** Word offset of the identity at `position`; the client key is one {@link columnLength} on, the meta word two. */
export function identityAt(shard: SwarmShard, group: number, position: number): number {
  return blockAt(shard, group, position) + (position % columnLength(shard, group));
}

/** Word offset of the meta word at `position`. */
export function metaAt(shard: SwarmShard, group: number, position: number): number {
  return identityAt(shard, group, position) + 2 * columnLength(shard, group);
}

/** Octet offset, in the heap, of the endpoint at `position`. */
export function endpointAt(shard: SwarmShard, group: number, position: number): number {
  const length = columnLength(shard, group);
  return (
    4 * (blockAt(shard, group, position) + 3 * length) +
    (position % length) * endpointOctets(familyIndex(shard, group))
  );
}

/** Octet offset, in the heap, of the peer id at `position`; only where the table keeps them. */
export function peerIdAt(shard: SwarmShard, group: number, position: number): number {
  const length = columnLength(shard, group);
  return (
    4 * (blockAt(shard, group, position) + 3 * length) +
    length * endpointOctets(familyIndex(shard, group)) +
    (position % length) * PEER_ID_OCTETS
  );
}

export function stateOf(meta: number): PeerState {
  return (meta & STATE_MASK) as PeerState;
}

export function withState(meta: number, state: PeerState): number {
  return (meta & ~STATE_MASK) | state;
}

export function withSeen(meta: number, nowSeconds: number): number {
  return (meta & ((1 << SEEN_SHIFT) - 1)) | ((nowSeconds & SEEN_MASK) << SEEN_SHIFT);
}

/** Seconds since the peer was seen; a clock that went back counts as no time at all. */
export function ageOf(meta: number, nowSeconds: number): number {
  const age = ((nowSeconds & SEEN_MASK) - (meta >>> SEEN_SHIFT)) & SEEN_MASK;
  return age > SEEN_MASK >>> 1 ? 0 : age;
}

/** Copies every column of one peer over another of the same group. */
export function copyPeer(shard: SwarmShard, group: number, from: number, to: number): void {
  const { words, octets } = shard.heap;
  const length = columnLength(shard, group);
  const source = identityAt(shard, group, from);
  const target = identityAt(shard, group, to);
  for (let column = 0; column < 3 * length; column += length)
    words[target + column] = words[source + column]!;
  const size = endpointOctets(familyIndex(shard, group));
  const start = endpointAt(shard, group, from);
  octets.copyWithin(endpointAt(shard, group, to), start, start + size);
  if (!shard.limits.keepPeerIds) return;
  const id = peerIdAt(shard, group, from);
  octets.copyWithin(peerIdAt(shard, group, to), id, id + PEER_ID_OCTETS);
}

/**
 * How many peers of a group that may be damaged can be read without leaving the heap; 0 when its description makes
 * no sense.
 */
export function readablePeers(shard: SwarmShard, group: number, family: number): number {
  const { records, heap, capacities } = shard;
  const { words, topOrder } = heap;
  const shape = records[group + GROUP.shape]!;
  const block = records[group + GROUP.block]!;
  const order = (shape >>> ORDER_SHIFT) & ORDER_MASK;
  const total = records[group + GROUP.total]!;
  if ((shape & 1) !== family || total <= 0 || block <= NO_BLOCK || order > topOrder) return 0;
  if (block + 2 ** order > words.length) return 0;
  if ((shape & PAGED) === 0) return Math.min(total, capacities[family * 32 + order]!);
  const pages = shape >>> PAGES_SHIFT;
  if (pages > 2 ** order) return 0;
  let sound = 0;
  while (sound < pages && isPage(words, words[block + sound]!)) sound++;
  return Math.min(total, sound * capacities[family * 32 + PAGE_ORDER]!);
}

function isPage(words: Int32Array, page: number): boolean {
  return page > NO_BLOCK && page + (1 << PAGE_ORDER) <= words.length;
}

/** Makes place for one peer more; false when the heap is full, and then nothing has changed. */
export function ensureRoom(shard: SwarmShard, group: number): boolean {
  const { records, heap } = shard;
  const total = records[group + GROUP.total]!;
  const shape = records[group + GROUP.shape]!;
  const block = records[group + GROUP.block]!;
  const family = shape & 1;
  if (block === NO_BLOCK) return setFlat(shard, group, orderFor(shard.peerOctets[family]!));
  if ((shape & PAGED) === 0) {
    const order = (shape >>> ORDER_SHIFT) & ORDER_MASK;
    if (total < shard.capacities[family * 32 + order]!) return true;
    if (order < PAGE_ORDER) return setFlat(shard, group, order + 1);
    const directory = allocate(heap, orderFor(2 * 4));
    if (directory === NO_BLOCK) return false;
    heap.words[directory] = block;
    records[group + GROUP.block] = directory;
    setPaged(shard, group, orderFor(2 * 4), 1);
    return addPage(shard, group);
  }
  if (total < (shape >>> PAGES_SHIFT) * shard.capacities[family * 32 + PAGE_ORDER]!) return true;
  return addPage(shard, group);
}

/** Gives back what a smaller total leaves unused, with enough slack that one peer more or less moves nothing. */
export function trim(shard: SwarmShard, group: number): void {
  const { records, heap } = shard;
  const total = records[group + GROUP.total]!;
  const shape = records[group + GROUP.shape]!;
  const block = records[group + GROUP.block]!;
  const order = (shape >>> ORDER_SHIFT) & ORDER_MASK;
  const family = shape & 1;
  if ((shape & PAGED) === 0) {
    if (block === NO_BLOCK) return;
    if (total === 0) {
      release(heap, block, order);
      records[group + GROUP.block] = NO_BLOCK;
      records[group + GROUP.shape] = family;
    } else if (total <= shard.capacities[family * 32 + order - 1]! >>> 1) setFlat(shard, group, order - 1);
    return;
  }
  const perPage = shard.capacities[family * 32 + PAGE_ORDER]!;
  let pages = shape >>> PAGES_SHIFT;
  while (pages > 1 && total <= (pages - 1) * perPage - (perPage >>> 1)) {
    pages--;
    release(heap, heap.words[block + pages]!, PAGE_ORDER);
  }
  if (pages > 1) {
    setPaged(shard, group, order, pages);
    return;
  }
  records[group + GROUP.block] = heap.words[block]!;
  records[group + GROUP.shape] = family | (PAGE_ORDER << ORDER_SHIFT);
  release(heap, block, order);
}

function setPaged(shard: SwarmShard, group: number, order: number, pages: number): void {
  shard.records[group + GROUP.shape] =
    familyIndex(shard, group) | (order << ORDER_SHIFT) | PAGED | (pages << PAGES_SHIFT);
}

function addPage(shard: SwarmShard, group: number): boolean {
  const { records, heap } = shard;
  const shape = records[group + GROUP.shape]!;
  const pages = shape >>> PAGES_SHIFT;
  let order = (shape >>> ORDER_SHIFT) & ORDER_MASK;
  if (pages === 1 << order) {
    const old = records[group + GROUP.block]!;
    const directory = allocate(heap, order + 1);
    if (directory === NO_BLOCK) return false;
    for (let page = 0; page < pages; page++) heap.words[directory + page] = heap.words[old + page]!;
    release(heap, old, order);
    records[group + GROUP.block] = directory;
    order++;
    setPaged(shard, group, order, pages);
  }
  const page = allocate(heap, PAGE_ORDER);
  if (page === NO_BLOCK) return false;
  heap.words[records[group + GROUP.block]! + pages] = page;
  setPaged(shard, group, order, pages + 1);
  return true;
}

/** Moves the peers, which must fit, to one block of `order`; false when there is none, and then nothing has changed. */
function setFlat(shard: SwarmShard, group: number, order: number): boolean {
  const { records, heap, capacities } = shard;
  const { words, octets } = heap;
  const block = allocate(heap, order);
  if (block === NO_BLOCK) return false;
  const shape = records[group + GROUP.shape]!;
  const family = shape & 1;
  const old = records[group + GROUP.block]!;
  if (old !== NO_BLOCK) {
    const total = records[group + GROUP.total]!;
    const oldOrder = (shape >>> ORDER_SHIFT) & ORDER_MASK;
    const oldLength = capacities[family * 32 + oldOrder]!;
    const length = capacities[family * 32 + order]!;
    for (let column = 0; column < 3; column++) {
      const start = old + column * oldLength;
      words.copyWithin(block + column * length, start, start + total);
    }
    const size = endpointOctets(family);
    const from = 4 * (old + 3 * oldLength);
    const to = 4 * (block + 3 * length);
    octets.copyWithin(to, from, from + total * size);
    if (shard.limits.keepPeerIds) {
      const ids = from + oldLength * size;
      octets.copyWithin(to + length * size, ids, ids + total * PEER_ID_OCTETS);
    }
    release(heap, old, oldOrder);
  }
  records[group + GROUP.block] = block;
  records[group + GROUP.shape] = family | (order << ORDER_SHIFT);
  return true;
}
