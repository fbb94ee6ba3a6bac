// What is kept of a peer, and where. Endpoint 6 or 18 octets, as they go on the wire, and 5 octets beside it: 18 bits
// of the keyed hash of its peer id, 8 of when it was last seen, 6 of what it does, and 8 of its client key. The peer
// id itself is not kept: 44 bits in all tell clients of one swarm apart, of whom 26 are enough where peer id and key
// must do it without an address (a newcomer to a swarm of 1,000 is taken for another once in 60,000 times).
//
// Peers stand in blocks of at most 255 (buckets.ts), in columns: a word for the owner of the block, a meta word a
// peer, endpoints, client keys. A peer is named by its place: the number of its bucket × 256 + its slot there.
//
// Non-null assertions: places are those of peers, and the checks would be paid once a peer a packet.

import { GROUP, RECORD, type SwarmShard } from './shard.ts';

/** What a peer does; the low bits of its meta word. Leechers stand first in their bucket, then the others. */
export const PeerState = { leecher: 0, partial: 1, seed: 2 } as const;
export type PeerState = (typeof PeerState)[keyof typeof PeerState];

// Bits of the meta word above the state.
const STATE_MASK = 3;
/** The client is also present in the other family, and the two count as one. */
export const PAIRED = 1 << 2;
/** Of a pair, the one that is not counted. */
export const SHADOW = 1 << 3;
/** Its `completed` has been counted. */
export const COMPLETED = 1 << 4;
/** Its identity could not be entered (identities.ts): it is found by endpoint only, and never paired. */
export const NAMELESS = 1 << 5;
const SEEN_SHIFT = 6;
const SEEN_MASK = 0xff;
const IDENTITY_SHIFT = 14;
/** Below the last-seen bits and the identity. */
const FLAGS_MASK = (1 << SEEN_SHIFT) - 1;
/** Meta words of one identity differ below this only. */
const IDENTITY_BITS = -1 << IDENTITY_SHIFT;
/** Of the 256 steps that an age can have, those of a living peer; the rest tells the silent, and clocks that went back. */
const LIFETIME_STEPS = 128;
/** Ages above this are of clocks that went back: with the default lifetime, by five minutes at most. */
const OLDEST = 240;

/** Octets beside the endpoint: a meta word and the client key. */
export const PEER_DATA_OCTETS = 5;

export const NOT_FOUND = -1;

export function groupOf(torrent: number, family: number): number {
  return torrent + RECORD.ipv4 + family * 5;
}

export function endpointOctets(family: number): number {
  return family === 0 ? 6 : 18;
}

/** The word of {@link GROUP}.shape: bit 0 the family, bit 1 whether there are references, then the number of buckets. */
export function familyOf({ words }: SwarmShard, group: number): number {
  return words[group + GROUP.shape]! & 1;
}

/**
 * Word offset of what is known of a bucket: where its block of peers is, its counts (peers, leechers, references,
 * capacity, an octet each), and in groups that have references where those are. The only bucket of a small swarm is
 * known in the record.
 */
export function bucketAt({ words }: SwarmShard, group: number, bucket: number): number {
  const shape = words[group + GROUP.shape]!;
  return shape >>> 2 === 1 ? group : words[group]! + 1 + bucket * entryWordsIn(shape);
}

/** Words of a directory for each bucket. */
export function entryWordsIn(shape: number): number {
  return (shape & 2) === 0 ? 2 : 3;
}

export function peersIn(counts: number): number {
  return counts & 0xff;
}

export function leechersIn(counts: number): number {
  return (counts >>> 8) & 0xff;
}

export function referencesIn(counts: number): number {
  return (counts >>> 16) & 0xff;
}

export function capacityIn(counts: number): number {
  return counts >>> 24;
}

/** Word offset of the meta word at `place`. */
export function metaAt(shard: SwarmShard, group: number, place: number): number {
  return shard.words[bucketAt(shard, group, place >>> 8)]! + 1 + (place & 0xff);
}

/** Octet offset, in the heap, of the endpoint at `place`. */
export function endpointAt(shard: SwarmShard, group: number, place: number): number {
  const at = bucketAt(shard, group, place >>> 8);
  const columns = shard.words[at]! + 1 + capacityIn(shard.words[at + 1]!);
  return 4 * columns + (place & 0xff) * endpointOctets(familyOf(shard, group));
}

/** Octet offset, in the heap, of the tag of the client key at `place`. */
export function keyTagAt(shard: SwarmShard, group: number, place: number): number {
  const at = bucketAt(shard, group, place >>> 8);
  const capacity = capacityIn(shard.words[at + 1]!);
  const size = endpointOctets(familyOf(shard, group));
  return 4 * (shard.words[at]! + 1 + capacity) + capacity * size + (place & 0xff);
}

export function stateOf(meta: number): PeerState {
  return (meta & STATE_MASK) as PeerState;
}

export function withState(meta: number, state: PeerState): number {
  return (meta & ~STATE_MASK) | state;
}

/** The bits that tell one peer id from another, as {@link Sought}.identity. */
export function identityOf(meta: number): number {
  return meta >>> IDENTITY_SHIFT;
}

/** Of a hash of a peer id. */
export function identityFrom(hash: number): number {
  return hash >>> IDENTITY_SHIFT;
}

export function hasIdentity(meta: number, identity: number): boolean {
  return meta >>> IDENTITY_SHIFT === identity;
}

export function createMeta(identity: number, state: PeerState): number {
  return (identity << IDENTITY_SHIFT) | state;
}

/** Seconds of one step of a peer's age. */
export function tickSecondsFor(lifetimeSeconds: number): number {
  return Math.max(1, Math.ceil(lifetimeSeconds / LIFETIME_STEPS));
}

/** A peer with more steps than these has lived longer than that, however short its first step and the last were. */
export function lifetimeTicksFor(lifetimeSeconds: number): number {
  return Math.ceil(lifetimeSeconds / tickSecondsFor(lifetimeSeconds));
}

export function withSeen({ tickSeconds }: SwarmShard, meta: number, nowSeconds: number): number {
  return withSteps(meta, Math.floor(nowSeconds / tickSeconds));
}

/** With the low bits of `steps` where the table has when the peer was seen. */
export function withSteps(meta: number, steps: number): number {
  return (meta & (FLAGS_MASK | IDENTITY_BITS)) | ((steps & SEEN_MASK) << SEEN_SHIFT);
}

/** What {@link withSteps} has put there: 0 to 255. */
export function stepsIn(meta: number): number {
  return (meta >>> SEEN_SHIFT) & SEEN_MASK;
}

/** Steps since the peer was seen; a clock that went back counts as no time at all. */
export function ageOf({ tickSeconds }: SwarmShard, meta: number, nowSeconds: number): number {
  const age = (Math.floor(nowSeconds / tickSeconds) - (meta >>> SEEN_SHIFT)) & SEEN_MASK;
  return age > OLDEST ? 0 : age;
}

/**
 * A peer that must be looked at once while its age is told from those of clocks that went back: with the default
 * lifetime within 43 minutes after it. The walk of expire.ts does so every minute.
 */
export function isSilent(shard: SwarmShard, meta: number, nowSeconds: number): boolean {
  return ageOf(shard, meta, nowSeconds) > shard.lifetimeTicks;
}
