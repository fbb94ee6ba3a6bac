// `portolan rewrite --undo`: the originals that `--backup` kept, put back.

import type { Input } from '../app/rewrite/rewrite-files.ts';
import { type Undone, undoFile } from '../app/rewrite/undo-files.ts';
import { printable } from '../core/octets/printable.ts';
import { FileError } from '../io/files/files.ts';
import { type CliIo, EXIT } from './cli-io.ts';
import type { Inputs } from './rewrite-inputs.ts';

export interface UndoFlags {
  readonly backup: string;
  readonly fsync: boolean;
  readonly dryRun: boolean;
  readonly check: boolean;
  readonly json: boolean;
}

type Result = Undone | { readonly kind: 'failed'; readonly message: string };

/** Files of folders that have no original are left out: they were never changed. */
export async function runUndo(inputs: Inputs, flags: UndoFlags, io: CliIo): Promise<void> {
  const counts = { restored: 0, 'no-backup': 0, 'changed-since': 0, failed: 0 };
  const isDryRun = flags.dryRun || flags.check;
  for await (const input of inputs.all) {
    if ('content' in input) continue; // wrong usage, which the caller has refused
    const result = await tryUndo(input, { backup: flags.backup, fsync: flags.fsync, isDryRun });
    const isNamed = !inputs.isFromFolder(input);
    counts[result.kind]++;
    if (result.kind === 'restored' && flags.check) io.setExitCode(EXIT.changes);
    const isWrong = result.kind === 'failed' || result.kind === 'changed-since';
    if (isWrong || (result.kind === 'no-backup' && isNamed)) io.setExitCode(EXIT.failed);
    if (flags.json) io.stdout.write(`${JSON.stringify({ input: input.label, undo: result.kind })}\n`);
    else if (result.kind !== 'no-backup' || isNamed) {
      io.stderr.write(`${printable(describe(input.label, result, flags.backup, isDryRun))}\n`);
    }
  }
  if (flags.json) return;
  const [restored, kept] = [counts.restored, counts['no-backup']];
  const failed = counts['changed-since'] + counts.failed;
  io.stderr.write(
    `${restored} ${isDryRun ? 'would be restored' : 'restored'}, ${kept} without original, ${failed} failed\n`,
  );
}

async function tryUndo(
  input: Exclude<Input, { readonly content: unknown }>,
  options: Parameters<typeof undoFile>[1],
): Promise<Result> {
  if ('error' in input) return { kind: 'failed', message: input.error.message };
  try {
    return await undoFile(input.path, options);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: 'failed', message: error.message };
  }
}

// Four positional parameters: what a sentence is made of.
function describe(label: string, result: Result, backup: string, isDryRun: boolean): string {
  switch (result.kind) {
    case 'restored':
      return `${label}  ${isDryRun ? 'would be restored' : 'restored'}`;
    case 'no-backup':
      return `portolan: ${label}: there is no ${label}${backup} to put back`;
    case 'changed-since':
      return `portolan: ${label}: more than tracker URLs differs from ${label}${backup}; both stay as they are`;
    case 'failed':
      return `portolan: ${result.message}`;
  }
}
