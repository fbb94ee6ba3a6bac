// Joining, changing and leaving a swarm.
// Parameters are positional: an object a call is what this table exists to avoid.

import { copyOctets } from '../octets/big-endian.ts';
import { otherHalf, pair, unpair } from './pairs.ts';
import {
  ensureIndexRoom,
  indexEndpoint,
  indexPeer,
  NOT_FOUND,
  trimIndex,
  unindexEndpoint,
  unindexPeer,
} from './peer-index.ts';
import {
  columnLength,
  endpointAt,
  endpointOctets,
  ensureRoom,
  groupOf,
  identityAt,
  metaAt,
  PAIRED,
  PeerState,
  peerIdAt,
  stateOf,
  trim,
  withSeen,
} from './peers.ts';
import { count, movePeer, setState } from './standing.ts';
import { GROUP, HEAD, PEER_ID_OCTETS, type SwarmTable } from './table.ts';

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
