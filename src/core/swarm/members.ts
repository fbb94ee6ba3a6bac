// Joining, changing and leaving a swarm.
// Parameters are positional: an object a call is what this table exists to avoid.

import { bucketFor, bucketsOf, closeSlot, ensureRoom, hashEndpointAt, openSlot, trim } from './buckets.ts';
import { growGroup, shrinkGroup } from './growth.ts';
import { addReference, isReferenced, removeReference } from './identities.ts';
import { otherHalf, pair, unpair } from './pairs.ts';
import {
  createMeta,
  endpointAt,
  endpointOctets,
  groupOf,
  identityOf,
  keyTagAt,
  metaAt,
  NAMELESS,
  NOT_FOUND,
  PAIRED,
  PeerState,
  stateOf,
  withSeen,
} from './peers.ts';
import { hashSoughtEndpoint } from './search.ts';
import { GROUP, HEAD, type SwarmShard } from './shard.ts';
import { count, setState } from './standing.ts';

/** As {@link joinAlone}; where the same client is in the other family, the two are one from then on. */
export function joinSwarm(
  shard: SwarmShard,
  torrent: number,
  family: number,
  state: PeerState,
  nowSeconds: number,
): number {
  const place = joinAlone(shard, torrent, family, state, nowSeconds);
  if (place !== NOT_FOUND) pair(shard, torrent, family, place);
  return place;
}

/**
 * Adds the sought peer. It must not be there under the same endpoint. Returns its place, or {@link NOT_FOUND} when
 * the heap, or its bucket of a swarm as large as one can be, is full.
 */
export function joinAlone(
  shard: SwarmShard,
  torrent: number,
  family: number,
  state: PeerState,
  nowSeconds: number,
): number {
  const { words, head, sought } = shard;
  const group = groupOf(torrent, family);
  growGroup(shard, group);
  hashSoughtEndpoint(shard, family);
  const meta = withSeen(shard, createMeta(sought.identity, state), nowSeconds);
  const place = enter(shard, group, meta, sought.keyTag);
  if (place === NOT_FOUND) return NOT_FOUND;
  if (
    isReferenced(shard, group, place >>> 8) &&
    !addReference(shard, group, sought.identity, sought.endpointHash, false)
  ) {
    words[metaAt(shard, group, place)] = meta | NAMELESS;
  }
  words[group + GROUP.total] = words[group + GROUP.total]! + 1;
  if (state === PeerState.leecher) words[group + GROUP.leechers] = words[group + GROUP.leechers]! + 1;
  head[HEAD.peers + family] = head[HEAD.peers + family]! + 1;
  count(shard, torrent, state, 1);
  return place;
}

/** Puts a peer with the sought endpoint, whose hash is known, in its bucket; {@link NOT_FOUND} when there is no room. */
function enter(shard: SwarmShard, group: number, meta: number, keyTag: number): number {
  const bucket = bucketFor(shard.sought.endpointHash, bucketsOf(shard, group));
  if (!ensureRoom(shard, group, bucket)) return NOT_FOUND;
  const slot = openSlot(shard, group, bucket, stateOf(meta) === PeerState.leecher);
  const place = (bucket << 8) | slot;
  shard.words[metaAt(shard, group, place)] = meta;
  shard.octets[keyTagAt(shard, group, place)] = keyTag;
  writeEndpoint(shard, group, place);
  return place;
}

function writeEndpoint(shard: SwarmShard, group: number, place: number): void {
  const at = endpointAt(shard, group, place) / 2;
  const { halves, sought } = shard;
  const count = endpointOctets(shard.words[group + GROUP.shape]! & 1) / 2;
  for (let half = 0; half < count; half++) halves[at + half] = sought.endpointHalves[half]!;
}

/** Removes the peer at `place`; another may stand there afterwards. */
export function leaveSwarm(shard: SwarmShard, torrent: number, family: number, place: number): void {
  const group = groupOf(torrent, family);
  const { words, head } = shard;
  unpair(shard, torrent, family, place);
  const meta = words[metaAt(shard, group, place)]!;
  const state = stateOf(meta);
  count(shard, torrent, state, -1);
  if (isReferenced(shard, group, place >>> 8) && (meta & NAMELESS) === 0) {
    removeReference(shard, group, identityOf(meta), hashEndpointAt(shard, group, place));
  }
  closeSlot(shard, group, place >>> 8, place & 0xff);
  words[group + GROUP.total] = words[group + GROUP.total]! - 1;
  if (state === PeerState.leecher) words[group + GROUP.leechers] = words[group + GROUP.leechers]! - 1;
  head[HEAD.peers + family] = head[HEAD.peers + family]! - 1;
  trim(shard, group, place >>> 8);
  shrinkGroup(shard, group);
}

/**
 * The peer announced from another port or address: the sought endpoint replaces its own. Returns its place; without
 * memory for that it is gone, and {@link NOT_FOUND}.
 */
export function changeEndpoint(shard: SwarmShard, torrent: number, family: number, place: number): number {
  const { words, octets, sought } = shard;
  const group = groupOf(torrent, family);
  hashSoughtEndpoint(shard, family);
  const meta = words[metaAt(shard, group, place)]!;
  const identity = identityOf(meta);
  const isNamed = (meta & NAMELESS) === 0;
  const formerHash = hashEndpointAt(shard, group, place);
  const bucket = bucketFor(sought.endpointHash, bucketsOf(shard, group));
  const hasRoom = bucket === place >>> 8 || ensureRoom(shard, group, bucket);
  const isFound =
    !isNamed ||
    !isReferenced(shard, group, bucket) ||
    (hasRoom && addReference(shard, group, identity, sought.endpointHash, true));
  if (!hasRoom || !isFound) {
    leaveSwarm(shard, torrent, family, place);
    return NOT_FOUND;
  }
  if (isNamed && isReferenced(shard, group, place >>> 8)) {
    removeReference(shard, group, identity, formerHash);
  }
  if (bucket === place >>> 8) {
    writeEndpoint(shard, group, place);
    return place;
  }
  const keyTag = octets[keyTagAt(shard, group, place)]!;
  closeSlot(shard, group, place >>> 8, place & 0xff);
  const target = enter(shard, group, meta, keyTag);
  trim(shard, group, place >>> 8);
  return target;
}

/** The sought client key replaces the one that was there; pairs are made anew. */
export function changeClientKey(shard: SwarmShard, torrent: number, family: number, place: number): void {
  const group = groupOf(torrent, family);
  unpair(shard, torrent, family, place);
  shard.octets[keyTagAt(shard, group, place)] = shard.sought.keyTag;
  pair(shard, torrent, family, place);
}

/** Sets what the peer does, and its other half with it. Returns its place, which may have changed. */
export function changeState(
  shard: SwarmShard,
  torrent: number,
  family: number,
  place: number,
  state: PeerState,
): number {
  const meta = shard.words[metaAt(shard, groupOf(torrent, family), place)]!;
  if (stateOf(meta) === state) return place;
  if ((meta & PAIRED) !== 0) {
    const other = otherHalf(shard, torrent, family, place);
    if (other !== NOT_FOUND) setState(shard, torrent, 1 - family, other, state);
  }
  return setState(shard, torrent, family, place, state);
}
