// The swarm table: which peers are in which torrents. All state is in typed arrays over shared buffers, and no
// object exists for a torrent or a peer, so that several threads can use one table behind a lock.
//
// torrent slots  open-addressed, record number + 1, keyed by SipHash of the info-hash
// records        20 words a torrent: info-hash, counts, and for each family where its peers are
// heap           peers (peers.ts) and, for large swarms, an index of them (peer-index.ts)
// head           totals, free list, expiry cursor, random state

import type { Counters } from '../counters.ts';
import { createSipHashKey, type SipHashKey } from '../octets/siphash.ts';
import { createHeap, type Heap, heapUsedOctets } from './heap.ts';
import { DEFAULT_PEER_LIFETIME_SECONDS, DEFAULT_SWARM_LIMITS, type SwarmLimits } from './limits.ts';

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

/** Words of {@link SwarmTable}.head. */
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
} as const;
const HEAD_WORDS = 16;

export interface SwarmTable {
  readonly limits: SwarmLimits;
  readonly peerLifetimeSeconds: number;
  readonly key: SipHashKey;
  readonly counters: Counters;
  readonly head: Int32Array;
  readonly slots: Int32Array;
  readonly records: Int32Array;
  /** The same memory. */
  readonly recordOctets: Uint8Array;
  readonly heap: Heap;
  /** By family index: octets of one peer, all columns. */
  readonly peerOctets: readonly [number, number];
  /** By family index × 32 + order: peers that a block of that order holds. */
  readonly capacities: Int32Array;
  /** What a search is for; private to each thread. */
  readonly sought: Sought;
}

/** The peer at hand, in the form in which the table keeps it. */
export interface Sought {
  /** IP and port in network order: 6 or 18 octets. */
  readonly endpoint: Uint8Array;
  endpointHash: number;
  /** Low 32 bits of the keyed hash of the peer id. */
  identity: number;
  /** See client-key.ts; 0 is none. */
  clientKey: number;
}

export interface SwarmTableOptions {
  readonly limits?: Partial<SwarmLimits>;
  /** Peers that were silent for longer are dropped. */
  readonly peerLifetimeSeconds?: number;
  /** 20 octets that strangers cannot know: 16 for the hash key, 4 to seed the choices. */
  readonly secret: Uint8Array;
  readonly counters: Counters;
}

export function createSwarmTable(options: SwarmTableOptions): SwarmTable {
  const limits = { ...DEFAULT_SWARM_LIMITS, ...options.limits };
  if (options.secret.length < 20) throw new RangeError('the secret of a swarm table has 20 octets');
  const records = new SharedArrayBuffer(limits.torrents * RECORD_WORDS * 4);
  const ids = limits.keepPeerIds ? PEER_ID_OCTETS : 0;
  const peerOctets = [12 + 6 + ids, 12 + 18 + ids] as const;
  const table: SwarmTable = {
    limits,
    peerLifetimeSeconds: options.peerLifetimeSeconds ?? DEFAULT_PEER_LIFETIME_SECONDS,
    key: createSipHashKey(options.secret),
    counters: options.counters,
    head: new Int32Array(new SharedArrayBuffer(HEAD_WORDS * 4)),
    slots: new Int32Array(new SharedArrayBuffer(slotCount(limits.torrents) * 4)),
    records: new Int32Array(records),
    recordOctets: new Uint8Array(records),
    heap: createHeap(limits.heapOctets),
    peerOctets,
    capacities: Int32Array.from({ length: 64 }, (_, index) =>
      Math.floor((4 * 2 ** (index & 31)) / peerOctets[index >> 5]!),
    ),
    sought: { endpoint: new Uint8Array(18), endpointHash: 0, identity: 0, clientKey: 0 },
  };
  const seed = new DataView(options.secret.buffer, options.secret.byteOffset).getInt32(16);
  table.head[HEAD.random] = seed === 0 ? 1 : seed;
  return table;
}

/** A power of two, at most two thirds full. */
function slotCount(torrents: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, torrents * 1.5)));
}

/** Counts for a status page; clients that have both families are one seed or leecher, and two peers. */
export interface SwarmTotals {
  readonly torrents: number;
  readonly peersIpv4: number;
  readonly peersIpv6: number;
  readonly seeds: number;
  readonly leechers: number;
  /** Memory of peers and indexes, rounding included. */
  readonly heapOctets: number;
}

export function swarmTotals({ head, heap }: SwarmTable): SwarmTotals {
  return {
    torrents: head[HEAD.torrents]!,
    peersIpv4: head[HEAD.peers]!,
    peersIpv6: head[HEAD.peers + 1]!,
    seeds: head[HEAD.seeds]!,
    leechers: head[HEAD.leechers]!,
    heapOctets: heapUsedOctets(heap),
  };
}
