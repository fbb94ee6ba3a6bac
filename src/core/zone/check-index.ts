// The owner names of a zone by hash, in columns: what whole-zone checks look names up in.
// Non-null assertions: nodes and rows are indexes that this file made, and a million of them are visited.

import { FOLD } from '../dns/name.ts';
import type { RecordTable } from './record-table.ts';

export const NO_NODE = -1;
export const NO_ROW = -1;

/** Names that own records. A node is an index from 0 to `count` − 1, in order of first appearance. */
export interface ZoneIndex {
  readonly count: number;
  /** First row of each node, and for each row the next of its node, in the file's order; NO_ROW ends. */
  readonly firstRow: Int32Array;
  readonly nextRow: Int32Array;
  /** Node of the wire name at `offset` of `octets`, in any case; NO_NODE if it owns no record. */
  find(octets: Uint8Array, offset: number): number;
}

/** `seed` keeps whoever writes the zone from choosing names that collide. */
export function createZoneIndex(records: RecordTable, seed: number): ZoneIndex {
  const { count: rows, octets, owners } = records;
  let mask = 15;
  while (mask < rows * 2) mask = mask * 2 + 1;
  const slots = new Int32Array(mask + 1).fill(NO_NODE);
  const firstRow = new Int32Array(rows);
  const lastRow = new Int32Array(rows);
  const nextRow = new Int32Array(rows).fill(NO_ROW);
  let count = 0;
  let node = NO_NODE;

  function slotOf(name: Uint8Array, offset: number): number {
    let slot = hashName(name, offset, seed) & mask;
    for (;;) {
      const found = slots[slot]!;
      if (found === NO_NODE || isSameNameAt(octets, owners[firstRow[found]!]!, name, offset)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  for (let row = 0; row < rows; row++) {
    if (row > 0 && owners[row] === owners[row - 1]) {
      nextRow[lastRow[node]!] = row;
      lastRow[node] = row;
      continue;
    }
    const slot = slotOf(octets, owners[row]!);
    node = slots[slot]!;
    if (node === NO_NODE) {
      node = count++;
      slots[slot] = node;
      firstRow[node] = row;
    } else {
      nextRow[lastRow[node]!] = row;
    }
    lastRow[node] = row;
  }
  return {
    count,
    firstRow: firstRow.subarray(0, count),
    nextRow,
    find: (name, offset) => slots[slotOf(name, offset)]!,
  };
}

/** FNV-1a over the folded name, with the seed mixed in and the bits spread. */
function hashName(octets: Uint8Array, offset: number, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  let position = offset;
  for (let length = octets[position]!; length !== 0; length = octets[position]!) {
    const end = position + length;
    for (; position <= end; position++) hash = Math.imul(hash ^ FOLD[octets[position]!]!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Whether the wire names at the two places are the same (RFC 4343). */
export function isSameNameAt(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): boolean {
  for (let index = 0; ; index++) {
    const length = left[leftOffset + index]!;
    if (length !== right[rightOffset + index]!) return false;
    if (length === 0) return true;
    for (const end = index + length; index < end; index++) {
      if (FOLD[left[leftOffset + index + 1]!] !== FOLD[right[rightOffset + index + 1]!]) return false;
    }
  }
}

/** Offset of the ancestor of the name at `offset` that is `suffix`, the name itself included; −1 when it is not below. */
export function suffixOffset(octets: Uint8Array, offset: number, suffix: Uint8Array): number {
  let end = offset;
  while (octets[end]! !== 0) end += octets[end]! + 1;
  const wanted = end + 1 - suffix.length;
  let position = offset;
  while (position < wanted) position += octets[position]! + 1;
  return position === wanted && isSameNameAt(octets, position, suffix, 0) ? position : -1;
}
