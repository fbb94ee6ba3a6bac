// What keeps a tracker with access control from starting.

import type { Finding } from '../finding.ts';

/** A file of access control is of no use, and there is no older version of it: nobody knows whom to refuse. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code = 'access-unusable';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const { file, line, column, code, message } = errors[0]!;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more: portolan check)` : '';
    super(`${file}:${line}:${column}: error[${code}]: ${message}${more}`);
    this.findings = findings;
  }
}
