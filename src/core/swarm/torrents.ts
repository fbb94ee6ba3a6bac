// Torrents of a shard: found by info-hash, added, dropped. A torrent is named by the word offset of its record.
//
// They stand in chains by the keyed hash of their info-hash, of which there are twice as many as there ever were
// torrents: a new torrent brings two chains, each of which takes over what belongs to it from one other (as buckets.ts
// does with peers). So the index grows a step at a time, and takes no more memory than it needs.

import { halfSipHash13 } from '../octets/half-siphash.ts';
import type { SipHashKey } from '../octets/siphash.ts';
import { bucketFor } from './buckets.ts';
import { GROUP, HEAD, INFO_HASH_OCTETS, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard } from './shard.ts';

export const NO_TORRENT = -1;

/** Chains are short then: a search looks at 1.25 records on average, and in a large table each is a wait for memory. */
export const CHAINS_A_TORRENT = 2;

/** Shape of a group whose peers, when there are any, are one bucket (buckets.ts). */
const ONE_BUCKET = 1 << 2;

/** What chooses the shard of the info-hash at `offset`, and its slot there. */
export function hashTorrent(key: SipHashKey, octets: Uint8Array, offset: number): number {
  return halfSipHash13(key, octets, offset, INFO_HASH_OCTETS);
}

/** The record of the torrent whose info-hash is at `offset`, its `hash` known, or {@link NO_TORRENT}. */
export function findTorrent(shard: SwarmShard, hash: number, octets: Uint8Array, offset: number): number {
  const { slots, words } = shard;
  let entry = slots[chainOf(shard, hash)]!;
  while (entry !== 0) {
    const torrent = (entry - 1) * RECORD_WORDS;
    if (hasHash(shard, torrent, octets, offset)) return torrent;
    entry = words[torrent + RECORD.next]!;
  }
  return NO_TORRENT;
}

function chainOf({ head }: SwarmShard, hash: number): number {
  return bucketFor(hash, head[HEAD.chains]! + 1);
}

function hasHash(shard: SwarmShard, torrent: number, octets: Uint8Array, offset: number): boolean {
  const own = shard.octets;
  const start = torrent * 4;
  // Four at a time: a loop of single comparisons costs more than the wait for the record.
  for (let index = 0; index < INFO_HASH_OCTETS; index += 4) {
    const from = start + index;
    const to = offset + index;
    const difference =
      (own[from]! ^ octets[to]!) |
      (own[from + 1]! ^ octets[to + 1]!) |
      (own[from + 2]! ^ octets[to + 2]!) |
      (own[from + 3]! ^ octets[to + 3]!);
    if (difference !== 0) return false;
  }
  return true;
}

/** A new, empty torrent; {@link NO_TORRENT} when the shard has as many as it may. It must not be there already. */
export function addTorrent(shard: SwarmShard, hash: number, octets: Uint8Array, offset: number): number {
  const { head, words, slots } = shard;
  if (head[HEAD.torrents]! >= shard.limits.torrents) return NO_TORRENT;
  while (head[HEAD.chains]! < CHAINS_A_TORRENT * (head[HEAD.torrents]! + 1) - 1) splitChain(shard);
  let number = head[HEAD.freeRecord]! - 1;
  if (number >= 0) head[HEAD.freeRecord] = words[number * RECORD_WORDS + RECORD.next]!;
  else {
    number = head[HEAD.recordsTouched]!;
    head[HEAD.recordsTouched] = number + 1;
  }
  const torrent = number * RECORD_WORDS;
  for (let index = 0; index < RECORD_WORDS; index++) words[torrent + index] = 0;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    shard.octets[torrent * 4 + index] = octets[offset + index]!;
  }
  words[torrent + RECORD.ipv4 + GROUP.shape] = ONE_BUCKET;
  words[torrent + RECORD.ipv6 + GROUP.shape] = ONE_BUCKET | 1;
  const chain = chainOf(shard, hash);
  words[torrent + RECORD.next] = slots[chain]!;
  slots[chain] = number + 1;
  head[HEAD.torrents] = head[HEAD.torrents]! + 1;
  return torrent;
}

/** One chain more: it gets its own from the chain that is without the highest bit of its number. */
function splitChain(shard: SwarmShard): void {
  const { head, words, slots } = shard;
  const chains = head[HEAD.chains]! + 1;
  const bit = 1 << (31 - Math.clz32(chains));
  let left = slots[chains - bit]!;
  slots[chains - bit] = 0;
  slots[chains] = 0;
  head[HEAD.chains] = chains;
  while (left !== 0) {
    const torrent = (left - 1) * RECORD_WORDS;
    const next = words[torrent + RECORD.next]!;
    const chain = chainOf(shard, hashTorrent(shard.key, shard.octets, torrent * 4));
    words[torrent + RECORD.next] = slots[chain]!;
    slots[chain] = left;
    left = next;
  }
}

/** Forgets a torrent that has no peers. */
export function dropTorrent(shard: SwarmShard, torrent: number): void {
  const { head, words, slots } = shard;
  const entry = torrent / RECORD_WORDS + 1;
  const chain = chainOf(shard, hashTorrent(shard.key, shard.octets, torrent * 4));
  if (slots[chain] === entry) slots[chain] = words[torrent + RECORD.next]!;
  else {
    let before = (slots[chain]! - 1) * RECORD_WORDS;
    while (words[before + RECORD.next] !== entry) before = (words[before + RECORD.next]! - 1) * RECORD_WORDS;
    words[before + RECORD.next] = words[torrent + RECORD.next]!;
  }
  words[torrent + RECORD.next] = head[HEAD.freeRecord]!;
  words[torrent + RECORD.seen] = NOT_LIVE;
  head[HEAD.freeRecord] = entry;
  head[HEAD.torrents] = head[HEAD.torrents]! - 1;
}

/** Peers of both families. */
export function peersOf({ words }: SwarmShard, torrent: number): number {
  return words[torrent + RECORD.ipv4 + GROUP.total]! + words[torrent + RECORD.ipv6 + GROUP.total]!;
}
