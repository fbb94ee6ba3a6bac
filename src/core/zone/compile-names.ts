// The names of a zone as a tree in columns: every owner, and every empty non-terminal above one (RFC 4592 §2.2.2).

import { FOLD, labelCount, nameLength } from '../dns/name.ts';
import { labelHash, rootHash } from '../dns/name-hash.ts';
import { RecordType } from '../dns/record-type.ts';
import { isHashedRow } from './dnssec-rdata.ts';
import type { RecordTable } from './record-table.ts';

/** A node's number counts from 1 in the order of creation; 0 is none. The apex is 1. */
export const APEX = 1;

/** What bounds it: one node for each label of each owner, hence the zone's octets. */
export class NameTree {
  count = 0;
  /** Offset of the name in the record table's octets, letters as written. */
  names: Uint32Array = new Uint32Array(64);
  parents: Uint32Array = new Uint32Array(64);
  hashes: Uint32Array = new Uint32Array(64);
  /** First and last row of the node's records, plus 1; `nextRows` chains them in the file's order. */
  firstRows: Uint32Array = new Uint32Array(64);
  lastRows: Uint32Array = new Uint32Array(64);
  readonly nextRows: Uint32Array;

  private slots = new Uint32Array(256);
  private readonly table: RecordTable;
  private readonly seed: number;
  private readonly apexLabels: number;
  private readonly offsets = new Uint8Array(128);
  private readonly suffixHashes = new Uint32Array(128);

  constructor(table: RecordTable, apexOffset: number, seed: number) {
    this.table = table;
    this.seed = seed;
    this.nextRows = new Uint32Array(table.count);
    this.apexLabels = labelCount(
      table.octets.subarray(apexOffset, apexOffset + nameLength(table.octets, apexOffset)),
    );
  }

  /** The node of the name at `offset` of the table's octets, or 0. */
  findName(offset: number): number {
    this.measure(offset);
    return this.find(offset, 0);
  }

  isWildcard(node: number): boolean {
    const name = this.names[node]!;
    return this.table.octets[name] === 1 && this.table.octets[name + 1] === 0x2a;
  }

  /** Rows of the node, in the order of the file. */
  rowsOf(node: number): number[] {
    const rows: number[] = [];
    for (let next = this.firstRows[node]!; next !== 0; next = this.nextRows[next - 1]!) rows.push(next - 1);
    return rows;
  }

  attach(node: number, row: number): void {
    const last = this.lastRows[node]!;
    if (last === 0) this.firstRows[node] = row + 1;
    else this.nextRows[last - 1] = row + 1;
    this.lastRows[node] = row + 1;
  }

  /** The node of the owner at `offset` of the table's octets, made with its ancestors where it is new. */
  locate(offset: number): number {
    const labels = this.measure(offset);
    const known = this.find(offset, 0);
    if (known !== 0) return known;
    let parent = 0;
    let node = 0;
    for (let label = labels - this.apexLabels; label >= 0; label--) {
      const at = offset + this.offsets[label]!;
      node = this.find(at, label);
      if (node === 0) node = this.insert(at, this.suffixHashes[label]!, parent);
      parent = node;
    }
    return node;
  }

  /** The node of the owner at `offset`, made without its ancestors where it is new. */
  locateAlone(offset: number): number {
    this.measure(offset);
    const known = this.find(offset, 0);
    return known === 0 ? this.insert(offset, this.suffixHashes[0]!, 0) : known;
  }

  /** Fills `offsets` and `suffixHashes` for the name at `offset`; returns its labels. */
  private measure(offset: number): number {
    const octets = this.table.octets;
    let labels = 0;
    let at = offset;
    for (; octets[at]! !== 0; at += octets[at]! + 1) this.offsets[labels++] = at - offset;
    this.offsets[labels] = at - offset;
    let hash = rootHash(this.seed);
    this.suffixHashes[labels] = hash;
    for (let label = labels - 1; label >= 0; label--) {
      hash = labelHash(hash, octets, offset + this.offsets[label]!);
      this.suffixHashes[label] = hash;
    }
    return labels;
  }

  private find(offset: number, label: number): number {
    const mask = this.slots.length - 1;
    const hash = this.suffixHashes[label]!;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = this.slots[slot]!;
      if (node === 0) return 0;
      if (this.hashes[node] === hash && this.isSame(this.names[node]!, offset)) return node;
    }
  }

  private isSame(left: number, right: number): boolean {
    if (left === right) return true;
    const octets = this.table.octets;
    for (let index = 0; ; ) {
      const size = octets[left + index]!;
      if (size !== octets[right + index]!) return false;
      if (size === 0) return true;
      for (const stop = index + size; index <= stop; index++) {
        if (FOLD[octets[left + index]!] !== FOLD[octets[right + index]!]) return false;
      }
    }
  }

  private insert(offset: number, hash: number, parent: number): number {
    const node = ++this.count;
    if (node >= this.names.length) this.grow();
    this.names[node] = offset;
    this.hashes[node] = hash;
    this.parents[node] = parent;
    if (node * 4 > this.slots.length * 3) this.rehash();
    else this.place(node);
    return node;
  }

  private place(node: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[node]! & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = node;
  }

  private rehash(): void {
    this.slots = new Uint32Array(this.slots.length * 4);
    for (let node = 1; node <= this.count; node++) this.place(node);
  }

  private grow(): void {
    const capacity = this.names.length * 2;
    this.names = widen(this.names, capacity);
    this.parents = widen(this.parents, capacity);
    this.hashes = widen(this.hashes, capacity);
    this.firstRows = widen(this.firstRows, capacity);
    this.lastRows = widen(this.lastRows, capacity);
  }
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
  const types = table.types.subarray(0, table.count);
  const tree = new NameTree(table, apexOffset, seed);
  const hashed = types.includes(RecordType.NSEC3) ? new NameTree(table, apexOffset, seed) : undefined;
  tree.locate(apexOffset);
  let owner = -1;
  let node = 0;
  for (let row = 0; row < table.count; row++) {
    if (hashed !== undefined && isHashedRow(table, row)) {
      hashed.attach(hashed.locateAlone(table.owners[row]!), row);
      continue;
    }
    if (table.owners[row] !== owner) {
      owner = table.owners[row]!;
      node = tree.locate(owner);
    }
    tree.attach(node, row);
  }
  return { tree, hashed };
}
