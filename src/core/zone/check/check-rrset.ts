// Checks of the records at one name: what may stand beside what, how many, how large (RFC 1034 §3.6.2, RFC 2181 §5).

import { FOLD, formatName, nameLength } from '../../dns/name.ts';
import { formatRecordType, RecordType } from '../../dns/record-type.ts';
import { type RdataNames, rdataNamesOf } from '../image/rdata-names.ts';
import type { RecordTable } from '../record-table.ts';
import { NO_ROW } from '../zone-index.ts';
import { type CheckContext, ownerText } from './check-context.ts';

/** A DNS message has 65,535 octets (RFC 1035 §4.2.2); the rest is for header, question and the SOA of a transfer. */
export const MAX_RRSET_OCTETS = 65_000;

/** Name pointer, type, class, TTL and length of each record in a message. */
const RECORD_HEAD_OCTETS = 12;

/** BIND 9.18.28 and later refuse more by default (max-records-per-type, max-types-per-name). */
export const MAX_RRSET_RECORDS = 100;
/** The same. */
export const MAX_TYPES_PER_NAME = 100;

/** Types that stand beside a CNAME: what signing adds (RFC 4034 §3, §4). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([RecordType.CNAME, RecordType.RRSIG, RecordType.NSEC]);

export function checkRrsets(context: CheckContext): void {
  const { records, index } = context;
  for (let node = 0; node < index.count; node++) {
    const first = index.firstRow[node]!;
    // Most names of a large zone own one record, with which nothing below can be wrong but its size.
    if (index.nextRow[first] === NO_ROW) {
      if (records.rdataLengths[first]! + RECORD_HEAD_OCTETS > MAX_RRSET_OCTETS) checkSize(context, [first]);
    } else {
      checkNode(context, first);
    }
  }
}

function checkNode(context: CheckContext, first: number): void {
  const { records, index, report } = context;
  const rows: number[] = [];
  for (let row = first; row !== NO_ROW; row = index.nextRow[row]!) rows.push(row);
  const byType = new Map<number, number[]>(); // one entry a type at this name
  for (const row of rows) {
    const type = records.types[row]!;
    const rrset = byType.get(type);
    if (rrset === undefined) byType.set(type, [row]);
    else rrset.push(row);
  }
  checkCoexistence(context, byType, first);
  for (const rrset of byType.values()) {
    checkSize(context, rrset);
    if (rrset.length > 1) checkRrset(context, rrset);
  }
  if (byType.size > MAX_TYPES_PER_NAME) {
    report(
      'many-types',
      `BIND refuses more than ${MAX_TYPES_PER_NAME} types at one name; here are ${byType.size}.`,
      first,
    );
  }
}

function checkCoexistence(context: CheckContext, byType: ReadonlyMap<number, number[]>, first: number): void {
  const { records, report } = context;
  const alias = byType.get(RecordType.CNAME)?.[0];
  const other = alias === undefined ? undefined : [...byType].find(([type]) => !BESIDE_CNAME.has(type));
  if (alias !== undefined && other !== undefined) {
    const [type, [row]] = other;
    report(
      'cname-and-other-data',
      `A CNAME stands alone at its name (RFC 1034 §3.6.2), and ${ownerText(context, first)} has ${formatRecordType(type)} too, on line ${records.lines[row!]}: take one of them away.`,
      alias,
    );
  }
  const redirection = byType.get(RecordType.DNAME)?.[0];
  if (redirection === undefined || !byType.has(RecordType.NS)) return;
  if (context.index.find(records.octets, records.owners[first]!) !== context.apexNode) {
    report('dname-beside-ns', 'A DNAME stands beside NS only at the apex (RFC 6672 §2.3).', redirection);
  }
}

/** Two or more records of one name and type. */
function checkRrset(context: CheckContext, rrset: readonly number[]): void {
  const { records, report } = context;
  const type = records.types[rrset[0]!]!;
  const sorted = [...rrset].sort((left, right) => compareRdata(records, left, right) || left - right);
  let distinct = 1;
  let second = NO_ROW;
  for (let index = 1; index < sorted.length; index++) {
    const row = sorted[index]!;
    if (compareRdata(records, sorted[index - 1]!, row) === 0) {
      report(
        'duplicate-record',
        `${rrsetText(context, rrset[0]!)} is there already with this data: take this line away.`,
        row,
      );
    } else {
      distinct++;
    }
  }
  if (distinct > 1) second = rrset.find((row) => compareRdata(records, rrset[0]!, row) !== 0) ?? NO_ROW;
  if (second !== NO_ROW) reportSingle(context, type, second);
  checkTtls(context, rrset);
  if (distinct > MAX_RRSET_RECORDS) {
    report(
      'rrset-many-records',
      `BIND refuses more than ${MAX_RRSET_RECORDS} records of one name and type; ${rrsetText(context, rrset[0]!)} has ${distinct}.`,
      rrset[0]!,
    );
  }
}

/** Made for a report only: most RRsets have none. */
function rrsetText(context: CheckContext, row: number): string {
  return `${ownerText(context, row)} ${formatRecordType(context.records.types[row]!)}`;
}

/** Types of which a name has one record. */
function reportSingle({ records, report }: CheckContext, type: number, row: number): void {
  const owner = formatName(records.octets, records.owners[row]!);
  if (type === RecordType.SOA) {
    report(
      'several-soa',
      `${owner} has an SOA record already, and a zone has one: take one of them away.`,
      row,
    );
  } else if (type === RecordType.CNAME) {
    report('several-cnames', `${owner} is an alias of another name already: take one CNAME away.`, row);
  } else if (type === RecordType.DNAME) {
    report('several-dnames', `${owner} has a DNAME already (RFC 6672 §2.4): take one of them away.`, row);
  }
}

/** RFC 2181 §5.2. RRSIG records belong each to another RRset. */
function checkTtls(context: CheckContext, rrset: readonly number[]): void {
  const { records, report } = context;
  if (records.types[rrset[0]!] === RecordType.RRSIG) return;
  const other = rrset.find((row) => records.ttls[row] !== records.ttls[rrset[0]!]);
  if (other === undefined) return;
  const lowest = rrset.reduce((least, row) => Math.min(least, records.ttls[row]!), Number.POSITIVE_INFINITY);
  report(
    'ttl-mismatch',
    `The records of ${rrsetText(context, rrset[0]!)} have differing TTLs, and the lowest, ${lowest}, is used: write one for all.`,
    other,
  );
}

function checkSize(context: CheckContext, rrset: readonly number[]): void {
  const { records, report } = context;
  let octets = 0;
  for (const row of rrset) octets += records.rdataLengths[row]! + RECORD_HEAD_OCTETS;
  if (octets <= MAX_RRSET_OCTETS) return;
  report(
    'rrset-too-large',
    `${rrsetText(context, rrset[0]!)} takes ${octets} octets, and one answer has at most ${MAX_RRSET_OCTETS}: spread the records over several names.`,
    rrset[0]!,
  );
}

/** Canonical order of the data of two records of one type (RFC 4034 §6.3), names folded where the type has them. */
export function compareRdata(records: RecordTable, left: number, right: number): number {
  const { octets, rdataOffsets, rdataLengths } = records;
  const names = rdataNamesOf(records.types[left]!);
  const length = Math.min(rdataLengths[left]!, rdataLengths[right]!);
  for (let index = 0; index < length; index++) {
    const a = octets[rdataOffsets[left]! + index]!;
    const b = octets[rdataOffsets[right]! + index]!;
    if (a === b) continue;
    const isFolded = names !== undefined && isInNames(records, left, names, index);
    const difference = isFolded ? FOLD[a]! - FOLD[b]! : a - b;
    if (difference !== 0) return difference;
  }
  return rdataLengths[left]! - rdataLengths[right]!;
}

/** Whether the octet at `index` of the data is of a name, and not of a number before or behind. */
// Four positional parameters: it is called for octets that differ.
function isInNames(
  { octets, rdataOffsets }: RecordTable,
  row: number,
  { prefixOctets, names }: RdataNames,
  index: number,
): boolean {
  const start = rdataOffsets[row]!;
  let end = start + prefixOctets;
  if (start + index < end) return false;
  for (let left = names; left > 0; left--) end += nameLength(octets, end);
  return start + index < end;
}
