// What a command may touch of the world around it, so that a test can stand in for a terminal.

import type { Readable, Writable } from 'node:stream';

export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths of arguments start from. */
  readonly workingDirectory: string;
  /** Keeps the worst code that any part of the command set. */
  setExitCode(code: ExitCode): void;
}

/** BEHAVIOUR: 0 fine, 1 something failed, 2 wrong usage, 3 `--check` found changes to make. */
export const EXIT = { ok: 0, failed: 1, usage: 2, changes: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_SEVERITY: readonly ExitCode[] = [EXIT.ok, EXIT.changes, EXIT.failed, EXIT.usage];

/** A failure hides that there are changes to make: what failed might have needed some too. */
export function worseExitCode(left: ExitCode, right: ExitCode): ExitCode {
  return BY_SEVERITY.indexOf(left) > BY_SEVERITY.indexOf(right) ? left : right;
}

/** Colour only on a terminal, and never with NO_COLOR (https://no-color.org). */
export function isColoured(io: Pick<CliIo, 'env'>, stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && (io.env['NO_COLOR'] ?? '') === '' && io.env['TERM'] !== 'dumb';
}
