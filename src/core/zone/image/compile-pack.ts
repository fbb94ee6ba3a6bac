// The names of a zone with their RRsets, packed: all that the image needs of the record table, in a third of its octets,
// so that the table can be given back before the image is written.
//
// Packed names lie one behind another at the end of the image's own memory, in the order in which they are unpacked from
// there (compile-unpack.ts) to its start: a name is longer in the image than packed, so that writing never overtakes
// reading. They are therefore written from the last to the first, downwards.
//
//   name     flags << 4 | kind (see Packed), parent's number (32 bits) and first label, or the whole name where it has no
//            parent, folded; then
//   plain    type, TTL, length of the data, data: one record without names in its data, as most are
//   grouped  RRsets (32 bits), octets that follow (32 bits), RRsets
//   RRset    type, records, length of its octets, bits (see PackedRrset), octets, links with numbers of nodes
// Non-null assertions: nodes and rows are indexes, and a million of them are visited.

import { FOLD, nameLength } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { copyOctets, readUint32, writeUint16, writeUint32 } from '../../octets/big-endian.ts';
import type { RecordTable } from '../record-table.ts';
import { flagsOf, lowestTtl, type RowGroup, RowGrouping } from './compile-groups.ts';
import { APEX, type NameTree, type ZoneNames } from './compile-names.ts';
import { RECORD_HEADER_OCTETS, RrsetWriter } from './compile-rrset.ts';
import { NodeFlag } from './image.ts';
import { rdataNamesOf } from './rdata-names.ts';

/** Bits of a packed name's first octet. */
export const Packed = { plain: 1, wholeName: 2 } as const;

/** Octets of a packed RRset before its own, and its bits. */
export const PackedRrset = { headOctets: 7, signed: 1, linked: 2 } as const;

/** Data of a plain name: more is packed as a group, which may be of any length. */
export const MAX_PLAIN_OCTETS = 512;

/** Links of one record: numbers of patches and additional names, two patches, one additional name (see image.ts). */
export const MAX_LINK_OCTETS = 4 + 2 * 2 + 6;

export interface PackTarget {
  readonly octets: Uint8Array;
  /** Packed names end here. */
  readonly end: number;
}

export class NodePacker {
  /** Where the first packed name begins: of those that are packed, the last that was. */
  start: number;
  private readonly table: RecordTable;
  private readonly names: ZoneNames;
  private readonly octets: Uint8Array;
  private readonly grouping: RowGrouping;
  private readonly writer: RrsetWriter;
  /** RRsets of one name; grows to the largest. */
  private scratch = new Uint8Array(4096);
  private used = 0;

  constructor(table: RecordTable, names: ZoneNames, apex: Uint8Array, { octets, end }: PackTarget) {
    this.table = table;
    this.names = names;
    this.octets = octets;
    this.start = end;
    this.grouping = new RowGrouping(table);
    this.writer = new RrsetWriter(table, apex);
  }

  /** Packs every name: as they are unpacked, those of the zone come first, then owners of NSEC3. */
  packAll(): void {
    const { tree, hashed } = this.names;
    if (hashed !== undefined) {
      for (let node = hashed.count; node >= 1; node--) {
        this.packGrouped(hashed, node, this.grouping.group(hashed, node), NodeFlag.hashed);
      }
    }
    const { firstRows, nextRows, parents } = tree;
    for (let node = tree.count; node >= 1; node--) {
      const row = firstRows[node]! - 1;
      if (row >= 0 && nextRows[row] === 0 && parents[node] !== 0 && isPlain(this.table, row)) {
        this.packPlain(tree.names[node]!, parents[node]!, row);
      } else {
        const groups = this.grouping.group(tree, node);
        this.packGrouped(tree, node, groups, flagsOf(groups, node));
      }
    }
  }

  /** RFC 2308 §3: the SOA of a negative answer lives for the lower of its TTL and its MINIMUM; so do its RRSIGs. */
  packNegativeSoa(): { readonly octets: Uint8Array; readonly rrsets: number } {
    const groups = this.grouping.group(this.names.tree, APEX);
    const soa = groups.findIndex(({ type }) => type === RecordType.SOA);
    const group = groups[soa]!;
    const row = group.rows[0]!;
    const rdata = this.table.rdata(row);
    const ttl = Math.min(this.table.ttls[row]!, readUint32(rdata, rdata.length - 4));
    this.used = 0;
    this.packRrset({ ...group, rows: [row] }, ttl);
    if (group.isSigned) this.packRrset(groups[soa + 1]!, ttl);
    return { octets: this.scratch.slice(0, this.used), rrsets: group.isSigned ? 2 : 1 };
  }

  private packPlain(name: number, parent: number, row: number): void {
    const { table, octets } = this;
    const from = table.octets;
    const size = from[name]!;
    const length = table.rdataLengths[row]!;
    const ttl = table.ttls[row]!;
    let at = this.start - (14 + size + length);
    this.start = at;
    octets[at] = Packed.plain;
    writeUint32(octets, at + 1, parent);
    at += 5;
    for (let index = 0; index <= size; index++) octets[at++] = FOLD[from[name + index]!]!;
    writeUint16(octets, at, table.types[row]!);
    writeUint32(octets, at + 2, ttl);
    writeUint16(octets, at + 6, length);
    copyOctets(from, table.rdataOffsets[row]!, length, octets, at + 8);
  }

  // Four positional parameters: it is called for each name.
  private packGrouped(tree: NameTree, node: number, groups: readonly RowGroup[], flags: number): void {
    const { table, octets } = this;
    this.used = 0;
    for (const group of groups) this.packRrset(group, lowestTtl(table, group.rows));
    const name = tree.names[node]!;
    const parent = tree.parents[node]!;
    const isWhole = parent === 0;
    const length = isWhole ? nameLength(table.octets, name) : table.octets[name]! + 1;
    const nameAt = isWhole ? 1 : 5;
    let at = this.start - (nameAt + length + 8 + this.used);
    this.start = at;
    octets[at] = (flags << 4) | (isWhole ? Packed.wholeName : 0);
    if (!isWhole) writeUint32(octets, at + 1, parent);
    at += nameAt;
    for (let index = 0; index < length; index++) octets[at++] = FOLD[table.octets[name + index]!]!;
    writeUint32(octets, at, groups.length);
    writeUint32(octets, at + 4, this.used);
    copyOctets(this.scratch, 0, this.used, octets, at + 8);
  }

  private packRrset({ type, rows, isSigned }: RowGroup, ttl: number): void {
    const { writer } = this;
    this.makeRoom(rows);
    const head = this.used;
    this.used += PackedRrset.headOctets;
    writer.write(type, rows, ttl, { octets: this.scratch, at: this.used });
    this.used += writer.length;
    const isLinked = this.packLinks();
    writeUint16(this.scratch, head, type);
    writeUint16(this.scratch, head + 2, writer.records);
    writeUint16(this.scratch, head + 4, writer.length);
    this.scratch[head + 6] = (isSigned ? PackedRrset.signed : 0) | (isLinked ? PackedRrset.linked : 0);
  }

  private makeRoom(rows: readonly number[]): void {
    let needed = this.used + PackedRrset.headOctets;
    for (const row of rows) {
      needed += RECORD_HEADER_OCTETS + this.table.rdataLengths[row]! + MAX_LINK_OCTETS;
    }
    if (needed <= this.scratch.length) return;
    const grown = new Uint8Array(needed * 2);
    grown.set(this.scratch.subarray(0, this.used));
    this.scratch = grown;
  }

  /** Whether there are any. */
  private packLinks(): boolean {
    const { patches, additional } = this.writer;
    const found = additional
      .map(({ position, name }) => ({ position, node: this.names.tree.findName(name) }))
      .filter(({ node }) => node !== 0);
    if (patches.length === 0 && found.length === 0) return false;
    const { scratch } = this;
    writeUint16(scratch, this.used, patches.length);
    writeUint16(scratch, this.used + 2, found.length);
    this.used += 4;
    for (const position of patches) {
      writeUint16(scratch, this.used, position);
      this.used += 2;
    }
    for (const { position, node } of found) {
      writeUint16(scratch, this.used, position);
      writeUint32(scratch, this.used + 2, node);
      this.used += 6;
    }
    return true;
  }
}

/** Whether a name that owns `row` alone is packed as a plain one. */
function isPlain(table: RecordTable, row: number): boolean {
  return rdataNamesOf(table.types[row]!) === undefined && table.rdataLengths[row]! <= MAX_PLAIN_OCTETS;
}
