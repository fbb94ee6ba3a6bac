// Finding a peer in its torrent: by endpoint in the bucket of its hash; by identity through references, and in swarms
// that have none by going through all of them.
// Parameters are positional: an object a call is what this code exists to avoid.

import { halfSipHash13 } from '../octets/half-siphash.ts';
import { bucketFor, bucketsOf } from './buckets.ts';
import { areAllReferenced, endpointHashIn, identityIn } from './identities.ts';
import {
  bucketAt,
  capacityIn,
  endpointAt,
  endpointOctets,
  groupOf,
  hasIdentity,
  keyTagAt,
  metaAt,
  NAMELESS,
  NOT_FOUND,
  PAIRED,
  peersIn,
  referencesIn,
  SHADOW,
} from './peers.ts';
import { GROUP, type SwarmShard } from './shard.ts';

/** Which peer with the sought identity is meant. */
export const Want = {
  /**
   * The asker's own former entry: same address, or the same IPv6 network and the same client key. Neither is found out by
   * strangers elsewhere, who know peer ids, and could try all the tags that a key may have.
   */
  own: 0,
  /** An entry not yet paired whose client key does not differ. */
  twin: 1,
  /** The counted half of a pair. */
  counted: 2,
  /** The uncounted half of a pair. */
  shadow: 3,
} as const;
export type Want = (typeof Want)[keyof typeof Want];

/** A /64, in which a host takes new addresses as it likes (RFC 8981). */
const NETWORK_HALVES = 4;

/** Hashes what is in `shard.sought.endpoint`. */
export function hashSoughtEndpoint(shard: SwarmShard, family: number): void {
  shard.sought.endpointHash = halfSipHash13(shard.key, shard.sought.endpoint, 0, endpointOctets(family));
}

/** Place of the sought endpoint, or {@link NOT_FOUND}. Its hash is needed, and made, where there are several buckets. */
export function findEndpoint(shard: SwarmShard, torrent: number, family: number): number {
  const { words } = shard;
  const group = groupOf(torrent, family);
  const buckets = bucketsOf(shard, group);
  let bucket = 0;
  if (buckets > 1) {
    hashSoughtEndpoint(shard, family);
    bucket = bucketFor(shard.sought.endpointHash, buckets);
  }
  const at = bucketAt(shard, group, bucket);
  const counts = words[at + 1]!;
  const first = 2 * (words[at]! + 1 + capacityIn(counts));
  const slot =
    family === 0 ? findIpv4(shard, first, peersIn(counts)) : findIpv6(shard, first, peersIn(counts));
  return slot < 0 ? NOT_FOUND : (bucket << 8) | slot;
}

/** The slot of the sought endpoint in a column of `count` that begins at a half word; −1 when it is not there. */
function findIpv4({ halves, sought }: SwarmShard, first: number, count: number): number {
  const { endpointHalves } = sought;
  const high = endpointHalves[0]!;
  const low = endpointHalves[1]!;
  const port = endpointHalves[2]!;
  for (let slot = 0, at = first; slot < count; slot++, at += 3) {
    if (halves[at + 1] === low && halves[at + 2] === port && halves[at] === high) return slot;
  }
  return -1;
}

function findIpv6({ halves, sought }: SwarmShard, first: number, count: number): number {
  const { endpointHalves } = sought;
  const low = endpointHalves[7]!;
  const port = endpointHalves[8]!;
  for (let slot = 0, at = first; slot < count; slot++, at += 9) {
    if (halves[at + 7] !== low || halves[at + 8] !== port) continue;
    let half = 6;
    while (half >= 0 && halves[at + half] === endpointHalves[half]) half--;
    if (half < 0) return slot;
  }
  return -1;
}

/** Place of a peer with the sought identity that is what `want` says, or {@link NOT_FOUND}. */
export function findIdentity(shard: SwarmShard, torrent: number, family: number, want: Want): number {
  const group = groupOf(torrent, family);
  if (shard.words[group + GROUP.total] === 0) return NOT_FOUND;
  if (areAllReferenced(shard, group)) return findReferenced(shard, group, want);
  for (let bucket = bucketsOf(shard, group) - 1; bucket >= 0; bucket--) {
    const place = findInBucket(shard, group, bucket, want);
    if (place !== NOT_FOUND) return place;
  }
  return NOT_FOUND;
}

function findInBucket(shard: SwarmShard, group: number, bucket: number, want: Want): number {
  const { words, sought } = shard;
  const { identity } = sought;
  const at = bucketAt(shard, group, bucket);
  const first = words[at]! + 1;
  const count = peersIn(words[at + 1]!);
  for (let slot = 0; slot < count; slot++) {
    if (!hasIdentity(words[first + slot]!, identity)) continue;
    if (isWanted(shard, group, (bucket << 8) | slot, want)) return (bucket << 8) | slot;
  }
  return NOT_FOUND;
}

function findReferenced(shard: SwarmShard, group: number, want: Want): number {
  const { words, sought } = shard;
  const buckets = bucketsOf(shard, group);
  const identity = sought.identity & 0xffff;
  const at = bucketAt(shard, group, bucketFor(identity, buckets));
  const block = words[at + 2]!;
  const count = referencesIn(words[at + 1]!);
  for (let index = 1; index <= count; index++) {
    const reference = words[block + index]!;
    if (identityIn(reference) !== identity) continue;
    const place = findInBucket(shard, group, bucketFor(endpointHashIn(reference), buckets), want);
    if (place !== NOT_FOUND) return place;
  }
  return NOT_FOUND;
}

/** The peer at `place` has the endpoint in `shard.sought`. */
export function hasSoughtEndpoint(shard: SwarmShard, group: number, place: number, family: number): boolean {
  return sharesHalves(shard, endpointAt(shard, group, place) / 2, endpointOctets(family) / 2);
}

function sharesHalves({ halves, sought }: SwarmShard, at: number, count: number): boolean {
  const { endpointHalves } = sought;
  // Backwards: neighbours share the beginnings of their addresses.
  for (let half = count - 1; half >= 0; half--) {
    if (halves[at + half] !== endpointHalves[half]) return false;
  }
  return true;
}

function isWanted(shard: SwarmShard, group: number, place: number, want: Want): boolean {
  const meta = shard.words[metaAt(shard, group, place)]!;
  if (want === Want.counted) return (meta & (PAIRED | SHADOW)) === PAIRED;
  if (want === Want.shadow) return (meta & SHADOW) !== 0;
  const tag = shard.octets[keyTagAt(shard, group, place)]!;
  const { keyTag } = shard.sought;
  if (want === Want.twin) {
    return (meta & (PAIRED | NAMELESS)) === 0 && (tag === 0 || keyTag === 0 || tag === keyTag);
  }
  const family = shard.words[group + GROUP.shape]! & 1;
  const at = endpointAt(shard, group, place) / 2;
  if (sharesHalves(shard, at, endpointOctets(family) / 2 - 1)) return true;
  return family === 1 && tag !== 0 && tag === keyTag && sharesHalves(shard, at, NETWORK_HALVES);
}
