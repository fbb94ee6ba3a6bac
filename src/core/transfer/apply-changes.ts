// Changes applied to the records of a zone (RFC 1995 §4). A change that does not fit says that the two sides have not
// the same zone: as with NSD and Knot, it is not applied in part, and the zone is fetched whole.
// Non-null assertions: rows and offsets come from a table and from whole changes.

import { FOLD, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { octetsToText } from '../octets/text.ts';
import { isSameNameAt } from '../zone/check-index.ts';
import { rdataNamesOf } from '../zone/rdata-names.ts';
import type { RecordTable } from '../zone/record-table.ts';
import type { ZoneChange } from './changes.ts';
import { fieldsOf, recordEnd, wholeNameEnd } from './record-block.ts';
import { RECORD_FIELDS_OCTETS } from './transfer-message.ts';

export type ChangeFault =
  /** The first change does not start from the zone's serial, or two do not follow each other. */
  | 'wrong-serial'
  /** A change of another zone. */
  | 'wrong-zone'
  /** A record is to go that is not there. */
  | 'not-there'
  /** A record is to come that is there. */
  | 'already-there';

/** From the end of a SOA's rdata (RFC 1035 §3.3.13). */
const SOA_NUMBERS_OCTETS = 20;

/**
 * Applies `changes`, oldest first, to the zone in `records`; undefined when all of them fit. The table is changed in
 * place: after a fault it holds no zone any more. A removed record is found by owner, type and rdata whatever its TTL;
 * letters of names make no difference.
 */
export function applyChanges(
  apex: Uint8Array,
  records: RecordTable,
  changes: readonly ZoneChange[],
): ChangeFault | undefined {
  const target = new Target(apex, records, changes);
  for (const change of changes) {
    const fault = target.apply(change);
    if (fault !== undefined) return fault;
  }
  target.compact();
  return undefined;
}

class Target {
  private readonly apex: Uint8Array;
  private readonly records: RecordTable;
  /** Living rows of the owners that the changes name, by {@link keyOf}. Bounded by the changes and those owners' records. */
  private readonly rows = new Map<string, number>();
  /** One for each row that has gone. */
  private readonly gone = new Set<number>();
  private soaRow = -1;

  constructor(apex: Uint8Array, records: RecordTable, changes: readonly ZoneChange[]) {
    this.apex = apex;
    this.records = records;
    this.index(namedOwners(changes));
  }

  apply({ fromSerial, removed, added }: ZoneChange): ChangeFault | undefined {
    if (!isSameNameAt(removed, 0, this.apex, 0) || !isSameNameAt(added, 0, this.apex, 0)) return 'wrong-zone';
    if (this.serial !== fromSerial) return 'wrong-serial';
    this.gone.add(this.soaRow);
    for (let at = afterFirst(removed); at < removed.length; ) {
      const fields = fieldsOf(removed, at);
      if (!this.remove(removed, at, fields)) return 'not-there';
      at = recordEnd(removed, fields);
    }
    this.soaRow = this.add(added, 0, fieldsOf(added, 0));
    for (let at = afterFirst(added); at < added.length; ) {
      const fields = fieldsOf(added, at);
      const key = keyOf(added, at, fields);
      if (this.rows.has(key)) return 'already-there';
      this.rows.set(key, this.add(added, at, fields));
      at = recordEnd(added, fields);
    }
    return undefined;
  }

  /** Drops the rows that have gone; the others keep their order. */
  compact(): void {
    const { records, gone } = this;
    const { owners, types, ttls, rdataOffsets, rdataLengths, files, lines, columns } = records;
    let kept = 0;
    for (let row = 0; row < records.count; row++) {
      if (gone.has(row)) continue;
      owners[kept] = owners[row]!;
      types[kept] = types[row]!;
      ttls[kept] = ttls[row]!;
      rdataOffsets[kept] = rdataOffsets[row]!;
      rdataLengths[kept] = rdataLengths[row]!;
      files[kept] = files[row]!;
      lines[kept] = lines[row]!;
      columns[kept] = columns[row]!;
      kept++;
    }
    records.count = kept;
  }

  private get serial(): number {
    if (this.soaRow < 0) return -1;
    const rdata = this.records.rdata(this.soaRow);
    return readUint32(rdata, rdata.length - SOA_NUMBERS_OCTETS);
  }

  private index(named: ReadonlySet<string>): void {
    const { records, apex } = this;
    let owner = -1;
    let isNamed = false;
    for (let row = 0; row < records.count; row++) {
      if (records.owners[row] !== owner) {
        owner = records.owners[row]!;
        isNamed = named.has(ownerKey(records.octets, owner));
      }
      const type = records.types[row]!;
      if (type === RecordType.SOA && isSameNameAt(records.octets, owner, apex, 0)) this.soaRow = row;
      else if (isNamed) {
        const key = `${ownerKey(records.octets, owner)}${type} ${rdataKey(type, records.rdata(row))}`;
        // RFC 2181 §5: equal records are one.
        if (this.rows.has(key)) this.gone.add(row);
        else this.rows.set(key, row);
      }
    }
  }

  private remove(block: Uint8Array, at: number, fields: number): boolean {
    const key = keyOf(block, at, fields);
    const row = this.rows.get(key);
    if (row === undefined) return false;
    this.rows.delete(key);
    this.gone.add(row);
    return true;
  }

  private add(block: Uint8Array, at: number, fields: number): number {
    const { records } = this;
    const rdata = fields + RECORD_FIELDS_OCTETS;
    const end = recordEnd(block, fields);
    records.add({
      owner: records.append(block.subarray(at, fields)),
      type: readUint16(block, fields),
      ttl: readUint32(block, fields + 4),
      rdataOffset: records.append(block.subarray(rdata, end)),
      rdataLength: end - rdata,
      file: 0,
      line: 0,
      column: 0,
    });
    return records.count - 1;
  }
}

/** A block begins with the SOA, which `apply` treats apart. */
function afterFirst(block: Uint8Array): number {
  return recordEnd(block, fieldsOf(block, 0));
}

function namedOwners(changes: readonly ZoneChange[]): Set<string> {
  const owners = new Set<string>();
  for (const { removed, added } of changes) {
    for (const block of [removed, added]) {
      for (let at = afterFirst(block); at < block.length; at = recordEnd(block, fieldsOf(block, at))) {
        owners.add(ownerKey(block, at));
      }
    }
  }
  return owners;
}

/** The same for the same record in any letters and with any TTL. */
function keyOf(block: Uint8Array, at: number, fields: number): string {
  const type = readUint16(block, fields);
  const rdata = block.subarray(fields + RECORD_FIELDS_OCTETS, recordEnd(block, fields));
  return `${ownerKey(block, at)}${type} ${rdataKey(type, rdata)}`;
}

/** The folded name; its root octet ends it. */
function ownerKey(octets: Uint8Array, at: number): string {
  let text = '';
  const end = at + nameLength(octets, at);
  for (let position = at; position < end; position++) text += String.fromCharCode(FOLD[octets[position]!]!);
  return text;
}

function rdataKey(type: number, rdata: Uint8Array): string {
  const names = rdataNamesOf(type);
  if (names === undefined) return octetsToText(rdata);
  const folded = new Uint8Array(rdata);
  let at = names.prefixOctets;
  for (let left = names.names; left > 0; left--) {
    for (const end = wholeNameEnd(rdata, at); at < end; at++) folded[at] = FOLD[rdata[at]!]!;
  }
  return octetsToText(folded);
}
