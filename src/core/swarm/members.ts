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
import { GROUP, HEAD, PEER_ID_OCTETS, type SwarmShard } from './shard.ts';
import { count, movePeer, setState } from './standing.ts';

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
  shard: SwarmShard,
  torrent: number,
  family: number,
  state: PeerState,
  source: PeerIdSource,
  nowSeconds: number,
): number {
  const group = groupOf(torrent, family);
  const { records, head, heap, sought } = shard;
  if (!ensureIndexRoom(shard, torrent) || !ensureRoom(shard, group)) return NOT_FOUND;
  let position = records[group + GROUP.total]!;
  if (state === PeerState.leecher) {
    const first = records[group + GROUP.leechers]!;
    if (first < position) movePeer(shard, torrent, family, first, position);
    position = first;
    records[group + GROUP.leechers] = first + 1;
  }
  const length = columnLength(shard, group);
  const at = identityAt(shard, group, position);
  heap.words[at] = sought.identity;
  heap.words[at + length] = sought.clientKey;
  heap.words[at + 2 * length] = withSeen(state, nowSeconds);
  writeEndpoint(shard, group, position);
  if (shard.limits.keepPeerIds) {
    const id = peerIdAt(shard, group, position);
    copyOctets(source.octets, source.peerIdOffset, PEER_ID_OCTETS, heap.octets, id);
  }
  indexPeer(shard, torrent, family, position);
  records[group + GROUP.total] = records[group + GROUP.total]! + 1;
  head[HEAD.peers + family] = head[HEAD.peers + family]! + 1;
  count(shard, torrent, state, 1);
  pair(shard, torrent, family, position);
  return position;
}

function writeEndpoint(shard: SwarmShard, group: number, position: number): void {
  const at = endpointAt(shard, group, position);
  copyOctets(
    shard.sought.endpoint,
    0,
    endpointOctets(shard.records[group + GROUP.shape]! & 1),
    shard.heap.octets,
    at,
  );
}

/** Removes the peer at `position`; another may stand there afterwards. */
export function leaveSwarm(shard: SwarmShard, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  const { records, head } = shard;
  unpair(shard, torrent, family, position);
  count(shard, torrent, stateOf(shard.heap.words[metaAt(shard, group, position)]!), -1);
  unindexPeer(shard, torrent, family, position);
  const last = records[group + GROUP.total]! - 1;
  const leechers = records[group + GROUP.leechers]!;
  if (position < leechers) {
    const lastLeecher = leechers - 1;
    if (position !== lastLeecher) movePeer(shard, torrent, family, lastLeecher, position);
    if (lastLeecher !== last) movePeer(shard, torrent, family, last, lastLeecher);
    records[group + GROUP.leechers] = lastLeecher;
  } else if (position !== last) movePeer(shard, torrent, family, last, position);
  records[group + GROUP.total] = last;
  head[HEAD.peers + family] = head[HEAD.peers + family]! - 1;
  trim(shard, group);
  trimIndex(shard, torrent);
}

/** The peer announced from another port or address: the sought endpoint replaces its own. */
export function changeEndpoint(shard: SwarmShard, torrent: number, family: number, position: number): void {
  unindexEndpoint(shard, torrent, family, position);
  writeEndpoint(shard, groupOf(torrent, family), position);
  indexEndpoint(shard, torrent, family, position);
}

/** The sought client key replaces the one that was there; pairs are made anew. */
export function changeClientKey(shard: SwarmShard, torrent: number, family: number, position: number): void {
  const group = groupOf(torrent, family);
  unpair(shard, torrent, family, position);
  shard.heap.words[identityAt(shard, group, position) + columnLength(shard, group)] = shard.sought.clientKey;
  pair(shard, torrent, family, position);
}

/** Sets what the peer does, and its other half with it. Returns its position, which may have changed. */
export function changeState(
  shard: SwarmShard,
  torrent: number,
  family: number,
  position: number,
  state: PeerState,
): number {
  const meta = shard.heap.words[metaAt(shard, groupOf(torrent, family), position)]!;
  if (stateOf(meta) === state) return position;
  if ((meta & PAIRED) !== 0) {
    const other = otherHalf(shard, torrent, family, position);
    if (other !== NOT_FOUND) setState(shard, torrent, 1 - family, other, state);
  }
  return setState(shard, torrent, family, position, state);
}
