// Finding a peer in its torrent, by endpoint or by identity. Small swarms are scanned. Beyond SCAN_LIMIT peers a
// torrent has an open-addressed index over both families, in which every peer stands twice: once by the keyed hash of
// its endpoint, once by its identity. Entries say where the peer is; what it is is read there. Two octets an entry,
// four in the largest.
// Parameters are positional: an object a call is what this code exists to avoid.

import { sipHash24 } from '../octets/siphash.ts';
import { sameClientKey } from './client-key.ts';
import { allocate, NO_BLOCK, release } from './heap.ts';
import {
  columnLength,
  endpointAt,
  endpointOctets,
  groupOf,
  identityAt,
  metaAt,
  NAMELESS,
  PAIRED,
  SHADOW,
} from './peers.ts';
import { GROUP, RECORD, type SwarmTable } from './table.ts';
import { peersOf } from './torrents.ts';

/** Scanning this many words costs about what one keyed hash and a probe cost. */
const SCAN_LIMIT = 32;
/** A swarm that shrank to this gives its index up. */
const UNINDEX_LIMIT = 16;
const SMALLEST_INDEX_ORDER = 6;
/** Words of the largest index with two-octet entries: 32,768 slots, so at most 24,576 entries, 12,288 peers. */
const LARGEST_NARROW_ORDER = 14;
/**
 * Strangers may give one peer id to any number of endpoints; past this many slots such an identity is neither
 * entered nor looked for, and its peers are found by endpoint only.
 */
const IDENTITY_PROBES = 64;

export const NOT_FOUND = -1;

const IDENTITY = 0;
const ENDPOINT = 1;

/** Which peer with the sought identity is meant. */
export const Want = {
  /** The asker's own former entry: same address, or the same client key on both. */
  own: 0,
  /** An entry not yet paired whose client key does not differ. */
  twin: 1,
  /** The counted half of a pair. */
  counted: 2,
  /** The uncounted half of a pair. */
  shadow: 3,
} as const;
export type Want = (typeof Want)[keyof typeof Want];

/** Hashes what is in `table.sought.endpoint`. */
export function hashSoughtEndpoint(table: SwarmTable, family: number): void {
  table.sought.endpointHash = sipHash24(table.key, table.sought.endpoint, 0, endpointOctets(family));
}

/** Position of the sought endpoint, or {@link NOT_FOUND}. */
export function findEndpoint(table: SwarmTable, torrent: number, family: number): number {
  const group = groupOf(torrent, family);
  if (table.records[torrent + RECORD.indexOrder] === 0) {
    const total = table.records[group + GROUP.total]!;
    for (let position = 0; position < total; position++) {
      if (hasSoughtEndpoint(table, group, position)) return position;
    }
    return NOT_FOUND;
  }
  const mask = slotMask(table, torrent);
  let slot = table.sought.endpointHash & mask;
  for (;;) {
    const entry = readSlot(table, torrent, slot) - 1;
    if (entry < 0) return NOT_FOUND;
    if ((entry & 3) === (family << 1) + ENDPOINT && hasSoughtEndpoint(table, group, entry >>> 2)) {
      return entry >>> 2;
    }
    slot = (slot + 1) & mask;
  }
}

/** Position of a peer with the sought identity that is what `want` says, or {@link NOT_FOUND}. */
export function findIdentity(table: SwarmTable, torrent: number, family: number, want: Want): number {
  const group = groupOf(torrent, family);
  const { words } = table.heap;
  const total = table.records[group + GROUP.total]!;
  const { identity } = table.sought;
  if (table.records[torrent + RECORD.indexOrder] === 0) {
    for (let position = 0; position < total; position++) {
      if (words[identityAt(table, group, position)] !== identity) continue;
      if (isWanted(table, group, position, want)) return position;
    }
    return NOT_FOUND;
  }
  if (total === 0) return NOT_FOUND;
  const mask = slotMask(table, torrent);
  const tag = (family << 1) + IDENTITY;
  const probes = want === Want.own || want === Want.twin ? IDENTITY_PROBES : mask;
  for (let probe = 0; probe < probes; probe++) {
    const entry = readSlot(table, torrent, (identity + probe) & mask) - 1;
    if (entry < 0) return NOT_FOUND;
    if ((entry & 3) !== tag || words[identityAt(table, group, entry >>> 2)] !== identity) continue;
    if (isWanted(table, group, entry >>> 2, want)) return entry >>> 2;
  }
  return NOT_FOUND;
}

/** The peer at `position` has the endpoint in `table.sought`. */
export function hasSoughtEndpoint(table: SwarmTable, group: number, position: number): boolean {
  const size = endpointOctets(table.records[group + GROUP.shape]! & 1);
  return sharesOctets(table, endpointAt(table, group, position), 0, size);
}

function sharesOctets(table: SwarmTable, at: number, from: number, to: number): boolean {
  const { octets } = table.heap;
  const { endpoint } = table.sought;
  // Backwards: ports differ sooner than addresses do.
  for (let index = to - 1; index >= from; index--) {
    if (octets[at + index] !== endpoint[index]) return false;
  }
  return true;
}

function isWanted(table: SwarmTable, group: number, position: number, want: Want): boolean {
  const meta = table.heap.words[metaAt(table, group, position)]!;
  if (want === Want.counted) return (meta & (PAIRED | SHADOW)) === PAIRED;
  if (want === Want.shadow) return (meta & SHADOW) !== 0;
  const clientKey = table.heap.words[identityAt(table, group, position) + columnLength(table, group)]!;
  const { sought } = table;
  if (want === Want.twin) {
    return (meta & (PAIRED | NAMELESS)) === 0 && sameClientKey(clientKey, sought.clientKey);
  }
  const address = endpointOctets(table.records[group + GROUP.shape]! & 1) - 2;
  if (sharesOctets(table, endpointAt(table, group, position), 0, address)) return true;
  return clientKey !== 0 && sought.clientKey !== 0 && sameClientKey(clientKey, sought.clientKey);
}

/** Makes sure that one peer more can be indexed; false when the heap is full, and then nothing has changed. */
export function ensureIndexRoom(table: SwarmTable, torrent: number): boolean {
  const peers = peersOf(table, torrent) + 1;
  const order = table.records[torrent + RECORD.indexOrder]!;
  if (order === 0) return peers <= SCAN_LIMIT || rebuildIndex(table, torrent, SMALLEST_INDEX_ORDER);
  if (peers * 8 <= (slotMask(table, torrent) + 1) * 3) return true;
  // From two-octet entries to four, the same number of slots takes twice the words.
  return rebuildIndex(table, torrent, order === LARGEST_NARROW_ORDER ? order + 2 : order + 1);
}

/** Gives the index up, or halves it, when few peers are left. */
export function trimIndex(table: SwarmTable, torrent: number): void {
  const order = table.records[torrent + RECORD.indexOrder]!;
  if (order === 0) return;
  const peers = peersOf(table, torrent);
  if (peers <= UNINDEX_LIMIT) {
    release(table.heap, table.records[torrent + RECORD.indexBlock]!, order);
    table.records[torrent + RECORD.indexOrder] = 0;
  } else if (order > SMALLEST_INDEX_ORDER && peers * 16 < slotMask(table, torrent) + 1) {
    rebuildIndex(table, torrent, order === LARGEST_NARROW_ORDER + 2 ? order - 2 : order - 1);
  }
}

function rebuildIndex(table: SwarmTable, torrent: number, order: number): boolean {
  const { records, heap } = table;
  const block = allocate(heap, order);
  if (block === NO_BLOCK) return false;
  const oldOrder = records[torrent + RECORD.indexOrder]!;
  if (oldOrder !== 0) release(heap, records[torrent + RECORD.indexBlock]!, oldOrder);
  heap.words.fill(0, block, block + (1 << order));
  records[torrent + RECORD.indexBlock] = block;
  records[torrent + RECORD.indexOrder] = order;
  for (let family = 0; family < 2; family++) {
    const total = records[groupOf(torrent, family) + GROUP.total]!;
    for (let position = 0; position < total; position++) indexPeer(table, torrent, family, position);
  }
  return true;
}

function slotMask(table: SwarmTable, torrent: number): number {
  const order = table.records[torrent + RECORD.indexOrder]!;
  return (order <= LARGEST_NARROW_ORDER ? 2 << order : 1 << order) - 1;
}

function readSlot(table: SwarmTable, torrent: number, slot: number): number {
  const block = table.records[torrent + RECORD.indexBlock]!;
  return table.records[torrent + RECORD.indexOrder]! <= LARGEST_NARROW_ORDER
    ? table.heap.halves[2 * block + slot]!
    : table.heap.words[block + slot]!;
}

function writeSlot(table: SwarmTable, torrent: number, slot: number, entry: number): void {
  const block = table.records[torrent + RECORD.indexBlock]!;
  if (table.records[torrent + RECORD.indexOrder]! <= LARGEST_NARROW_ORDER) {
    table.heap.halves[2 * block + slot] = entry;
  } else table.heap.words[block + slot] = entry;
}

function entryFor(position: number, family: number, kind: number): number {
  return ((position << 2) | (family << 1) | kind) + 1;
}

/** The hash by which an entry (without its + 1) is placed. */
function hashOf(table: SwarmTable, torrent: number, entry: number): number {
  const family = (entry >>> 1) & 1;
  const group = groupOf(torrent, family);
  if ((entry & 1) === IDENTITY) return table.heap.words[identityAt(table, group, entry >>> 2)]!;
  const at = endpointAt(table, group, entry >>> 2);
  return sipHash24(table.key, table.heap.octets, at, endpointOctets(family));
}

/** Enters a peer that stands in its array; does nothing in a swarm without index. */
export function indexPeer(table: SwarmTable, torrent: number, family: number, position: number): void {
  if (table.records[torrent + RECORD.indexOrder] === 0) return;
  indexEndpoint(table, torrent, family, position);
  const meta = metaAt(table, groupOf(torrent, family), position);
  if ((table.heap.words[meta]! & NAMELESS) !== 0) return;
  const entry = entryFor(position, family, IDENTITY);
  const paired = (table.heap.words[meta]! & PAIRED) !== 0;
  if (!place(table, torrent, entry, paired ? 0x7fffffff : IDENTITY_PROBES)) {
    table.heap.words[meta] = table.heap.words[meta]! | NAMELESS;
  }
}

export function indexEndpoint(table: SwarmTable, torrent: number, family: number, position: number): void {
  if (table.records[torrent + RECORD.indexOrder] === 0) return;
  place(table, torrent, entryFor(position, family, ENDPOINT), 0x7fffffff);
}

function place(table: SwarmTable, torrent: number, entry: number, probes: number): boolean {
  const mask = slotMask(table, torrent);
  const home = hashOf(table, torrent, entry - 1);
  for (let probe = 0; probe < probes; probe++) {
    const slot = (home + probe) & mask;
    if (readSlot(table, torrent, slot) !== 0) continue;
    writeSlot(table, torrent, slot, entry);
    return true;
  }
  return false;
}

/** Takes a peer out before it leaves its array. */
export function unindexPeer(table: SwarmTable, torrent: number, family: number, position: number): void {
  if (table.records[torrent + RECORD.indexOrder] === 0) return;
  unindexEndpoint(table, torrent, family, position);
  const meta = table.heap.words[metaAt(table, groupOf(torrent, family), position)]!;
  if ((meta & NAMELESS) === 0) remove(table, torrent, entryFor(position, family, IDENTITY));
}

/** Takes the endpoint out before it changes. */
export function unindexEndpoint(table: SwarmTable, torrent: number, family: number, position: number): void {
  if (table.records[torrent + RECORD.indexOrder] === 0) return;
  remove(table, torrent, entryFor(position, family, ENDPOINT));
}

/** Must be called while the peer still stands at `from`, and before anything else is entered for `to`. */
export function reindexPeer(
  table: SwarmTable,
  torrent: number,
  family: number,
  from: number,
  to: number,
): void {
  if (table.records[torrent + RECORD.indexOrder] === 0) return;
  const endpoint = slotOf(table, torrent, entryFor(from, family, ENDPOINT));
  writeSlot(table, torrent, endpoint, entryFor(to, family, ENDPOINT));
  const meta = table.heap.words[metaAt(table, groupOf(torrent, family), from)]!;
  if ((meta & NAMELESS) !== 0) return;
  const identity = slotOf(table, torrent, entryFor(from, family, IDENTITY));
  writeSlot(table, torrent, identity, entryFor(to, family, IDENTITY));
}

function slotOf(table: SwarmTable, torrent: number, entry: number): number {
  const mask = slotMask(table, torrent);
  let slot = hashOf(table, torrent, entry - 1) & mask;
  while (readSlot(table, torrent, slot) !== entry) slot = (slot + 1) & mask;
  return slot;
}

/** Removes an entry and moves later ones of the run back over it (Knuth 6.4, algorithm R). */
function remove(table: SwarmTable, torrent: number, removed: number): void {
  const mask = slotMask(table, torrent);
  let hole = slotOf(table, torrent, removed);
  let slot = hole;
  for (;;) {
    slot = (slot + 1) & mask;
    const entry = readSlot(table, torrent, slot);
    if (entry === 0) break;
    const home = hashOf(table, torrent, entry - 1);
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    writeSlot(table, torrent, hole, entry);
    hole = slot;
  }
  writeSlot(table, torrent, hole, 0);
}
