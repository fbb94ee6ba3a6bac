// Text in columns, and its colours.

import { styleText } from 'node:util';

export type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Leaves text as it is where the terminal, or whoever reads it instead, has no colours. */
export function createStyle(coloured: boolean): Style {
  return (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text);
}

/** One line a row, its cells as wide as the widest of their column, two blanks between. Rows have as many cells as the first. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]!.length), 0),
  );
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column]!)).join('  '));
}
