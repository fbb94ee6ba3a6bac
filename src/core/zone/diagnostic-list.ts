// Collects findings up to a bound, and cuts the line of source that each of them shows.

import { octetsToText } from '../octets/text.ts';
import type { Diagnostic } from './diagnostic.ts';
import { DIAGNOSTICS, type DiagnosticCode } from './diagnostic-codes.ts';

/** Findings of one severity that are kept. A person reads the first few; a wrong file must not fill the memory. */
export const MAX_DIAGNOSTICS = 1000;

/** Of a line of source, what is kept. Longer lines are data, not text. */
export const MAX_SOURCE_OCTETS = 1000;

/** Where a finding stands. `lineStart` is the offset in `octets` of its line. */
export interface Place {
  readonly file: string;
  readonly octets: Uint8Array;
  readonly line: number;
  readonly lineStart: number;
  readonly column: number;
  readonly length: number;
}

export interface DiagnosticList {
  readonly items: Diagnostic[];
  /** More errors were found than are kept: the caller stops reading. */
  isFull(): boolean;
  add(code: DiagnosticCode, message: string, place: Place): void;
}

/** What stands where the first finding too many would. */
const LEFT_OUT = {
  error: {
    code: 'too-many-diagnostics',
    message: `More than ${MAX_DIAGNOSTICS} errors: the rest is left out. Mend these first.`,
  },
  warning: {
    code: 'too-many-warnings',
    message: `More than ${MAX_DIAGNOSTICS} warnings: those from here on are left out.`,
  },
} as const;

export function createDiagnosticList(): DiagnosticList {
  const items: Diagnostic[] = []; // at most MAX_DIAGNOSTICS of each severity and a notice for each
  const counts = { error: 0, warning: 0 };
  let full = false;
  return {
    items,
    isFull: () => full,
    add(code, message, place) {
      if (full) return;
      const { severity } = DIAGNOSTICS[code];
      counts[severity]++;
      if (counts[severity] <= MAX_DIAGNOSTICS) {
        items.push(createDiagnostic(code, message, place));
      } else if (counts[severity] === MAX_DIAGNOSTICS + 1) {
        full = severity === 'error';
        const { code: notice, message: sentence } = LEFT_OUT[severity];
        items.push(createDiagnostic(notice, sentence, place));
      }
    },
  };
}

function createDiagnostic(code: DiagnosticCode, message: string, place: Place): Diagnostic {
  return {
    severity: DIAGNOSTICS[code].severity,
    code,
    message,
    file: place.file,
    line: place.line,
    column: place.column,
    length: Math.max(1, place.length),
    source: sourceLine(place.octets, place.lineStart),
  };
}

/** The line that begins at `start`, without its end, one character an octet, cut at {@link MAX_SOURCE_OCTETS}. */
function sourceLine(octets: Uint8Array, start: number): string {
  const limit = Math.min(octets.length, start + MAX_SOURCE_OCTETS);
  let end = start;
  while (end < limit && octets[end] !== 0x0a) end++;
  if (end > start && octets[end - 1] === 0x0d) end--;
  return octetsToText(octets, start, end);
}
