// Torrents of a shard: found by info-hash, added, dropped. A torrent is named by the word offset of its record.

import { halfSipHash13 } from '../octets/half-siphash.ts';
import type { SipHashKey } from '../octets/siphash.ts';
import { GROUP, HEAD, INFO_HASH_OCTETS, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard } from './shard.ts';

export const NO_TORRENT = -1;

/** Shape of a group whose peers, when there are any, are one bucket (buckets.ts). */
const ONE_BUCKET = 1 << 2;

/** What chooses the shard of the info-hash at `offset`, and its slot there. */
export function hashTorrent(key: SipHashKey, octets: Uint8Array, offset: number): number {
  return halfSipHash13(key, octets, offset, INFO_HASH_OCTETS);
}

/** The record of the torrent whose info-hash is at `offset`, its `hash` known, or {@link NO_TORRENT}. */
export function findTorrent(shard: SwarmShard, hash: number, octets: Uint8Array, offset: number): number {
  const { slots } = shard;
  const mask = slots.length - 1;
  let slot = hash & mask;
  for (;;) {
    const entry = slots[slot]!;
    if (entry === 0) return NO_TORRENT;
    const torrent = (entry - 1) * RECORD_WORDS;
    if (hasHash(shard, torrent, octets, offset)) return torrent;
    slot = (slot + 1) & mask;
  }
}

function hasHash(shard: SwarmShard, torrent: number, octets: Uint8Array, offset: number): boolean {
  const own = shard.octets;
  const start = torrent * 4;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    if (own[start + index] !== octets[offset + index]) return false;
  }
  return true;
}

/** A new, empty torrent; {@link NO_TORRENT} when the shard has as many as it may. It must not be there already. */
export function addTorrent(shard: SwarmShard, hash: number, octets: Uint8Array, offset: number): number {
  const { head, words, slots } = shard;
  if (head[HEAD.torrents]! >= shard.limits.torrents) return NO_TORRENT;
  let number = head[HEAD.freeRecord]! - 1;
  if (number >= 0) head[HEAD.freeRecord] = words[number * RECORD_WORDS]!;
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
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = number + 1;
  head[HEAD.torrents] = head[HEAD.torrents]! + 1;
  return torrent;
}

/** Forgets a torrent that has no peers. */
export function dropTorrent(shard: SwarmShard, torrent: number): void {
  const { head, words, slots } = shard;
  const number = torrent / RECORD_WORDS;
  const mask = slots.length - 1;
  let slot = homeSlot(shard, torrent);
  while (slots[slot] !== number + 1) slot = (slot + 1) & mask;
  closeSlot(shard, slot);
  words[torrent] = head[HEAD.freeRecord]!;
  words[torrent + RECORD.seen] = NOT_LIVE;
  head[HEAD.freeRecord] = number + 1;
  head[HEAD.torrents] = head[HEAD.torrents]! - 1;
}

function homeSlot(shard: SwarmShard, torrent: number): number {
  return hashTorrent(shard.key, shard.octets, torrent * 4) & (shard.slots.length - 1);
}

/** Moves later entries of the run back over an emptied slot, so that no search stops short (Knuth 6.4, algorithm R). */
function closeSlot(shard: SwarmShard, emptied: number): void {
  const { slots } = shard;
  const mask = slots.length - 1;
  let hole = emptied;
  let slot = emptied;
  for (;;) {
    slot = (slot + 1) & mask;
    const entry = slots[slot]!;
    if (entry === 0) break;
    const home = homeSlot(shard, (entry - 1) * RECORD_WORDS);
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    slots[hole] = entry;
    hole = slot;
  }
  slots[hole] = 0;
}

/** Peers of both families. */
export function peersOf({ words }: SwarmShard, torrent: number): number {
  return words[torrent + RECORD.ipv4 + GROUP.total]! + words[torrent + RECORD.ipv6 + GROUP.total]!;
}
