// The owner names of a zone by hash, in columns: what whole-zone checks look names up in.
// Non-null assertions: nodes and rows are indexes that this file made, and a million of them are visited.

import { isSameNameAt } from '../dns/name.ts';
import { released } from '../octets/released.ts';
import { OwnerHasher } from './owner-hasher.ts';
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
  /** Gives back the memory, at once; nothing is found afterwards. */
  release(): void;
}

/** `seed` keeps whoever writes the zone from choosing names that collide. */
export function createZoneIndex(records: RecordTable, seed: number): ZoneIndex {
  const { count: rows, octets, owners } = records;
  let mask = 15;
  while (mask < rows * 2) mask = mask * 2 + 1;
  // Node + 1 in the low bits, 0 for free; the bits of the hash that the place does not say in the others, so that a
  // name is compared only where it is nearly certain to be the same: each comparison waits for memory three times.
  let slots = new Uint32Array(mask + 1);
  const firstRow = new Int32Array(rows);
  const lastRow = new Int32Array(rows);
  const nextRow = new Int32Array(rows).fill(NO_ROW);
  const hasher = new OwnerHasher(octets, seed);
  const strangers = new OwnerHasher(octets, seed);
  let count = 0;
  let node = NO_NODE;

  /** The slot of the name, or the free one that it would have. */
  function slotOf(hash: number, name: Uint8Array, offset: number): number {
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot]!;
      if (found === 0) return slot;
      if (((found ^ hash) & ~mask) !== 0) continue;
      if (isSameNameAt(octets, owners[firstRow[(found & mask) - 1]!]!, name, offset)) return slot;
    }
  }

  for (let row = 0; row < rows; row++) {
    const owner = owners[row]!;
    if (row > 0 && owner === owners[row - 1]) {
      nextRow[lastRow[node]!] = row;
      lastRow[node] = row;
      continue;
    }
    const hash = hasher.read(owner);
    const slot = slotOf(hash, octets, owner);
    const found = slots[slot]!;
    if (found === 0) {
      firstRow[count] = row;
      node = count++;
      slots[slot] = (hash & ~mask) | count;
    } else {
      node = (found & mask) - 1;
      nextRow[lastRow[node]!] = row;
    }
    lastRow[node] = row;
  }
  released(lastRow);
  return {
    count,
    firstRow: firstRow.subarray(0, count),
    nextRow,
    find(name, offset) {
      const reader = name === octets ? hasher : strangers;
      if (name !== octets) strangers.moveTo(name);
      return (slots[slotOf(reader.read(offset), name, offset)]! & mask) - 1;
    },
    release() {
      slots = released(slots);
      released(firstRow);
      released(nextRow);
    },
  };
}
