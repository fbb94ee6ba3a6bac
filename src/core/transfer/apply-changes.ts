// Changes applied to the records of a zone (RFC 1995 §4). A change that does not fit says that the two sides have not
// the same zone: as with NSD and Knot, it is not applied in part, and the zone is fetched whole.
// Non-null assertions: rows and offsets come from a table and from whole changes.

import { FOLD, isSameNameAt, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { octetsToText } from '../octets/text.ts';
import { rdataNamesOf } from '../zone/image/rdata-names.ts';
import type { RecordTable } from '../zone/record-table.ts';
import type { ZoneChange } from './changes.ts';
import { fieldsOf, recordEnd, wholeNameEnd } from './record-block.ts';
import { SOA_NUMBERS_OCTETS } from './serial.ts';
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

/**
 * Applies `changes`, oldest first, to the zone in `records`; undefined when all of them fit. The table is changed in
 * place: after a fault it holds no zone any more. A removed record is found by owner, type and rdata whatever its TTL,
 * and where none has these letters in its rdata, with other letters in the names there.
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
  /** Keys of those rows by {@link foldedKeyOf}, where rdata has names. */
  private readonly spellings = new Map<string, Set<string>>();
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
      const record = recordAt(removed, at);
      if (!this.remove(record)) return 'not-there';
      at = record.end;
    }
    this.soaRow = this.append(recordAt(added, 0));
    for (let at = afterFirst(added); at < added.length; ) {
      const record = recordAt(added, at);
      if (this.rows.has(keyOf(record))) return 'already-there';
      this.keep(record, this.append(record));
      at = record.end;
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
        const ownerOctets = records.octets.subarray(owner, owner + nameLength(records.octets, owner));
        const record = { owner: ownerOctets, type, ttl: 0, rdata: records.rdata(row) };
        // RFC 2181 §5: equal records are one.
        if (this.rows.has(keyOf(record))) this.gone.add(row);
        else this.keep(record, row);
      }
    }
  }

  private keep(record: ChangedRecord, row: number): void {
    const key = keyOf(record);
    this.rows.set(key, row);
    const folded = foldedKeyOf(record);
    if (folded === undefined) return;
    const spellings = this.spellings.get(folded);
    if (spellings === undefined) this.spellings.set(folded, new Set([key]));
    else spellings.add(key);
  }

  private remove(record: ChangedRecord): boolean {
    const folded = foldedKeyOf(record);
    const spellings = folded === undefined ? undefined : this.spellings.get(folded);
    let key = keyOf(record);
    if (!this.rows.has(key)) key = spellings?.values().next().value ?? key;
    const row = this.rows.get(key);
    if (row === undefined) return false;
    this.rows.delete(key);
    spellings?.delete(key);
    this.gone.add(row);
    return true;
  }

  private append({ owner, type, ttl, rdata }: ChangedRecord): number {
    const { records } = this;
    records.add({
      owner: records.append(owner),
      type,
      ttl,
      rdataOffset: records.append(rdata),
      rdataLength: rdata.length,
      file: 0,
      line: 0,
      column: 0,
    });
    return records.count - 1;
  }
}

/** Views into a block or a table. */
interface ChangedRecord {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

function recordAt(block: Uint8Array, at: number): ChangedRecord & { readonly end: number } {
  const fields = fieldsOf(block, at);
  const end = recordEnd(block, fields);
  return {
    owner: block.subarray(at, fields),
    type: readUint16(block, fields),
    ttl: readUint32(block, fields + 4),
    rdata: block.subarray(fields + RECORD_FIELDS_OCTETS, end),
    end,
  };
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

/** The same for the same record, with any TTL. */
function keyOf({ owner, type, rdata }: ChangedRecord): string {
  return `${ownerKey(owner, 0)}${type} ${octetsToText(rdata)}`;
}

/** The same for the same record in any letters; undefined where rdata has no names. */
function foldedKeyOf({ owner, type, rdata }: ChangedRecord): string | undefined {
  const names = rdataNamesOf(type);
  if (names === undefined) return undefined;
  const folded = new Uint8Array(rdata);
  let at = names.prefixOctets;
  for (let left = names.names; left > 0; left--) {
    for (const end = wholeNameEnd(rdata, at); at < end; at++) folded[at] = FOLD[rdata[at]!]!;
  }
  return `${ownerKey(owner, 0)}${type} ${octetsToText(folded)}`;
}

/** The folded name; its root octet ends it. */
function ownerKey(octets: Uint8Array, at: number): string {
  let text = '';
  const end = at + nameLength(octets, at);
  for (let position = at; position < end; position++) text += String.fromCharCode(FOLD[octets[position]!]!);
  return text;
}
