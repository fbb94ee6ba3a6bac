// The peers of one family of one torrent: an array in columns, `group` being the word offset of its description in
// the record. Leechers stand first, then seeds and partial seeds, so that what a seed may be given is contiguous.
//
// A block of n peers holds n identities, n client keys, n meta words, n endpoints as they go on the wire (6 or 18
// octets), and n peer ids where they are kept. Up to 2 KiB an array is one block that doubles and halves; beyond, it
// is a directory of 2 KiB pages, so that growth copies nothing and half a page is all that is wasted.
//
// Non-null assertions: positions are below the array's total, and the checks would be paid once a peer a packet.

import { allocate, NO_BLOCK, orderFor, release } from './heap.ts';
import { GROUP, PEER_ID_OCTETS, RECORD, type SwarmTable } from './table.ts';

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

export function familyIndex(table: SwarmTable, group: number): number {
  return table.records[group + GROUP.shape]! & 1;
}

export function endpointOctets(family: number): number {
  return family === 0 ? 6 : 18;
}

/** Peers of each page, or of the one block: the distance between columns. */
export function columnLength(table: SwarmTable, group: number): number {
  const shape = table.records[group + GROUP.shape]!;
  const order = (shape & PAGED) !== 0 ? PAGE_ORDER : (shape >>> ORDER_SHIFT) & ORDER_MASK;
  return table.capacities[(shape & 1) * 32 + order]!;
}

/** The block that holds `position`. */
export function blockAt(table: SwarmTable, group: number, position: number): number {
  const block = table.records[group + GROUP.block]!;
  if ((table.records[group + GROUP.shape]! & PAGED) === 0) return block;
  return table.heap.words[block + Math.floor(position / columnLength(table, group))]!;
}

/** Word offset of the identity at `position`; the client key is one {@link columnLength} on, the meta word two. */
export function identityAt(table: SwarmTable, group: number, position: number): number {
  return blockAt(table, group, position) + (position % columnLength(table, group));
}

/** Word offset of the meta word at `position`. */
export function metaAt(table: SwarmTable, group: number, position: number): number {
  return identityAt(table, group, position) + 2 * columnLength(table, group);
}

/** Octet offset, in the heap, of the endpoint at `position`. */
export function endpointAt(table: SwarmTable, group: number, position: number): number {
  const length = columnLength(table, group);
  return (
    4 * (blockAt(table, group, position) + 3 * length) +
    (position % length) * endpointOctets(familyIndex(table, group))
  );
}

/** Octet offset, in the heap, of the peer id at `position`; only where the table keeps them. */
export function peerIdAt(table: SwarmTable, group: number, position: number): number {
  const length = columnLength(table, group);
  return (
    4 * (blockAt(table, group, position) + 3 * length) +
    length * endpointOctets(familyIndex(table, group)) +
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
export function copyPeer(table: SwarmTable, group: number, from: number, to: number): void {
  const { words, octets } = table.heap;
  const length = columnLength(table, group);
  const source = identityAt(table, group, from);
  const target = identityAt(table, group, to);
  for (let column = 0; column < 3 * length; column += length)
    words[target + column] = words[source + column]!;
  const size = endpointOctets(familyIndex(table, group));
  const start = endpointAt(table, group, from);
  octets.copyWithin(endpointAt(table, group, to), start, start + size);
  if (!table.limits.keepPeerIds) return;
  const id = peerIdAt(table, group, from);
  octets.copyWithin(peerIdAt(table, group, to), id, id + PEER_ID_OCTETS);
}

/** Makes place for one peer more; false when the heap is full, and then nothing has changed. */
export function ensureRoom(table: SwarmTable, group: number): boolean {
  const { records, heap } = table;
  const total = records[group + GROUP.total]!;
  const shape = records[group + GROUP.shape]!;
  const block = records[group + GROUP.block]!;
  const family = shape & 1;
  if (block === NO_BLOCK) return setFlat(table, group, orderFor(table.peerOctets[family]!));
  if ((shape & PAGED) === 0) {
    const order = (shape >>> ORDER_SHIFT) & ORDER_MASK;
    if (total < table.capacities[family * 32 + order]!) return true;
    if (order < PAGE_ORDER) return setFlat(table, group, order + 1);
    const directory = allocate(heap, orderFor(2 * 4));
    if (directory === NO_BLOCK) return false;
    heap.words[directory] = block;
    records[group + GROUP.block] = directory;
    setPaged(table, group, orderFor(2 * 4), 1);
    return addPage(table, group);
  }
  if (total < (shape >>> PAGES_SHIFT) * table.capacities[family * 32 + PAGE_ORDER]!) return true;
  return addPage(table, group);
}

/** Gives back what a smaller total leaves unused, with enough slack that one peer more or less moves nothing. */
export function trim(table: SwarmTable, group: number): void {
  const { records, heap } = table;
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
    } else if (total <= table.capacities[family * 32 + order - 1]! >>> 1) setFlat(table, group, order - 1);
    return;
  }
  const perPage = table.capacities[family * 32 + PAGE_ORDER]!;
  let pages = shape >>> PAGES_SHIFT;
  while (pages > 1 && total <= (pages - 1) * perPage - (perPage >>> 1)) {
    pages--;
    release(heap, heap.words[block + pages]!, PAGE_ORDER);
  }
  if (pages > 1) {
    setPaged(table, group, order, pages);
    return;
  }
  records[group + GROUP.block] = heap.words[block]!;
  records[group + GROUP.shape] = family | (PAGE_ORDER << ORDER_SHIFT);
  release(heap, block, order);
}

function setPaged(table: SwarmTable, group: number, order: number, pages: number): void {
  table.records[group + GROUP.shape] =
    familyIndex(table, group) | (order << ORDER_SHIFT) | PAGED | (pages << PAGES_SHIFT);
}

function addPage(table: SwarmTable, group: number): boolean {
  const { records, heap } = table;
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
    setPaged(table, group, order, pages);
  }
  const page = allocate(heap, PAGE_ORDER);
  if (page === NO_BLOCK) return false;
  heap.words[records[group + GROUP.block]! + pages] = page;
  setPaged(table, group, order, pages + 1);
  return true;
}

/** Moves the peers, which must fit, to one block of `order`; false when there is none, and then nothing has changed. */
function setFlat(table: SwarmTable, group: number, order: number): boolean {
  const { records, heap, capacities } = table;
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
    if (table.limits.keepPeerIds) {
      const ids = from + oldLength * size;
      octets.copyWithin(to + length * size, ids, ids + total * PEER_ID_OCTETS);
    }
    release(heap, old, oldOrder);
  }
  records[group + GROUP.block] = block;
  records[group + GROUP.shape] = family | (order << ORDER_SHIFT);
  return true;
}
