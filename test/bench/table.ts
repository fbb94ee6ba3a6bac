// Results as tables: what is printed, and what goes to the JSON file as it is.

import type { Spread } from './statistics.ts';

export type Cell = string | number | Spread | undefined;

export interface Column {
  readonly key: string;
  readonly heading: string;
}

export interface Table {
  readonly suite: string;
  /** What was measured, at which rate. */
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** What a reader must know besides, a sentence each. */
  readonly notes: readonly string[];
}

export function formatTable({ suite, title, columns, rows, notes }: Table): string {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ key }) => formatCell(row[key]))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(lines[0]!.length);
  return [`${suite}: ${title}`, lines[0], rule, ...lines.slice(1), ...notes.map((note) => `* ${note}`)].join(
    '\n',
  );
}

function formatCell(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell);
  if (cell.min === cell.max) return formatNumber(cell.median);
  return `${formatNumber(cell.median)} (${formatNumber(cell.min)}–${formatNumber(cell.max)})`;
}

/** Three digits that count, thousands apart. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
