// The rows of one name as the RRsets of the image: by type, RRSIGs by the type that they cover and right behind it.

import { RecordType } from '../dns/record-type.ts';
import { coveredType } from './dnssec-rdata.ts';
import type { RecordTable } from './record-table.ts';

/** Rows of one RRset, or the RRSIGs of one. */
export interface RowGroup {
  readonly type: number;
  readonly rows: readonly number[];
  /** The next group holds its RRSIGs. */
  readonly isSigned: boolean;
}

/** Types in the order of their numbers; `rows`, in the order of the file, is sorted in place. */
export function groupRows(table: RecordTable, rows: number[]): readonly RowGroup[] {
  // Most names own one record.
  if (rows.length === 1) return [{ type: table.types[rows[0]!]!, rows, isSigned: false }];
  rows.sort((left, right) => groupKey(table, left) - groupKey(table, right) || left - right);
  const groups: RowGroup[] = [];
  for (let start = 0, end = 0; start < rows.length; start = end) {
    const key = groupKey(table, rows[start]!);
    while (end < rows.length && groupKey(table, rows[end]!) === key) end++;
    groups.push({
      type: table.types[rows[start]!]!,
      rows: rows.slice(start, end),
      isSigned: end < rows.length && groupKey(table, rows[end]!) === (key | 1) && (key & 1) === 0,
    });
  }
  return groups;
}

/** Twice the type, and one more for its RRSIGs. */
function groupKey(table: RecordTable, row: number): number {
  const type = table.types[row]!;
  return type === RecordType.RRSIG ? coveredType(table, row) * 2 + 1 : type * 2;
}
