// One RRset to the octets of its answer, with the links that are resolved when it is sent (see image.ts).

import { isSubdomain, nameLength } from '../../dns/name.ts';
import { RecordClass } from '../../dns/record-type.ts';
import { copyOctets, writeUint16, writeUint32 } from '../../octets/big-endian.ts';
import type { RecordTable } from '../record-table.ts';
import { type RdataNames, rdataNamesOf } from './rdata-names.ts';

/** RFC 1035 §4.1.3: owner (a pointer), type, class, TTL, rdata length. */
export const RECORD_HEADER_OCTETS = 12;
/** What one message can hold (RFC 1035 §4.2.2); checking refuses larger RRsets before they come here. */
const MAX_RRSET_OCTETS = 65535;

/** Up to here rows are compared with each other, beyond by a set of what was seen. */
const MAX_COMPARED_ROWS = 16;

export interface RrsetPlace {
  readonly octets: Uint8Array;
  readonly at: number;
}

/** Writes one RRset after another. */
export class RrsetWriter {
  length = 0;
  records = 0;
  /** Offsets in the RRset of pointers to the apex. */
  readonly patches: number[] = [];
  /** Offsets in the RRset of names whose addresses go along, and where the record table has those names. */
  readonly additional: { position: number; name: number }[] = [];
  private readonly table: RecordTable;
  private readonly apex: Uint8Array;
  private out: Uint8Array = new Uint8Array(0);
  private at = 0;

  constructor(table: RecordTable, apex: Uint8Array) {
    this.table = table;
    this.apex = apex;
  }

  /**
   * Writes the records of `rows`, all of one owner and type; equal rdata is one record (RFC 2181 §5). What is written
   * has room at `to`. Four positional parameters: it is called for each RRset.
   */
  write(type: number, rows: readonly number[], ttl: number, to: RrsetPlace): void {
    this.out = to.octets;
    this.at = to.at;
    this.length = 0;
    this.records = 0;
    this.patches.length = 0;
    this.additional.length = 0;
    const names = rdataNamesOf(type);
    const seen = rows.length > MAX_COMPARED_ROWS ? new Set<string>() : undefined;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!;
      if (seen === undefined ? this.isAmong(rows, index) : isSeen(seen, this.table.rdata(row))) continue;
      this.writeRecord(type, ttl, row, names);
    }
  }

  /** Whether one of the rows before has the data of that at `index`. */
  private isAmong(rows: readonly number[], index: number): boolean {
    for (let before = 0; before < index; before++) {
      if (this.isEqual(rows[before]!, rows[index]!)) return true;
    }
    return false;
  }

  private isEqual(left: number, right: number): boolean {
    const { octets, rdataOffsets, rdataLengths } = this.table;
    const length = rdataLengths[left]!;
    if (length !== rdataLengths[right]) return false;
    const leftAt = rdataOffsets[left]!;
    const rightAt = rdataOffsets[right]!;
    for (let index = 0; index < length; index++) {
      if (octets[leftAt + index] !== octets[rightAt + index]) return false;
    }
    return true;
  }

  private writeRecord(type: number, ttl: number, row: number, names: RdataNames | undefined): void {
    const rdataLength = this.table.rdataLengths[row]!;
    if (this.length + RECORD_HEADER_OCTETS + rdataLength > MAX_RRSET_OCTETS)
      throw new RangeError('RRset over 65535 octets');
    const head = this.at + this.length;
    this.length += RECORD_HEADER_OCTETS;
    if (names === undefined) this.copy(this.table.rdataOffsets[row]!, rdataLength);
    else this.writeNames(row, names);
    const written = this.at + this.length - head - RECORD_HEADER_OCTETS;
    writeRecordHead(this.out, head, { type, ttl, rdataLength: written });
    this.records++;
  }

  private writeNames(row: number, names: RdataNames): void {
    const end = this.table.rdataOffsets[row]! + this.table.rdataLengths[row]!;
    let at = this.table.rdataOffsets[row]!;
    this.copy(at, names.prefixOctets);
    at += names.prefixOctets;
    for (let left = names.names; left > 0; left--) {
      const length = nameLength(this.table.octets, at);
      if (names.additional) this.additional.push({ position: this.length, name: at });
      this.writeName(at, length, names.compressible);
      at += length;
    }
    this.copy(at, end - at);
  }

  private writeName(at: number, length: number, compressible: boolean): void {
    const name = this.table.octets.subarray(at, at + length);
    // A pointer takes two octets: nothing is won on the root.
    if (!compressible || this.apex.length <= 2 || !this.endsInApex(name)) {
      this.copy(at, length);
      return;
    }
    this.copy(at, length - this.apex.length);
    this.patches.push(this.length);
    // Whoever answers writes the pointer; until then it is zero, so that equal zones are equal octets in any memory.
    writeUint16(this.out, this.at + this.length, 0);
    this.length += 2;
  }

  /** To the letter: a pointer must not change the case of what the zone file says. */
  private endsInApex(name: Uint8Array): boolean {
    const from = name.length - this.apex.length;
    return isSubdomain(name, this.apex) && this.apex.every((octet, index) => octet === name[from + index]);
  }

  private copy(at: number, length: number): void {
    copyOctets(this.table.octets, at, length, this.out, this.at + this.length);
    this.length += length;
  }
}

/** Owner (a pointer to the question), type, class, TTL and length of the data that follows. */
function writeRecordHead(
  out: Uint8Array,
  at: number,
  { type, ttl, rdataLength }: { type: number; ttl: number; rdataLength: number },
): void {
  writeUint16(out, at, 0xc00c);
  writeUint16(out, at + 2, type);
  writeUint16(out, at + 4, RecordClass.IN);
  writeUint32(out, at + 6, ttl);
  writeUint16(out, at + 10, rdataLength);
}

function isSeen(seen: Set<string>, rdata: Uint8Array): boolean {
  const key = rdata.join();
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}
