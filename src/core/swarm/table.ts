// The swarm table: which peers are in which torrents. All of it is typed arrays over shared buffers, and no object
// exists for a torrent or a peer, so that several threads use one table, a lock a shard (shard.ts).
//
// A thread has the shards' memory in common with the others, and counters, an owner number and what it searches for
// to itself: a SharedSwarmTable is what passes between threads, a SwarmTable what one thread makes of it.

import type { Counters } from '../counters.ts';
import { createSipHashKey, type SipHashKey } from '../octets/siphash.ts';
import { MAX_RECORDS } from './blocks.ts';
import { createHeap, heapUsedOctets } from './heap.ts';
import { DEFAULT_PEER_LIFETIME_SECONDS, DEFAULT_SWARM_LIMITS, type SwarmLimits } from './limits.ts';
import { MAX_OWNER } from './lock.ts';
import { lifetimeTicksFor, tickSecondsFor } from './peers.ts';
import {
  HEAD,
  HEAD_WORDS,
  RECORD_WORDS,
  type ShardMemory,
  type Sought,
  type SwarmShard,
  type Walk,
} from './shard.ts';
import { CHAINS_A_TORRENT } from './torrents.ts';

/** Shards of a large table: with as many, eight threads seldom meet at one. */
const SHARDS = 16;
/** A smaller table is one shard: so few torrents do not spread evenly, and the limits are divided by the shards. */
const SHARDED_FROM_TORRENTS = 16_384;
/** And so is one with less memory: 1 GiB is a fair part of what the 32 bits of an offset reach in one shard. */
const SHARDED_FROM_OCTETS = 2 ** 30;

/** A table as it passes to another thread by structured clone: memory that stays the same, and constants. */
export interface SharedSwarmTable {
  readonly limits: SwarmLimits;
  readonly peerLifetimeSeconds: number;
  readonly key: SipHashKey;
  /** A power of two of them. */
  readonly memory: readonly ShardMemory[];
}

/** The table as one thread sees it. */
export interface SwarmTable {
  readonly shared: SharedSwarmTable;
  readonly key: SipHashKey;
  readonly counters: Counters;
  readonly shards: readonly SwarmShard[];
  readonly sought: Sought;
  /** Of `expire`; one thread walks. */
  readonly walk: Walk;
}

export interface SwarmTableOptions {
  readonly limits?: Partial<SwarmLimits>;
  /** Peers that were silent for longer are dropped. */
  readonly peerLifetimeSeconds?: number;
  /** 20 octets that strangers cannot know: 16 for the hash key, 4 to seed the choices. */
  readonly secret: Uint8Array;
  readonly counters: Counters;
}

/** The number of the thread that makes the table; the threads it is shared with have others. */
export const CREATING_OWNER = 1;

/** A new table, attached to this thread as {@link CREATING_OWNER}; others attach to its `shared`. */
export function createSwarmTable(options: SwarmTableOptions): SwarmTable {
  const limits = { ...DEFAULT_SWARM_LIMITS, ...options.limits };
  if (options.secret.length < 20) throw new RangeError('the secret of a swarm table has 20 octets');
  const seed = new DataView(options.secret.buffer, options.secret.byteOffset).getInt32(16);
  const isSmall = limits.torrents < SHARDED_FROM_TORRENTS && limits.heapOctets < SHARDED_FROM_OCTETS;
  const count = isSmall ? 1 : SHARDS;
  const shared: SharedSwarmTable = {
    limits,
    peerLifetimeSeconds: options.peerLifetimeSeconds ?? DEFAULT_PEER_LIFETIME_SECONDS,
    key: createSipHashKey(options.secret),
    memory: Array.from({ length: count }, (_, number) =>
      createShardMemory(shardLimits(limits, count), seed + number),
    ),
  };
  return attachSwarmTable(shared, { owner: CREATING_OWNER, counters: options.counters });
}

function createShardMemory(limits: SwarmLimits, seed: number): ShardMemory {
  if (limits.torrents > MAX_RECORDS) throw new RangeError(`a shard has at most ${MAX_RECORDS} torrents`);
  const memory = {
    head: new Int32Array(new SharedArrayBuffer(HEAD_WORDS * 4)),
    slots: new Int32Array(new SharedArrayBuffer(limits.torrents * CHAINS_A_TORRENT * 4)),
    heap: createHeap(limits.heapOctets, limits.torrents * RECORD_WORDS),
  };
  memory.head[HEAD.random] = seed === 0 ? 1 : seed;
  return memory;
}

/** Keyed hashing spreads torrents evenly: the fullest of 16 shards of a full table has 1–2 % more than its share. */
function shardLimits(limits: SwarmLimits, count: number): SwarmLimits {
  return {
    ...limits,
    torrents: Math.ceil(limits.torrents / count),
    heapOctets: Math.ceil(limits.heapOctets / count),
  };
}

export interface Attachment {
  /** 1 to `MAX_OWNER`; no two living threads have the same. */
  readonly owner: number;
  /** The thread's own: what it does to the table is counted here. */
  readonly counters: Counters;
}

/** The table for use in this thread. */
export function attachSwarmTable(shared: SharedSwarmTable, { owner, counters }: Attachment): SwarmTable {
  if (!(owner > 0 && owner <= MAX_OWNER)) throw new RangeError(`${owner} is not the number of a thread`);
  const { limits, peerLifetimeSeconds, key, memory } = shared;
  const heads = memory.map(({ head }) => head);
  const sought = createSought();
  const shards = memory.map((one) => ({
    ...one,
    words: one.heap.words,
    halves: one.heap.halves,
    octets: one.heap.octets,
    limits: shardLimits(limits, memory.length),
    tickSeconds: tickSecondsFor(peerLifetimeSeconds),
    lifetimeTicks: lifetimeTicksFor(peerLifetimeSeconds),
    key,
    heads,
    counters,
    owner,
    sought,
  }));
  return { shared, key, counters, shards, sought, walk: { shard: 0, budget: 0, hold: 0 } };
}

function createSought(): Sought {
  const endpoint = new Uint8Array(18);
  return {
    endpoint,
    endpointHalves: new Uint16Array(endpoint.buffer),
    endpointHash: 0,
    identity: 0,
    keyTag: 0,
    marks: new Uint8Array(256),
  };
}

/** The shard of a torrent by `hashTorrent`: the upper bits choose, because the lower ones place it within. */
export function shardOf({ shards }: SwarmTable, hash: number): SwarmShard {
  return shards[(hash >>> 28) & (shards.length - 1)]!;
}

/** Counts for a status page; clients that have both families are one seed or leecher, and two peers. */
export interface SwarmTotals {
  readonly torrents: number;
  readonly peersIpv4: number;
  readonly peersIpv6: number;
  readonly seeds: number;
  /** Those that download nothing more (BEP 21) included. */
  readonly leechers: number;
  readonly partialSeeds: number;
  /** Memory of peers, rounding included. */
  readonly heapOctets: number;
}

/** Takes no lock, so that nobody waits for a reader: figures of different torrents may be an announce apart. */
export function swarmTotals({ shards }: SwarmTable): SwarmTotals {
  const sum = (at: number) => shards.reduce((total, { head }) => total + head[at]!, 0);
  return {
    torrents: sum(HEAD.torrents),
    peersIpv4: sum(HEAD.peers),
    peersIpv6: sum(HEAD.peers + 1),
    seeds: sum(HEAD.seeds),
    leechers: sum(HEAD.leechers),
    partialSeeds: sum(HEAD.partial),
    heapOctets: shards.reduce((total, { heap }) => total + heapUsedOctets(heap), 0),
  };
}
