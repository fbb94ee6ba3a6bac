// One shard of the swarm table: where everything stands in its memory. The table is cut by the keyed hash of the
// info-hash, and each shard is a table of its own behind a lock of its own (lock.ts):
//
// torrent slots  8 octets a torrent: the first record of each chain, chosen by the keyed hash of the info-hash
// records        84 octets a torrent: info-hash 20, the next of its chain 4, downloads 4, clients 3 × 4, last announce
//                4, and for each family where its peers are 4, how many stand there 4, in how many buckets 4, leechers
//                4, peers 4
// heap           peers (peers.ts, buckets.ts) and, for large swarms, where to find identities (identities.ts)
// head           totals, free list, expiry cursor, random state, lock

import type { Counters } from '../counters.ts';
import type { SipHashKey } from '../octets/siphash.ts';
import type { Heap } from './heap.ts';
import type { SwarmLimits } from './limits.ts';
import { lock, tryLock, unlock } from './lock.ts';

/** Words of a torrent's record. The info-hash is the first 20 octets. */
export const RECORD_WORDS = 21;
export const RECORD = {
  hash: 0,
  /** Number + 1 of the next record of the chain, or of the next free one; 0 is none. */
  next: 5,
  downloaded: 6,
  /** Clients, not endpoints: one that has both families counts once. */
  complete: 7,
  incomplete: 8,
  /** Of the incomplete, those that download nothing more (BEP 21). */
  partial: 9,
  /** Second of the last announce; {@link NOT_LIVE} when the record is free. */
  seen: 10,
  ipv4: 11,
  ipv6: 16,
} as const;
export const NOT_LIVE = -1;
/** Info-hash (BEP 3), or one of version 2 cut short (BEP 52). */
export const INFO_HASH_OCTETS = 20;
export const PEER_ID_OCTETS = 20;

/** Words of one family of a torrent, from {@link RECORD}.ipv4 or .ipv6; see buckets.ts. */
export const GROUP = { block: 0, counts: 1, shape: 2, leechers: 3, total: 4 } as const;

/** Words of {@link ShardMemory}.head. */
export const HEAD = {
  torrents: 0,
  /** By family index: + 0 IPv4, + 1 IPv6. */
  peers: 1,
  seeds: 3,
  leechers: 4,
  recordsTouched: 5,
  freeRecord: 6,
  cursorRecord: 7,
  cursorFamily: 8,
  cursorPlace: 9,
  random: 10,
  lock: 11,
  /** Chains of torrents, less one. */
  chains: 12,
  /** Of the leechers, those that download nothing more (BEP 21). */
  partial: 13,
} as const;
/** Two cache lines: what one shard's threads write is never in the line of another shard's. */
export const HEAD_WORDS = 32;

/** The memory of one shard: the same in every thread. */
export interface ShardMemory {
  readonly head: Int32Array;
  /** By chain: number + 1 of its first record. */
  readonly slots: Int32Array;
  /** Before its pages stand the records: one array holds all that a record or a block can say of a swarm. */
  readonly heap: Heap;
}

/** One shard as one thread sees it: read and written only while its lock is held. */
export interface SwarmShard extends ShardMemory {
  /** Of the heap: records and blocks. */
  readonly words: Int32Array;
  /** The same memory. */
  readonly halves: Uint16Array;
  /** The same memory. */
  readonly octets: Uint8Array;
  /** Torrents and memory of this shard; peers of the whole table. */
  readonly limits: SwarmLimits;
  /** Seconds of one step of a peer's age, and after how many of them it is forgotten; see peers.ts. */
  readonly tickSeconds: number;
  readonly lifetimeTicks: number;
  readonly key: SipHashKey;
  /** Of all shards. Their locks are not held: good for sums that may be a little late. */
  readonly heads: readonly Int32Array[];
  /** Private to the thread, as are `owner` and `sought`. */
  readonly counters: Counters;
  /** What the thread writes into locks. */
  readonly owner: number;
  readonly sought: Sought;
}

/** The peer at hand, in the form in which the table keeps it: what a search is for. */
export interface Sought {
  /** IP and port in network order: 6 or 18 octets. */
  readonly endpoint: Uint8Array;
  /** The same memory. */
  readonly endpointHalves: Uint16Array;
  endpointHash: number;
  /** Bits of the keyed hash of the peer id: see peers.ts. */
  identity: number;
  /** See client-key.ts; 0 is none. */
  keyTag: number;
  /** By slot: which peers of a bucket go to another (growth.ts). */
  readonly marks: Uint8Array;
}

/** Until {@link unlockShard}, this thread alone reads and writes the shard. */
export function lockShard({ head, owner }: SwarmShard): void {
  lock(head, HEAD.lock, owner);
}

/** As {@link lockShard}, unless another thread keeps it for `sleeps` sleeps; false when it does. */
export function tryLockShard({ head, owner }: SwarmShard, sleeps: number): boolean {
  return tryLock(head, HEAD.lock, owner, sleeps);
}

export function unlockShard({ head }: SwarmShard): void {
  unlock(head, HEAD.lock);
}

/** What is left to a walk for the silent (expire.ts): of the caller's budget, and of one hold of a lock. */
export interface Walk {
  /** The number of the shard in which the walk is. */
  shard: number;
  budget: number;
  hold: number;
}
