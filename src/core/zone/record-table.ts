// The records of a parsed zone in columns: a million records are a dozen arrays, not millions of objects.

import { released } from '../octets/released.ts';

/** Grows by doubling; what bounds it is the size of the zone file, which `parseZone` caps. */
export class RecordTable {
  /** Records. */
  count = 0;
  /** Owner and rdata octets of all records; `octets.length` is capacity, `used` what is written. */
  octets: Uint8Array = new Uint8Array(4096);
  used = 0;
  /** Offset in `octets` of the owner's wire name, letters as written. Neighbours may share one. */
  owners: Uint32Array = new Uint32Array(64);
  types: Uint16Array = new Uint16Array(64);
  /** Seconds. */
  ttls: Uint32Array = new Uint32Array(64);
  /** Offset and length in `octets` of the rdata in wire form, names uncompressed. */
  rdataOffsets: Uint32Array = new Uint32Array(64);
  rdataLengths: Uint16Array = new Uint16Array(64);
  /** Where the record's type stands: index into the zone's files, line and column from 1. */
  files: Uint16Array = new Uint16Array(64);
  lines: Uint32Array = new Uint32Array(64);
  columns: Uint16Array = new Uint16Array(64);

  /** Makes room for `length` octets and returns where they start; the caller writes them and they are kept. */
  reserve(length: number): number {
    const start = this.used;
    if (start + length > this.octets.length) {
      this.resizeOctets(Math.max(this.octets.length * 2, start + length));
    }
    this.used = start + length;
    return start;
  }

  /** Appends octets and returns their offset. */
  append(octets: Uint8Array): number {
    const start = this.reserve(octets.length);
    this.octets.set(octets, start);
    return start;
  }

  add(record: RecordColumns): void {
    if (this.count === this.types.length) this.resize(this.types.length * 2);
    const row = this.count++;
    this.owners[row] = record.owner;
    this.types[row] = record.type;
    this.ttls[row] = record.ttl;
    this.rdataOffsets[row] = record.rdataOffset;
    this.rdataLengths[row] = record.rdataLength;
    this.files[row] = record.file;
    this.lines[row] = record.line;
    this.columns[row] = record.column;
  }

  /** Makes room for as many rows and octets in all, so that columns need not grow to them step by step. */
  expect(rows: number, octets: number): void {
    if (octets > this.octets.length) this.resizeOctets(octets);
    if (rows > this.types.length) this.resize(rows);
  }

  rdata(row: number): Uint8Array {
    const start = this.rdataOffsets[row]!;
    return this.octets.subarray(start, start + this.rdataLengths[row]!);
  }

  /** Gives back the memory that says where records stand and whose they are; what is left is their data. */
  releasePlaces(): void {
    this.owners = released(this.owners);
    this.files = released(this.files);
    this.lines = released(this.lines);
    this.columns = released(this.columns);
  }

  /** Gives back all memory, at once and not when garbage is collected; there are no records afterwards. */
  release(): void {
    this.releasePlaces();
    this.types = released(this.types);
    this.ttls = released(this.ttls);
    this.rdataOffsets = released(this.rdataOffsets);
    this.rdataLengths = released(this.rdataLengths);
    this.octets = released(this.octets);
    this.count = 0;
    this.used = 0;
  }

  private resizeOctets(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.octets.subarray(0, this.used));
    this.octets = grown;
  }

  private resize(capacity: number): void {
    this.owners = widen(this.owners, new Uint32Array(capacity));
    this.types = widen(this.types, new Uint16Array(capacity));
    this.ttls = widen(this.ttls, new Uint32Array(capacity));
    this.rdataOffsets = widen(this.rdataOffsets, new Uint32Array(capacity));
    this.rdataLengths = widen(this.rdataLengths, new Uint16Array(capacity));
    this.files = widen(this.files, new Uint16Array(capacity));
    this.lines = widen(this.lines, new Uint32Array(capacity));
    this.columns = widen(this.columns, new Uint16Array(capacity));
  }
}

/** One row for {@link RecordTable.add}; a parser reuses one object for all rows. */
export interface RecordColumns {
  owner: number;
  type: number;
  ttl: number;
  rdataOffset: number;
  rdataLength: number;
  file: number;
  line: number;
  column: number;
}

/** To be filled in and added, again and again: a record of a large zone costs no object. */
export function createRecordColumns(): RecordColumns {
  return {
    owner: 0,
    type: 0,
    ttl: 0,
    rdataOffset: 0,
    rdataLength: 0,
    file: 0,
    line: 0,
    column: 0,
  };
}

function widen<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
