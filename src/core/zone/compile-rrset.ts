// One RRset to the octets of its answer, with the links that are resolved when it is sent (see image.ts).

import { isSubdomain, nameLength } from '../dns/name.ts';
import { RecordClass } from '../dns/record-type.ts';
import { writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { type RdataNames, rdataNamesOf } from './rdata-names.ts';
import type { RecordTable } from './record-table.ts';

/** RFC 1035 §4.1.3: owner (a pointer), type, class, TTL, rdata length. */
const RECORD_HEADER_OCTETS = 12;
/** What one message can hold (RFC 1035 §4.2.2); checking refuses larger RRsets before they come here. */
const MAX_RRSET_OCTETS = 65535;

/** Reused for each RRset. `octets` holds what was written last. */
export class RrsetWriter {
  readonly octets = new Uint8Array(MAX_RRSET_OCTETS);
  length = 0;
  records = 0;
  /** Offsets in `octets` of pointers to the apex. */
  readonly patches: number[] = [];
  /** Offsets in `octets` of names whose addresses go along, and where the record table has those names. */
  readonly additional: { position: number; name: number }[] = [];
  private readonly table: RecordTable;
  private readonly apex: Uint8Array;

  constructor(table: RecordTable, apex: Uint8Array) {
    this.table = table;
    this.apex = apex;
  }

  /** Writes the records of `rows`, all of one owner and type; equal rdata is one record (RFC 2181 §5). */
  write(type: number, rows: readonly number[], ttl: number): void {
    this.length = 0;
    this.records = 0;
    this.patches.length = 0;
    this.additional.length = 0;
    const names = rdataNamesOf(type);
    const seen = rows.length > 1 ? new Set<string>() : undefined;
    for (const row of rows) {
      const rdata = this.table.rdata(row);
      if (seen !== undefined) {
        const key = rdata.join();
        if (seen.has(key)) continue;
        seen.add(key);
      }
      this.writeRecord(type, ttl, row, names);
    }
  }

  private writeRecord(type: number, ttl: number, row: number, names: RdataNames | undefined): void {
    const start = this.length;
    const rdataLength = this.table.rdataLengths[row]!;
    if (start + RECORD_HEADER_OCTETS + rdataLength > MAX_RRSET_OCTETS)
      throw new RangeError('RRset over 65535 octets');
    writeUint16(this.octets, start, 0xc00c);
    writeUint16(this.octets, start + 2, type);
    writeUint16(this.octets, start + 4, RecordClass.IN);
    writeUint32(this.octets, start + 6, ttl);
    this.length = start + RECORD_HEADER_OCTETS;
    if (names === undefined) this.copy(this.table.rdataOffsets[row]!, rdataLength);
    else this.writeNames(row, names);
    writeUint16(this.octets, start + 10, this.length - start - RECORD_HEADER_OCTETS);
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
    this.length += 2;
  }

  /** To the letter: a pointer must not change the case of what the zone file says. */
  private endsInApex(name: Uint8Array): boolean {
    const from = name.length - this.apex.length;
    return isSubdomain(name, this.apex) && this.apex.every((octet, index) => octet === name[from + index]);
  }

  private copy(at: number, length: number): void {
    // A loop: rdata is short, and a view a record would be garbage a record.
    for (let index = 0; index < length; index++)
      this.octets[this.length + index] = this.table.octets[at + index]!;
    this.length += length;
  }
}
