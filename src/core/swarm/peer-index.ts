// Finding a peer in its torrent, by endpoint or by identity. Small swarms are scanned. Beyond SCAN_LIMIT peers a
// torrent has an open-addressed index over both families, in which every peer stands twice: once by the keyed hash of
// its endpoint, once by its identity. Entries say where the peer is; what it is is read there. Two octets an entry,
// four in the largest.
// Parameters are positional: an object a call is what this code exists to avoid.

import { sipHash13 } from '../octets/siphash.ts';
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
import { GROUP, RECORD, type SwarmShard } from './shard.ts';
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
 * entered nor looked for, and its peers are found by endpoint only. Runs of three quarters full indexes pass 64 slots
 * once in a thousand peers, and 256 hardly ever: honest ones are not to be met by this.
 */
const IDENTITY_PROBES = 256;

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
  /** The asker's own former entry at the same endpoint. */
  same: 4,
} as const;
export type Want = (typeof Want)[keyof typeof Want];

/** Hashes what is in `shard.sought.endpoint`. */
export function hashSoughtEndpoint(shard: SwarmShard, family: number): void {
  shard.sought.endpointHash = sipHash13(shard.key, shard.sought.endpoint, 0, endpointOctets(family));
}

/** Position of the sought endpoint, or {@link NOT_FOUND}. */
export function findEndpoint(shard: SwarmShard, torrent: number, family: number): number {
  const group = groupOf(torrent, family);
  if (shard.records[torrent + RECORD.indexOrder] === 0) {
    const total = shard.records[group + GROUP.total]!;
    for (let position = 0; position < total; position++) {
      if (hasSoughtEndpoint(shard, group, position)) return position;
    }
    return NOT_FOUND;
  }
  const mask = slotMask(shard, torrent);
  let slot = shard.sought.endpointHash & mask;
  for (;;) {
    const entry = readSlot(shard, torrent, slot) - 1;
    if (entry < 0) return NOT_FOUND;
    if ((entry & 3) === (family << 1) + ENDPOINT && hasSoughtEndpoint(shard, group, entry >>> 2)) {
      return entry >>> 2;
    }
    slot = (slot + 1) & mask;
  }
}

/** Position of a peer with the sought identity that is what `want` says, or {@link NOT_FOUND}. */
export function findIdentity(shard: SwarmShard, torrent: number, family: number, want: Want): number {
  const group = groupOf(torrent, family);
  const { words } = shard.heap;
  const total = shard.records[group + GROUP.total]!;
  const { identity } = shard.sought;
  if (shard.records[torrent + RECORD.indexOrder] === 0) {
    for (let position = 0; position < total; position++) {
      if (words[identityAt(shard, group, position)] !== identity) continue;
      if (isWanted(shard, group, position, want)) return position;
    }
    return NOT_FOUND;
  }
  if (total === 0) return NOT_FOUND;
  const mask = slotMask(shard, torrent);
  const tag = (family << 1) + IDENTITY;
  const probes = want === Want.counted || want === Want.shadow ? mask : IDENTITY_PROBES;
  for (let probe = 0; probe < probes; probe++) {
    const entry = readSlot(shard, torrent, (identity + probe) & mask) - 1;
    if (entry < 0) return NOT_FOUND;
    if ((entry & 3) !== tag || words[identityAt(shard, group, entry >>> 2)] !== identity) continue;
    if (isWanted(shard, group, entry >>> 2, want)) return entry >>> 2;
  }
  return NOT_FOUND;
}

/** The peer at `position` has the endpoint in `shard.sought`. */
export function hasSoughtEndpoint(shard: SwarmShard, group: number, position: number): boolean {
  const size = endpointOctets(shard.records[group + GROUP.shape]! & 1);
  return sharesOctets(shard, endpointAt(shard, group, position), 0, size);
}

function sharesOctets(shard: SwarmShard, at: number, from: number, to: number): boolean {
  const { octets } = shard.heap;
  const { endpoint } = shard.sought;
  // Backwards: ports differ sooner than addresses do.
  for (let index = to - 1; index >= from; index--) {
    if (octets[at + index] !== endpoint[index]) return false;
  }
  return true;
}

function isWanted(shard: SwarmShard, group: number, position: number, want: Want): boolean {
  if (want === Want.same) return hasSoughtEndpoint(shard, group, position);
  const meta = shard.heap.words[metaAt(shard, group, position)]!;
  if (want === Want.counted) return (meta & (PAIRED | SHADOW)) === PAIRED;
  if (want === Want.shadow) return (meta & SHADOW) !== 0;
  const clientKey = shard.heap.words[identityAt(shard, group, position) + columnLength(shard, group)]!;
  const { sought } = shard;
  if (want === Want.twin) {
    return (meta & (PAIRED | NAMELESS)) === 0 && sameClientKey(clientKey, sought.clientKey);
  }
  const address = endpointOctets(shard.records[group + GROUP.shape]! & 1) - 2;
  if (sharesOctets(shard, endpointAt(shard, group, position), 0, address)) return true;
  return clientKey !== 0 && sought.clientKey !== 0 && sameClientKey(clientKey, sought.clientKey);
}

/** Makes sure that one peer more can be indexed; false when the heap is full, and then nothing has changed. */
export function ensureIndexRoom(shard: SwarmShard, torrent: number): boolean {
  const peers = peersOf(shard, torrent) + 1;
  const order = shard.records[torrent + RECORD.indexOrder]!;
  if (order === 0) return peers <= SCAN_LIMIT || rebuildIndex(shard, torrent, SMALLEST_INDEX_ORDER);
  if (peers * 8 <= (slotMask(shard, torrent) + 1) * 3) return true;
  // From two-octet entries to four, the same number of slots takes twice the words.
  return rebuildIndex(shard, torrent, order === LARGEST_NARROW_ORDER ? order + 2 : order + 1);
}

/** Gives the index up, or halves it, when few peers are left. */
export function trimIndex(shard: SwarmShard, torrent: number): void {
  const order = shard.records[torrent + RECORD.indexOrder]!;
  if (order === 0) return;
  const peers = peersOf(shard, torrent);
  if (peers <= UNINDEX_LIMIT) {
    release(shard.heap, shard.records[torrent + RECORD.indexBlock]!, order);
    shard.records[torrent + RECORD.indexOrder] = 0;
  } else if (order > SMALLEST_INDEX_ORDER && peers * 16 < slotMask(shard, torrent) + 1) {
    rebuildIndex(shard, torrent, order === LARGEST_NARROW_ORDER + 2 ? order - 2 : order - 1);
  }
}

function rebuildIndex(shard: SwarmShard, torrent: number, order: number): boolean {
  const { records, heap } = shard;
  const block = allocate(heap, order);
  if (block === NO_BLOCK) return false;
  const oldOrder = records[torrent + RECORD.indexOrder]!;
  if (oldOrder !== 0) release(heap, records[torrent + RECORD.indexBlock]!, oldOrder);
  heap.words.fill(0, block, block + (1 << order));
  records[torrent + RECORD.indexBlock] = block;
  records[torrent + RECORD.indexOrder] = order;
  for (let family = 0; family < 2; family++) {
    const total = records[groupOf(torrent, family) + GROUP.total]!;
    for (let position = 0; position < total; position++) indexPeer(shard, torrent, family, position);
  }
  return true;
}

function slotMask(shard: SwarmShard, torrent: number): number {
  const order = shard.records[torrent + RECORD.indexOrder]!;
  return (order <= LARGEST_NARROW_ORDER ? 2 << order : 1 << order) - 1;
}

function readSlot(shard: SwarmShard, torrent: number, slot: number): number {
  const block = shard.records[torrent + RECORD.indexBlock]!;
  return shard.records[torrent + RECORD.indexOrder]! <= LARGEST_NARROW_ORDER
    ? shard.heap.halves[2 * block + slot]!
    : shard.heap.words[block + slot]!;
}

function writeSlot(shard: SwarmShard, torrent: number, slot: number, entry: number): void {
  const block = shard.records[torrent + RECORD.indexBlock]!;
  if (shard.records[torrent + RECORD.indexOrder]! <= LARGEST_NARROW_ORDER) {
    shard.heap.halves[2 * block + slot] = entry;
  } else shard.heap.words[block + slot] = entry;
}

function entryFor(position: number, family: number, kind: number): number {
  return ((position << 2) | (family << 1) | kind) + 1;
}

/** The hash by which an entry (without its + 1) is placed. */
function hashOf(shard: SwarmShard, torrent: number, entry: number): number {
  const family = (entry >>> 1) & 1;
  const group = groupOf(torrent, family);
  if ((entry & 1) === IDENTITY) return shard.heap.words[identityAt(shard, group, entry >>> 2)]!;
  const at = endpointAt(shard, group, entry >>> 2);
  return sipHash13(shard.key, shard.heap.octets, at, endpointOctets(family));
}

/** Enters a peer that stands in its array; does nothing in a swarm without index. */
export function indexPeer(shard: SwarmShard, torrent: number, family: number, position: number): void {
  if (shard.records[torrent + RECORD.indexOrder] === 0) return;
  indexEndpoint(shard, torrent, family, position);
  const meta = metaAt(shard, groupOf(torrent, family), position);
  if ((shard.heap.words[meta]! & NAMELESS) !== 0) return;
  const entry = entryFor(position, family, IDENTITY);
  const paired = (shard.heap.words[meta]! & PAIRED) !== 0;
  if (!place(shard, torrent, entry, paired ? 0x7fffffff : IDENTITY_PROBES)) {
    shard.heap.words[meta] = shard.heap.words[meta]! | NAMELESS;
  }
}

export function indexEndpoint(shard: SwarmShard, torrent: number, family: number, position: number): void {
  if (shard.records[torrent + RECORD.indexOrder] === 0) return;
  place(shard, torrent, entryFor(position, family, ENDPOINT), 0x7fffffff);
}

function place(shard: SwarmShard, torrent: number, entry: number, probes: number): boolean {
  const mask = slotMask(shard, torrent);
  const home = hashOf(shard, torrent, entry - 1);
  for (let probe = 0; probe < probes; probe++) {
    const slot = (home + probe) & mask;
    if (readSlot(shard, torrent, slot) !== 0) continue;
    writeSlot(shard, torrent, slot, entry);
    return true;
  }
  return false;
}

/** Takes a peer out before it leaves its array. */
export function unindexPeer(shard: SwarmShard, torrent: number, family: number, position: number): void {
  if (shard.records[torrent + RECORD.indexOrder] === 0) return;
  unindexEndpoint(shard, torrent, family, position);
  const meta = shard.heap.words[metaAt(shard, groupOf(torrent, family), position)]!;
  if ((meta & NAMELESS) === 0) remove(shard, torrent, entryFor(position, family, IDENTITY));
}

/** Takes the endpoint out before it changes. */
export function unindexEndpoint(shard: SwarmShard, torrent: number, family: number, position: number): void {
  if (shard.records[torrent + RECORD.indexOrder] === 0) return;
  remove(shard, torrent, entryFor(position, family, ENDPOINT));
}

/** Must be called while the peer still stands at `from`, and before anything else is entered for `to`. */
export function reindexPeer(
  shard: SwarmShard,
  torrent: number,
  family: number,
  from: number,
  to: number,
): void {
  if (shard.records[torrent + RECORD.indexOrder] === 0) return;
  const endpoint = slotOf(shard, torrent, entryFor(from, family, ENDPOINT));
  writeSlot(shard, torrent, endpoint, entryFor(to, family, ENDPOINT));
  const meta = shard.heap.words[metaAt(shard, groupOf(torrent, family), from)]!;
  if ((meta & NAMELESS) !== 0) return;
  const identity = slotOf(shard, torrent, entryFor(from, family, IDENTITY));
  writeSlot(shard, torrent, identity, entryFor(to, family, IDENTITY));
}

function slotOf(shard: SwarmShard, torrent: number, entry: number): number {
  const mask = slotMask(shard, torrent);
  let slot = hashOf(shard, torrent, entry - 1) & mask;
  while (readSlot(shard, torrent, slot) !== entry) slot = (slot + 1) & mask;
  return slot;
}

/** Removes an entry and moves later ones of the run back over it (Knuth 6.4, algorithm R). */
function remove(shard: SwarmShard, torrent: number, removed: number): void {
  const mask = slotMask(shard, torrent);
  let hole = slotOf(shard, torrent, removed);
  let slot = hole;
  for (;;) {
    slot = (slot + 1) & mask;
    const entry = readSlot(shard, torrent, slot);
    if (entry === 0) break;
    const home = hashOf(shard, torrent, entry - 1);
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    writeSlot(shard, torrent, hole, entry);
    hole = slot;
  }
  writeSlot(shard, torrent, hole, 0);
}
