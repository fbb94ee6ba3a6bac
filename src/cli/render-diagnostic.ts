// A finding as a person reads it: where and what on one line, then the line of the file with a caret below.

import { printable, printableOctets } from '../core/octets/printable.ts';
import type { Diagnostic } from '../core/zone/diagnostic.ts';
import { createStyle } from './table.ts';

/** What is shown of a long line, so that the caret still stands under what it means. */
const MAX_SHOWN_OCTETS = 120;
const SHOWN_BEFORE_OCTETS = 60;

/** `file:line:column: severity[code]: message`, and two lines of source where there is one. */
export function renderDiagnostic(
  diagnostic: Omit<Diagnostic, 'code'> & { code: string },
  coloured: boolean,
): string {
  const { file, line, column, severity, code, message } = diagnostic;
  const style = createStyle(coloured);
  const colour = severity === 'error' ? 'red' : 'yellow';
  const head = `${style('bold', `${printable(file)}:${line}:${column}:`)} ${style(colour, `${severity}[${code}]`)}: ${printable(message)}`;
  const excerpt = renderSource(diagnostic);
  if (excerpt === undefined) return `${head}\n`;
  return `${head}\n  ${excerpt.source}\n  ${excerpt.blank}${style(colour, excerpt.caret)}\n`;
}

/** Undefined when there is nothing to point at. Tabs stay tabs, so that the caret stands right at any width of tab. */
function renderSource({ source, column, length }: Pick<Diagnostic, 'source' | 'column' | 'length'>) {
  const at = column - 1;
  if (source.trim() === '' || at > source.length) return undefined;
  const start = source.length > MAX_SHOWN_OCTETS ? Math.max(0, at - SHOWN_BEFORE_OCTETS) : 0;
  const end = Math.min(source.length, start + MAX_SHOWN_OCTETS);
  const before = (start > 0 ? '…' : '') + showLine(source.slice(start, at));
  const under = showLine(source.slice(at, Math.min(end, at + length)));
  return {
    source: (start > 0 ? '…' : '') + showLine(source.slice(start, end)) + (end < source.length ? '…' : ''),
    blank: before.replaceAll(/[^\t]/gu, ' '),
    caret: '^'.repeat(Math.max(1, [...under].length)),
  };
}

function showLine(octetText: string): string {
  return octetText.split('\t').map(printableOctets).join('\t');
}
