// The rows of one name as the RRsets of the image: by type, RRSIGs by the type that they cover and right behind it.

import { RecordType } from '../../dns/record-type.ts';
import { coveredType } from '../dnssec-rdata.ts';
import type { RecordTable } from '../record-table.ts';
import { APEX, type NameTree } from './compile-names.ts';
import { NodeFlag } from './image.ts';

/** Rows of one RRset, or the RRSIGs of one. */
export interface RowGroup {
  type: number;
  rows: readonly number[];
  /** The next group holds its RRSIGs. */
  isSigned: boolean;
}

/** Groups one name's rows after another; what it returns holds until it is asked again. */
export class RowGrouping {
  private readonly table: RecordTable;
  /** Most names own one record, and a million of them are not to leave garbage. */
  private readonly row = [0];
  private readonly single: RowGroup[] = [{ type: 0, rows: this.row, isSigned: false }];

  constructor(table: RecordTable) {
    this.table = table;
  }

  /** Types in the order of their numbers, rows in the order of the file. */
  group(tree: NameTree, node: number): readonly RowGroup[] {
    const first = tree.firstRows[node]!;
    if (first === 0) return [];
    if (tree.nextRows[first - 1] !== 0) return groupRows(this.table, tree.rowsOf(node));
    this.row[0] = first - 1;
    this.single[0]!.type = this.table.types[first - 1]!;
    return this.single;
  }
}

function groupRows(table: RecordTable, rows: number[]): readonly RowGroup[] {
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

/** What a name of the zone does to queries for it and below it. */
export function flagsOf(groups: readonly RowGroup[], node: number): number {
  let flags = 0;
  for (const { type } of groups) {
    if (type === RecordType.NS && node !== APEX) flags |= NodeFlag.delegation;
    else if (type === RecordType.CNAME) flags |= NodeFlag.alias;
    else if (type === RecordType.DNAME) flags |= NodeFlag.dname;
  }
  return flags;
}

/** RFC 2181 §5.2: where the TTLs of an RRset differ, the lowest holds for all. */
export function lowestTtl(table: RecordTable, rows: readonly number[]): number {
  let lowest = table.ttls[rows[0]!]!;
  for (const row of rows) lowest = Math.min(lowest, table.ttls[row]!);
  return lowest;
}
