// What is wrong with a zone, where, and what to do about it.

import type { DiagnosticCode } from './diagnostic-codes.ts';

export type Severity = 'error' | 'warning';

/** One finding in a zone file. Lines and columns count from 1; a tab is one column. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** One sentence that says what is wrong and what to write instead. */
  readonly message: string;
  /** The path as it was given or written in `$INCLUDE`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Octets that the caret underlines, at least 1. */
  readonly length: number;
  /** The line as it stands in the file, without its end. */
  readonly source: string;
}

export function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
