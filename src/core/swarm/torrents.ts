// Torrents of the table: found by info-hash, added, dropped. A torrent is named by the word offset of its record.

import { sipHash24 } from '../octets/siphash.ts';
import { GROUP, HEAD, INFO_HASH_OCTETS, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmTable } from './table.ts';

export const NO_TORRENT = -1;

/** The record of the torrent whose info-hash is at `offset`, or {@link NO_TORRENT}. */
export function findTorrent(table: SwarmTable, octets: Uint8Array, offset: number): number {
  const { slots } = table;
  const mask = slots.length - 1;
  let slot = sipHash24(table.key, octets, offset, INFO_HASH_OCTETS) & mask;
  for (;;) {
    const entry = slots[slot]!;
    if (entry === 0) return NO_TORRENT;
    const torrent = (entry - 1) * RECORD_WORDS;
    if (hasHash(table, torrent, octets, offset)) return torrent;
    slot = (slot + 1) & mask;
  }
}

function hasHash(table: SwarmTable, torrent: number, octets: Uint8Array, offset: number): boolean {
  const { recordOctets } = table;
  const start = torrent * 4;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    if (recordOctets[start + index] !== octets[offset + index]) return false;
  }
  return true;
}

/** A new, empty torrent; {@link NO_TORRENT} when the table has as many as it may. It must not be there already. */
export function addTorrent(table: SwarmTable, octets: Uint8Array, offset: number): number {
  const { head, records, recordOctets, slots } = table;
  if (head[HEAD.torrents]! >= table.limits.torrents) return NO_TORRENT;
  let number = head[HEAD.freeRecord]! - 1;
  if (number >= 0) head[HEAD.freeRecord] = records[number * RECORD_WORDS]!;
  else {
    number = head[HEAD.recordsTouched]!;
    head[HEAD.recordsTouched] = number + 1;
  }
  const torrent = number * RECORD_WORDS;
  for (let index = 0; index < RECORD_WORDS; index++) records[torrent + index] = 0;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    recordOctets[torrent * 4 + index] = octets[offset + index]!;
  }
  records[torrent + RECORD.ipv6 + GROUP.shape] = 1;
  const mask = slots.length - 1;
  let slot = sipHash24(table.key, octets, offset, INFO_HASH_OCTETS) & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = number + 1;
  head[HEAD.torrents] = head[HEAD.torrents]! + 1;
  return torrent;
}

/** Forgets a torrent that has no peers. */
export function dropTorrent(table: SwarmTable, torrent: number): void {
  const { head, records, slots } = table;
  const number = torrent / RECORD_WORDS;
  const mask = slots.length - 1;
  let slot = homeSlot(table, torrent);
  while (slots[slot] !== number + 1) slot = (slot + 1) & mask;
  closeSlot(table, slot);
  records[torrent] = head[HEAD.freeRecord]!;
  records[torrent + RECORD.seen] = NOT_LIVE;
  head[HEAD.freeRecord] = number + 1;
  head[HEAD.torrents] = head[HEAD.torrents]! - 1;
}

function homeSlot(table: SwarmTable, torrent: number): number {
  return sipHash24(table.key, table.recordOctets, torrent * 4, INFO_HASH_OCTETS) & (table.slots.length - 1);
}

/** Moves later entries of the run back over an emptied slot, so that no search stops short (Knuth 6.4, algorithm R). */
function closeSlot(table: SwarmTable, emptied: number): void {
  const { slots } = table;
  const mask = slots.length - 1;
  let hole = emptied;
  let slot = emptied;
  for (;;) {
    slot = (slot + 1) & mask;
    const entry = slots[slot]!;
    if (entry === 0) break;
    const home = homeSlot(table, (entry - 1) * RECORD_WORDS);
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    slots[hole] = entry;
    hole = slot;
  }
  slots[hole] = 0;
}

/** Peers of both families. */
export function peersOf({ records }: SwarmTable, torrent: number): number {
  return records[torrent + RECORD.ipv4 + GROUP.total]! + records[torrent + RECORD.ipv6 + GROUP.total]!;
}
