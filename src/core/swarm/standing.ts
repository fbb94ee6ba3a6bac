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
import { GROUP, HEAD, PEER_ID_OCTETS, RECORD, type SwarmShard } from './shard.ts';

/** Over a place whose own peer has been moved or unindexed. */
export function movePeer(shard: SwarmShard, torrent: number, family: number, from: number, to: number): void {
  reindexPeer(shard, torrent, family, from, to);
  copyPeer(shard, groupOf(torrent, family), from, to);
}

/** Sets the state of one endpoint. Returns its position, which may have changed. */
export function setState(
  shard: SwarmShard,
  torrent: number,
  family: number,
  position: number,
  state: PeerState,
): number {
  const group = groupOf(torrent, family);
  const { records } = shard;
  const { words } = shard.heap;
  const meta = words[metaAt(shard, group, position)]!;
  if ((meta & SHADOW) === 0) {
    count(shard, torrent, stateOf(meta), -1);
    count(shard, torrent, state, 1);
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
  if (place !== position) exchangePeers(shard, torrent, family, position, place);
  const at = metaAt(shard, group, place);
  words[at] = withState(words[at]!, state);
  return place;
}

function exchangePeers(shard: SwarmShard, torrent: number, family: number, one: number, other: number): void {
  const group = groupOf(torrent, family);
  const { words, octets } = shard.heap;
  const oneEntry = identityAt(shard, group, one);
  const otherEntry = identityAt(shard, group, other);
  const length = columnLength(shard, group);
  unindexPeer(shard, torrent, family, one);
  unindexPeer(shard, torrent, family, other);
  for (let column = 0; column < 3 * length; column += length) {
    const held = words[oneEntry + column]!;
    words[oneEntry + column] = words[otherEntry + column]!;
    words[otherEntry + column] = held;
  }
  exchangeOctets(
    octets,
    endpointAt(shard, group, one),
    endpointAt(shard, group, other),
    endpointOctets(family),
  );
  if (shard.limits.keepPeerIds) {
    exchangeOctets(octets, peerIdAt(shard, group, one), peerIdAt(shard, group, other), PEER_ID_OCTETS);
  }
  indexPeer(shard, torrent, family, one);
  indexPeer(shard, torrent, family, other);
}

function exchangeOctets(octets: Uint8Array, one: number, other: number, length: number): void {
  for (let index = 0; index < length; index++) {
    const held = octets[one + index]!;
    octets[one + index] = octets[other + index]!;
    octets[other + index] = held;
  }
}

/** One client more or less in this state. */
export function count(shard: SwarmShard, torrent: number, state: PeerState, by: 1 | -1): void {
  const { records, head } = shard;
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
