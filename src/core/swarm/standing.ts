// What a peer does, and what that counts for. Leechers stand first in their bucket, so that a change of state is a
// change of place. Counts are of clients: every peer counts but the shadow of a pair (pairs.ts).
// Parameters are positional: an object a call is what this table exists to avoid.

import {
  bucketAt,
  endpointAt,
  endpointOctets,
  groupOf,
  keyTagAt,
  leechersIn,
  metaAt,
  PeerState,
  SHADOW,
  stateOf,
  withState,
} from './peers.ts';
import { GROUP, HEAD, RECORD, type SwarmShard } from './shard.ts';

/** Sets the state of one endpoint. Returns its place, which may have changed. */
export function setState(
  shard: SwarmShard,
  torrent: number,
  family: number,
  place: number,
  state: PeerState,
): number {
  const group = groupOf(torrent, family);
  const { words } = shard;
  const meta = words[metaAt(shard, group, place)]!;
  if ((meta & SHADOW) === 0) {
    count(shard, torrent, stateOf(meta), -1);
    count(shard, torrent, state, 1);
  }
  const bucket = place >>> 8;
  const at = bucketAt(shard, group, bucket);
  const leechers = leechersIn(words[at + 1]!);
  const wasLeecher = (place & 0xff) < leechers;
  let target = place;
  if (state === PeerState.leecher && !wasLeecher) {
    target = (bucket << 8) | leechers;
    countLeechers(shard, group, at, 1);
  } else if (state !== PeerState.leecher && wasLeecher) {
    target = (bucket << 8) | (leechers - 1);
    countLeechers(shard, group, at, -1);
  }
  if (target !== place) exchangePeers(shard, group, family, place, target);
  const metaWord = metaAt(shard, group, target);
  words[metaWord] = withState(words[metaWord]!, state);
  return target;
}

function countLeechers({ words }: SwarmShard, group: number, at: number, by: 1 | -1): void {
  words[at + 1] = words[at + 1]! + by * 0x100;
  words[group + GROUP.leechers] = words[group + GROUP.leechers]! + by;
}

/** Both stand in one bucket. */
function exchangePeers(shard: SwarmShard, group: number, family: number, one: number, other: number): void {
  exchange(shard.words, metaAt(shard, group, one), metaAt(shard, group, other));
  exchange(shard.octets, keyTagAt(shard, group, one), keyTagAt(shard, group, other));
  const first = endpointAt(shard, group, one) / 2;
  const second = endpointAt(shard, group, other) / 2;
  for (let half = endpointOctets(family) / 2 - 1; half >= 0; half--) {
    exchange(shard.halves, first + half, second + half);
  }
}

function exchange(array: Int32Array | Uint16Array | Uint8Array, one: number, other: number): void {
  const held = array[one]!;
  array[one] = array[other]!;
  array[other] = held;
}

/** One client more or less in this state. */
export function count(shard: SwarmShard, torrent: number, state: PeerState, by: 1 | -1): void {
  const { words, head } = shard;
  if (state === PeerState.seed) {
    words[torrent + RECORD.complete] = words[torrent + RECORD.complete]! + by;
    head[HEAD.seeds] = head[HEAD.seeds]! + by;
    return;
  }
  words[torrent + RECORD.incomplete] = words[torrent + RECORD.incomplete]! + by;
  head[HEAD.leechers] = head[HEAD.leechers]! + by;
  if (state !== PeerState.partial) return;
  words[torrent + RECORD.partial] = words[torrent + RECORD.partial]! + by;
  head[HEAD.partial] = head[HEAD.partial]! + by;
}
