// Where a peer stands in its array, and what that counts for. Leechers stand first, so that a change of state is a
// change of place. Counts are of clients: every peer counts but the shadow of a pair (pairs.ts).
// Parameters are positional: an object a call is what this table exists to avoid.

import { indexPeer, reindexPeer, unindexPeer } from './peer-index.ts';
import {
  columnLength,
  copyPeer,
  endpointAt,
  endpointOctets,
  groupOf,
  identityAt,
  metaAt,
  PeerState,
  peerIdAt,
  SHADOW,
  stateOf,
  withState,
} from './peers.ts';
import { GROUP, HEAD, PEER_ID_OCTETS, RECORD, type SwarmTable } from './table.ts';

/** Over a place whose own peer has been moved or unindexed. */
export function movePeer(table: SwarmTable, torrent: number, family: number, from: number, to: number): void {
  reindexPeer(table, torrent, family, from, to);
  copyPeer(table, groupOf(torrent, family), from, to);
}

/** Sets the state of one endpoint. Returns its position, which may have changed. */
export function setState(
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

/** One client more or less in this state. */
export function count(table: SwarmTable, torrent: number, state: PeerState, by: 1 | -1): void {
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
