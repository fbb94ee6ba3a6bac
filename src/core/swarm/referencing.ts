// How a swarm that has become large comes to have references (identities.ts).

import { halfSipHash13 } from '../octets/half-siphash.ts';
import { bucketFor, bucketsOf, MAX_BUCKET_PEERS } from './buckets.ts';
import { addReferenceWords, dropReferences } from './directory.ts';
import { addReference, appendReference, referenceTo, reserveReferences } from './identities.ts';
import {
  bucketAt,
  endpointAt,
  endpointOctets,
  familyOf,
  identityOf,
  metaAt,
  NAMELESS,
  PAIRED,
  peersIn,
} from './peers.ts';
import type { SwarmShard } from './shard.ts';

/**
 * References to all peers of a group. False when they cannot be made: the heap is full, or so many pairs have one
 * identity that some would not be found. The swarm serves without them then, in buckets that become fuller.
 */
export function buildReferences(shard: SwarmShard, group: number): boolean {
  if (!addReferenceWords(shard, group)) return false;
  if (reserveForAll(shard, group) && enterAll(shard, group)) return true;
  dropReferences(shard, group);
  return false;
}

function reserveForAll(shard: SwarmShard, group: number): boolean {
  const { words, sought } = shard;
  const buckets = bucketsOf(shard, group);
  sought.tally.fill(0, 0, buckets);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const peers = peersIn(words[bucketAt(shard, group, bucket) + 1]!);
    for (let slot = 0; slot < peers; slot++) {
      const meta = words[metaAt(shard, group, (bucket << 8) | slot)]!;
      if ((meta & NAMELESS) === 0) sought.tally[bucketFor(identityOf(meta) & 0xffff, buckets)]!++;
    }
  }
  for (let bucket = 0; bucket < buckets; bucket++) {
    const wanted = Math.min(sought.tally[bucket]!, MAX_BUCKET_PEERS);
    if (wanted > 0 && !reserveReferences(shard, group, bucket, wanted)) return false;
  }
  return true;
}

/** A bucket that so few belong to takes them all: going through one that all are alike in takes some microseconds. */
const UNCHECKED_REFERENCES = 64;

function enterAll(shard: SwarmShard, group: number): boolean {
  for (let bucket = bucketsOf(shard, group) - 1; bucket >= 0; bucket--) {
    if (!enterBucket(shard, group, bucket)) return false;
  }
  return true;
}

/** This is the longest that a lock is held for anyone, some 100 µs. */
function enterBucket(shard: SwarmShard, group: number, bucket: number): boolean {
  const { words, octets, sought, key } = shard;
  const buckets = bucketsOf(shard, group);
  const size = endpointOctets(familyOf(shard, group));
  const peers = peersIn(words[bucketAt(shard, group, bucket) + 1]!);
  for (let slot = 0; slot < peers; slot++) {
    const place = (bucket << 8) | slot;
    const meta = words[metaAt(shard, group, place)]!;
    if ((meta & NAMELESS) !== 0) continue;
    const identity = identityOf(meta);
    const hash = halfSipHash13(key, octets, endpointAt(shard, group, place), size);
    const home = bucketFor(identity & 0xffff, buckets);
    if (sought.tally[home]! <= UNCHECKED_REFERENCES) {
      appendReference(shard, group, home, referenceTo(identity, hash));
      continue;
    }
    const isPaired = (meta & PAIRED) !== 0;
    if (addReference(shard, group, identity, hash, isPaired)) continue;
    if (isPaired) return false;
    words[metaAt(shard, group, place)] = meta | NAMELESS;
  }
  return true;
}
