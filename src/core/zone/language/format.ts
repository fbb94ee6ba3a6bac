// A zone's records back to text that any server reads: absolute names, every TTL and class written, one record a line.

import { formatName } from '../../dns/name.ts';
import { formatRecordType } from '../../dns/record-type.ts';
import { formatRdata } from '../rdata/format.ts';
import type { RecordTable } from '../record-table.ts';

/** The text of all records in the table's order; reading it again gives the same records in the same order. */
export function formatZone(zone: { readonly records: RecordTable }): string {
  const lines: string[] = [];
  for (let row = 0; row < zone.records.count; row++) lines.push(`${formatRecord(zone.records, row)}\n`);
  return lines.join('');
}

/** `tracker.example.\t60\tIN\tTXT\t"BITTORRENT UDP:6969"`. */
export function formatRecord(records: RecordTable, row: number): string {
  const type = records.types[row]!;
  return [
    formatName(records.octets, records.owners[row]!),
    records.ttls[row]!,
    'IN',
    formatRecordType(type),
    formatRdata(type, records.rdata(row)),
  ].join('\t');
}
