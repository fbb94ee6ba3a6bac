// Joining, changing and leaving a swarm, with the counts. Counts are of clients: every peer counts but the shadow of
// a pair, and a pair is one client that is present in both families (BEHAVIOUR §8). Whatever happens to one half is
// done so that this stays true whichever other half the search finds.

import { copyOctets } from '../octets/big-endian.ts';
import {
  ensureIndexRoom,
  findIdentity,
  indexEndpoint,
  indexPeer,
  NOT_FOUND,
  reindexPeer,
  trimIndex,
  unindexEndpoint,
  unindexPeer,
  Want,
} from './peer-index.ts';
import {
  COMPLETED,
  columnLength,
  copyPeer,
  endpointAt,
  endpointOctets,
  ensureRoom,
  groupOf,
  identityAt,
  metaAt,
  NAMELESS,
  PAIRED,
  PeerState,
  peerIdAt,
  SHADOW,
  stateOf,
  trim,
  withSeen,
  withState,
} from './peers.ts';
import { GROUP, HEAD, PEER_ID_OCTETS, RECORD, type SwarmTable } from './table.ts';

/** Where a joining peer's id is. */
export interface PeerIdSource {
  readonly octets: Uint8Array;
  readonly peerIdOffset: number;
}

/**
 * Adds the sought peer. It must not be there under the same endpoint. Returns its position, or {@link NOT_FOUND}
 * when the heap is full.
 */
export function joinSwarm(
  table: SwarmTable,
  torrent: number,
  family: number,
  state: PeerState,
  source: PeerIdSource,
  nowSeconds: number,
): number {
  const group = groupOf(torrent, family);
  const { records, head, heap, sought } = table;
  if (!ensureIndexRoom(table, torrent) || !ensureRoom(table, group)) return NOT_FOUND;
  let position = records[group + GROUP.total]!;
  if (state === PeerState.leecher) {
    const first = records[group + GROUP.leechers]!;
    if (first < position) movePeer(table, torrent, family, first, position);
    position = first;
    records[group + GROUP.leechers] = first + 1;
  }
  const length = columnLength(table, group);
  const at = identityAt(table, group, position);
  heap.words[at] = sought.identity;
  heap.words[at + length] = sought.clientKey;
  heap.words[at + 2 * length] = withSeen(state, nowSeconds);
  writeEndpoint(table, group, position);
  if (table.limits.keepPeerIds) {
    const id = peerIdAt(table, group, position);
    copyOctets(source.octets, source.peerIdOffset, PEER_ID_OCTETS, heap.octets, id);
  }
  indexPeer(table, torrent, family, position);
  records[group + GROUP.total] = records[group + GROUP.total]! + 1;
  head[HEAD.peers + family] = head[HEAD.peers + family]! + 1;
  count(table, torrent, state, 1);
  pair(table, torrent, family, position);
  return position;
}

function writeEndpoint(table: SwarmTable, group: number, position: number): void {
  const at = endpointAt(table, group, position);
  copyOctets(
    table.sought.endpoint,
    0,
    endpointOctets(table.records[group + GROUP.shape]! & 1),
    table.heap.octets,
    at,
  );
}

/** Removes the peer at `position`; another may stand there afterwards. */
export function leaveSwarm(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const { records, head } = table;
  unpair(table, torrent, family, position);
  count(table, torrent, stateOf(table.heap.words[metaAt(table, group, position)]!), -1);
  unindexPeer(table, torrent, family, position);
  const last = records[group + GROUP.total]! - 1;
  const leechers = records[group + GROUP.leechers]!;
  if (position < leechers) {
    const lastLeecher = leechers - 1;
    if (position !== lastLeecher) movePeer(table, torrent, family, lastLeecher, position);
    if (lastLeecher !== last) movePeer(table, torrent, family, last, lastLeecher);
    records[group + GROUP.leechers] = lastLeecher;
  } else if (position !== last) movePeer(table, torrent, family, last, position);
  records[group + GROUP.total] = last;
  head[HEAD.peers + family] = head[HEAD.peers + family]! - 1;
  trim(table, group);
  trimIndex(table, torrent);
}

/** Over a place whose own peer has been moved or unindexed. */
function movePeer(table: SwarmTable, torrent: number, family: number, from: number, to: number): void {
  reindexPeer(table, torrent, family, from, to);
  copyPeer(table, groupOf(torrent, family), from, to);
}

/** The peer announced from another port or address: the sought endpoint replaces its own. */
export function changeEndpoint(table: SwarmTable, torrent: number, family: number, position: number): void {
  unindexEndpoint(table, torrent, family, position);
  writeEndpoint(table, groupOf(torrent, family), position);
  indexEndpoint(table, torrent, family, position);
}

/** The sought client key replaces the one that was there; pairs are made anew. */
export function changeClientKey(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  unpair(table, torrent, family, position);
  table.heap.words[identityAt(table, group, position) + columnLength(table, group)] = table.sought.clientKey;
  pair(table, torrent, family, position);
}

/** Sets what the peer does, and its other half with it. Returns its position, which may have changed. */
export function changeState(
  table: SwarmTable,
  torrent: number,
  family: number,
  position: number,
  state: PeerState,
): number {
  const meta = table.heap.words[metaAt(table, groupOf(torrent, family), position)]!;
  if (stateOf(meta) === state) return position;
  if ((meta & PAIRED) !== 0) {
    const other = otherHalf(table, torrent, family, position);
    if (other !== NOT_FOUND) setState(table, torrent, 1 - family, other, state);
  }
  return setState(table, torrent, family, position, state);
}

function setState(
  table: SwarmTable,
  torrent: number,
  family: number,
  position: number,
  state: PeerState,
): number {
  const group = groupOf(torrent, family);
  const { records } = table;
  const { words } = table.heap;
  const meta = words[metaAt(table, group, position)]!;
  if ((meta & SHADOW) === 0) {
    count(table, torrent, stateOf(meta), -1);
    count(table, torrent, state, 1);
  }
  const leechers = records[group + GROUP.leechers]!;
  let place = position;
  if (state === PeerState.leecher && position >= leechers) {
    place = leechers;
    records[group + GROUP.leechers] = leechers + 1;
  } else if (state !== PeerState.leecher && position < leechers) {
    place = leechers - 1;
    records[group + GROUP.leechers] = place;
  }
  if (place !== position) exchangePeers(table, torrent, family, position, place);
  const at = metaAt(table, group, place);
  words[at] = withState(words[at]!, state);
  return place;
}

function exchangePeers(table: SwarmTable, torrent: number, family: number, one: number, other: number): void {
  const group = groupOf(torrent, family);
  const { words, octets } = table.heap;
  const oneEntry = identityAt(table, group, one);
  const otherEntry = identityAt(table, group, other);
  const length = columnLength(table, group);
  unindexPeer(table, torrent, family, one);
  unindexPeer(table, torrent, family, other);
  for (let column = 0; column < 3 * length; column += length) {
    const held = words[oneEntry + column]!;
    words[oneEntry + column] = words[otherEntry + column]!;
    words[otherEntry + column] = held;
  }
  exchangeOctets(
    octets,
    endpointAt(table, group, one),
    endpointAt(table, group, other),
    endpointOctets(family),
  );
  if (table.limits.keepPeerIds) {
    exchangeOctets(octets, peerIdAt(table, group, one), peerIdAt(table, group, other), PEER_ID_OCTETS);
  }
  indexPeer(table, torrent, family, one);
  indexPeer(table, torrent, family, other);
}

function exchangeOctets(octets: Uint8Array, one: number, other: number, length: number): void {
  for (let index = 0; index < length; index++) {
    const held = octets[one + index]!;
    octets[one + index] = octets[other + index]!;
    octets[other + index] = held;
  }
}

/** Counts `completed` once a client; true when it had not been counted. */
export function countCompleted(
  table: SwarmTable,
  torrent: number,
  family: number,
  position: number,
): boolean {
  const { words } = table.heap;
  const at = metaAt(table, groupOf(torrent, family), position);
  if ((words[at]! & COMPLETED) !== 0) return false;
  words[at] = words[at]! | COMPLETED;
  const other = otherHalf(table, torrent, family, position);
  if (other !== NOT_FOUND) {
    const otherAt = metaAt(table, groupOf(torrent, 1 - family), other);
    words[otherAt] = words[otherAt]! | COMPLETED;
  }
  table.records[torrent + RECORD.downloaded] = table.records[torrent + RECORD.downloaded]! + 1;
  return true;
}

/** Position, in the other family, of the same client; {@link NOT_FOUND} when it has only one. */
export function otherHalf(table: SwarmTable, torrent: number, family: number, position: number): number {
  const group = groupOf(torrent, family);
  const { words } = table.heap;
  const meta = words[metaAt(table, group, position)]!;
  if ((meta & PAIRED) === 0) return NOT_FOUND;
  const held = table.sought.identity;
  table.sought.identity = words[identityAt(table, group, position)]!;
  const other = findIdentity(table, torrent, 1 - family, (meta & SHADOW) !== 0 ? Want.counted : Want.shadow);
  table.sought.identity = held;
  return other;
}

/** Looks for the same client in the other family; from then on the one at `position` is the shadow. */
function pair(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const otherGroup = groupOf(torrent, 1 - family);
  const { words } = table.heap;
  const at = metaAt(table, group, position);
  if ((words[at]! & NAMELESS) !== 0 || table.records[otherGroup + GROUP.total] === 0) return;
  const entry = identityAt(table, group, position);
  table.sought.identity = words[entry]!;
  table.sought.clientKey = words[entry + columnLength(table, group)]!;
  const found = findIdentity(table, torrent, 1 - family, Want.twin);
  if (found === NOT_FOUND) return;
  const state = stateOf(words[at]!);
  count(table, torrent, state, -1);
  const twin = setState(table, torrent, 1 - family, found, state);
  const twinAt = metaAt(table, otherGroup, twin);
  const completed = (words[at]! | words[twinAt]!) & COMPLETED;
  words[at] = words[at]! | PAIRED | SHADOW | completed;
  words[twinAt] = words[twinAt]! | PAIRED | completed;
}

/** Makes both halves count by themselves. */
function unpair(table: SwarmTable, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const { words } = table.heap;
  const at = metaAt(table, group, position);
  const other = otherHalf(table, torrent, family, position);
  if (other !== NOT_FOUND) unshadow(table, torrent, metaAt(table, groupOf(torrent, 1 - family), other));
  if ((words[at]! & PAIRED) !== 0) unshadow(table, torrent, at);
}

function unshadow(table: SwarmTable, torrent: number, at: number): void {
  const { words } = table.heap;
  const meta = words[at]!;
  if ((meta & SHADOW) !== 0) count(table, torrent, stateOf(meta), 1);
  words[at] = meta & ~(PAIRED | SHADOW);
}

function count(table: SwarmTable, torrent: number, state: PeerState, by: 1 | -1): void {
  const { records, head } = table;
  if (state === PeerState.seed) {
    records[torrent + RECORD.complete] = records[torrent + RECORD.complete]! + by;
    head[HEAD.seeds] = head[HEAD.seeds]! + by;
    return;
  }
  records[torrent + RECORD.incomplete] = records[torrent + RECORD.incomplete]! + by;
  head[HEAD.leechers] = head[HEAD.leechers]! + by;
  if (state === PeerState.partial)
    records[torrent + RECORD.partial] = records[torrent + RECORD.partial]! + by;
}
