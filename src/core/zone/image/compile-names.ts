// The names of a zone as a tree in columns: every owner, and every empty non-terminal above one (RFC 4592 §2.2.2).

import { isSameNameAt, labelCount, nameLength } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { released } from '../../octets/released.ts';
import { isHashedRow } from '../dnssec-rdata.ts';
import { OwnerHasher } from '../owner-hasher.ts';
import type { RecordTable } from '../record-table.ts';

/** A node's number counts from 1 in the order of creation; 0 is none. The apex is 1. */
export const APEX = 1;

/** A power of two, between a third and three quarters full. */
export function slotsFor(nodes: number): number {
  let slots = 8;
  while (slots * 3 < nodes * 4) slots *= 2;
  return slots;
}

/** What bounds it: one node for each label of each owner, hence the zone's octets. */
export class NameTree {
  count = 0;
  /** Offset of the name in the record table's octets, letters as written. */
  names: Uint32Array;
  parents: Uint32Array;
  hashes: Uint32Array;
  /** First and last row of the node's records, plus 1; `nextRows` chains them in the file's order. */
  firstRows: Uint32Array;
  lastRows: Uint32Array;
  nextRows: Uint32Array;

  /**
   * As an image has them, which takes them over (image.ts). The node's number in the low bits, 0 for free; the bits of its hash that the place does not say in the others, so
   * that names are compared only where they are nearly certain to be the same.
   */
  slots: Uint32Array;
  private readonly table: RecordTable;
  private readonly hasher: OwnerHasher;
  private readonly apexLabels: number;
  /** The node of the parent that the hasher knows as `parentAt`. */
  private parentAt = -1;
  private parent = 0;

  /** `expected` is how many names there will be, as far as that is known: room for them is made at once. */
  constructor(table: RecordTable, { apexOffset, seed, expected }: TreeOptions) {
    this.table = table;
    this.hasher = new OwnerHasher(table.octets, seed);
    // What is given back together is one block of memory: the system gets back large ones at once, smaller ones late.
    const block = columnsOf([table.count, expected + 1, expected + 1, expected + 1, expected + 1]);
    [this.nextRows, this.names, this.parents, this.firstRows, this.lastRows] = block;
    this.hashes = new Uint32Array(expected + 1);
    this.slots = new Uint32Array(slotsFor(expected));
    this.apexLabels = labelCount(
      table.octets.subarray(apexOffset, apexOffset + nameLength(table.octets, apexOffset)),
    );
  }

  /** The node of the name at `offset` of the table's octets, or 0. */
  findName(offset: number): number {
    return this.find(offset, this.hasher.read(offset));
  }

  /** Rows of the node, in the order of the file. */
  rowsOf(node: number): number[] {
    const rows: number[] = [];
    for (let next = this.firstRows[node]!; next !== 0; next = this.nextRows[next - 1]!) rows.push(next - 1);
    return rows;
  }

  /** Gives back the memory of names, parents and rows; hashes and slots stay. */
  releaseRows(): void {
    this.names = released(this.names);
    this.parents = released(this.parents);
    this.firstRows = released(this.firstRows);
    this.lastRows = released(this.lastRows);
    this.nextRows = released(this.nextRows);
  }

  attach(node: number, row: number): void {
    const last = this.lastRows[node]!;
    if (last === 0) this.firstRows[node] = row + 1;
    else this.nextRows[last - 1] = row + 1;
    this.lastRows[node] = row + 1;
  }

  /** The node of the owner at `offset` of the table's octets, made with its ancestors where it is new. */
  locate(offset: number): number {
    const { hasher } = this;
    const hash = hasher.read(offset);
    const known = this.find(offset, hash);
    if (known !== 0) return known;
    const above = hasher.labels - this.apexLabels;
    if (above === 0) return this.insert(offset, hash, 0);
    // Neighbours in a zone file mostly have one parent.
    if (hasher.parentAt !== this.parentAt) {
      this.parent = this.locateParent(offset, above);
      this.parentAt = hasher.parentAt;
    }
    return this.insert(offset, hash, this.parent);
  }

  /** The node of the parent of the name that was read last, made with its ancestors where it is new. */
  private locateParent(offset: number, above: number): number {
    const { hasher } = this;
    let parent = 0;
    for (let label = above; label > 0; label--) {
      const at = offset + hasher.offsetOf(label);
      const hash = hasher.hashOf(label);
      const node = this.find(at, hash);
      parent = node === 0 ? this.insert(at, hash, parent) : node;
    }
    return parent;
  }

  /** The node of the owner at `offset`, made without its ancestors where it is new. */
  locateAlone(offset: number): number {
    const hash = this.hasher.read(offset);
    const known = this.find(offset, hash);
    return known === 0 ? this.insert(offset, hash, 0) : known;
  }

  private find(offset: number, hash: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot]!;
      if (found === 0) return 0;
      if (
        ((found ^ hash) & ~mask) === 0 &&
        isSameNameAt(this.table.octets, this.names[found & mask]!, this.table.octets, offset)
      )
        return found & mask;
    }
  }

  private insert(offset: number, hash: number, parent: number): number {
    const node = ++this.count;
    if (node >= this.names.length) this.grow();
    this.names[node] = offset;
    this.hashes[node] = hash;
    this.parents[node] = parent;
    if (node * 4 > this.slots.length * 3) this.rehash(this.slots.length * 2);
    else this.place(node);
    return node;
  }

  private place(node: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    const hash = this.hashes[node]!;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = (hash & ~mask) | node;
  }

  /** Makes {@link slots} as many as {@link slotsFor} says of what the tree has now. */
  fitSlots(): void {
    const count = slotsFor(this.count);
    if (count !== this.slots.length) this.rehash(count);
  }

  private rehash(count: number): void {
    this.slots = new Uint32Array(count);
    for (let node = 1; node <= this.count; node++) this.place(node);
  }

  private grow(): void {
    const capacity = Math.max(64, this.names.length * 2);
    this.names = widen(this.names, capacity);
    this.parents = widen(this.parents, capacity);
    this.hashes = widen(this.hashes, capacity);
    this.firstRows = widen(this.firstRows, capacity);
    this.lastRows = widen(this.lastRows, capacity);
  }
}

interface TreeOptions {
  readonly apexOffset: number;
  readonly seed: number;
  readonly expected: number;
}

type Columns = [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** Columns of these lengths in one buffer. */
function columnsOf(lengths: readonly number[]): Columns {
  const buffer = new ArrayBuffer(4 * lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  return lengths.map((length) => {
    at += length * 4;
    return new Uint32Array(buffer, at - length * 4, length);
  }) as Columns;
}

function widen(from: Uint32Array, capacity: number): Uint32Array {
  const to = new Uint32Array(capacity);
  to.set(from);
  return to;
}

export interface ZoneNames {
  /** Names that queries find; the first is the apex. */
  readonly tree: NameTree;
  /** Owners of NSEC3 and of what signs it, apart: they are no names of the zone, and make no empty non-terminals. */
  readonly hashed: NameTree | undefined;
}

/** The zone's names with their rows; every row's owner is at or below the apex, as checking has made sure. */
export function collectNames(table: RecordTable, apexOffset: number, seed: number): ZoneNames {
  const { owners, count } = table;
  const hasHashed = table.types.subarray(0, count).includes(RecordType.NSEC3);
  const expected = countOwners(table, hasHashed);
  const tree = new NameTree(table, { apexOffset, seed, expected: expected.names });
  const hashed = hasHashed ? new NameTree(table, { apexOffset, seed, expected: expected.hashed }) : undefined;
  tree.locate(apexOffset);
  let owner = -1;
  let node = 0;
  for (let row = 0; row < count; row++) {
    if (hashed !== undefined && isHashedRow(table, row)) {
      hashed.attach(hashed.locateAlone(owners[row]!), row);
      continue;
    }
    if (owners[row] !== owner) {
      owner = owners[row]!;
      node = tree.locate(owner);
    }
    tree.attach(node, row);
  }
  tree.fitSlots();
  return { tree, hashed };
}

/** Runs of rows of one owner: as many as there are names, where the file has the records of each together. */
function countOwners(table: RecordTable, hasHashed: boolean): { names: number; hashed: number } {
  const { owners, count } = table;
  let names = 0;
  let hashed = 0;
  for (let row = 0; row < count; row++) {
    if (row > 0 && owners[row] === owners[row - 1]) continue;
    if (hasHashed && isHashedRow(table, row)) hashed++;
    else names++;
  }
  return { names, hashed };
}
