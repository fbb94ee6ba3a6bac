// One shard of the swarm table: where everything stands in its memory. The table is cut by the keyed hash of the
// info-hash, and each shard is a table of its own behind a lock of its own (lock.ts):
//
// torrent slots  open-addressed, record number + 1, keyed by SipHash of the info-hash
// records        20 words a torrent: info-hash, counts, and for each family where its peers are
// heap           peers (peers.ts) and, for large swarms, an index of them (peer-index.ts)
// head           totals, free list, expiry cursor, random state, lock

import type { Counters } from '../counters.ts';
import type { SipHashKey } from '../octets/siphash.ts';
import type { Heap } from './heap.ts';
import type { SwarmLimits } from './limits.ts';
import { lock, tryLock, unlock } from './lock.ts';

/** Words of a torrent's record. The info-hash is the first 20 octets. */
export const RECORD_WORDS = 20;
export const RECORD = {
  hash: 0,
  indexBlock: 5,
  /** Order of the index block; 0 when there is no index. */
  indexOrder: 6,
  downloaded: 7,
  /** Clients, not endpoints: one that has both families counts once. */
  complete: 8,
  incomplete: 9,
  /** Of the incomplete, those that download nothing more (BEP 21). */
  partial: 10,
  /** Second of the last announce; {@link NOT_LIVE} when the record is free. */
  seen: 11,
  ipv4: 12,
  ipv6: 16,
} as const;
export const NOT_LIVE = -1;
/** Info-hash (BEP 3), or one of version 2 cut short (BEP 52). */
export const INFO_HASH_OCTETS = 20;
export const PEER_ID_OCTETS = 20;

/** Words of one family of a torrent, from {@link RECORD}.ipv4 or .ipv6. */
export const GROUP = { block: 0, shape: 1, leechers: 2, total: 3 } as const;

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
  cursorPosition: 9,
  random: 10,
  lock: 11,
} as const;
/** Two cache lines: what one shard's threads write is never in the line of another shard's. */
export const HEAD_WORDS = 32;

/** The memory of one shard: the same in every thread. */
export interface ShardMemory {
  readonly head: Int32Array;
  readonly slots: Int32Array;
  readonly records: Int32Array;
  /** The same memory. */
  readonly recordOctets: Uint8Array;
  readonly heap: Heap;
}

/** One shard as one thread sees it: read and written only while its lock is held. */
export interface SwarmShard extends ShardMemory {
  /** Torrents and memory of this shard; peers of the whole table. */
  readonly limits: SwarmLimits;
  readonly peerLifetimeSeconds: number;
  readonly key: SipHashKey;
  /** By family index: octets of one peer, all columns. */
  readonly peerOctets: readonly [number, number];
  /** By family index × 32 + order: peers that a block of that order holds. */
  readonly capacities: Int32Array;
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
  endpointHash: number;
  /** Low 32 bits of the keyed hash of the peer id. */
  identity: number;
  /** See client-key.ts; 0 is none. */
  clientKey: number;
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
