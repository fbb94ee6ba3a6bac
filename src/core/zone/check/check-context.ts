// What the checks of a zone share: its names, and where a finding about a record is placed.

import { formatName } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { createDiagnosticList } from '../diagnostic-list.ts';
import type { ParsedZone } from '../language/parser.ts';
import type { RecordTable } from '../record-table.ts';
import { NO_ROW, type ZoneIndex } from '../zone-index.ts';

export interface CheckContext {
  readonly records: RecordTable;
  readonly index: ZoneIndex;
  readonly apex: Uint8Array;
  readonly apexNode: number;
  /** No record was left out for an error, so that what is absent was never written. */
  readonly isComplete: boolean;
  report: Reporter;
}

/** Reports what is wrong with the record in `row`; its type is where the finding stands. */
export type Reporter = (code: DiagnosticCode, message: string, row: number) => void;

/** Rows of `type` at `node`, in the file's order. */
export function rowsOf({ records, index }: CheckContext, node: number, type: number): number[] {
  const rows: number[] = [];
  for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
    if (records.types[row] === type) rows.push(row);
  }
  return rows;
}

export function hasType({ records, index }: CheckContext, node: number, type: number): boolean {
  for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
    if (records.types[row] === type) return true;
  }
  return false;
}

export function hasAddress(context: CheckContext, node: number): boolean {
  return hasType(context, node, RecordType.A) || hasType(context, node, RecordType.AAAA);
}

export function ownerText({ records }: { records: RecordTable }, row: number): string {
  return formatName(records.octets, records.owners[row]!);
}

/** Collects findings at rows, and cuts the lines of their files when the first one needs them. */
export function createReporter(zone: ParsedZone): { report: Reporter; finish(): Diagnostic[] } {
  const { records, sources, files } = zone;
  const list = createDiagnosticList();
  const lineStarts = new Map<number, Uint32Array>(); // one entry a file
  function startsOf(file: number): Uint32Array {
    const starts = lineStarts.get(file) ?? findLines(sources[file]!);
    lineStarts.set(file, starts);
    return starts;
  }
  return {
    report(code, message, row) {
      const file = records.files[row] ?? 0;
      const line = records.lines[row] || 1;
      const column = records.columns[row] || 1;
      const lineStart = startsOf(file)[line - 1] ?? 0;
      const octets = sources[file]!;
      const length = wordLength(octets, lineStart + column - 1);
      list.add(code, message, { file: files[file]!, octets, line, lineStart, column, length });
    },
    finish: () => sortByPlace(list.items, files),
  };
}

function findLines(octets: Uint8Array): Uint32Array {
  let count = 1;
  for (let at = octets.indexOf(0x0a); at >= 0; at = octets.indexOf(0x0a, at + 1)) count++;
  const starts = new Uint32Array(count);
  let line = 1;
  for (let at = octets.indexOf(0x0a); at >= 0; at = octets.indexOf(0x0a, at + 1)) starts[line++] = at + 1;
  return starts;
}

function wordLength(octets: Uint8Array, start: number): number {
  let end = start;
  while (end < octets.length && octets[end]! > 0x20) end++;
  return end - start;
}

function sortByPlace(items: Diagnostic[], files: readonly string[]): Diagnostic[] {
  const order = new Map(files.map((file, index) => [file, index])); // one entry a file
  return items.sort(
    (left, right) =>
      order.get(left.file)! - order.get(right.file)! || left.line - right.line || left.column - right.column,
  );
}
