// `portolan check`: what is wrong with zone files, without serving them.

import { isAbsolute, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { type CheckedZone, checkZoneFile, ZoneFileError, zoneFilesAt } from '../app/zones/check-zones.ts';
import type { Diagnostic } from '../core/zone/diagnostic.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { renderDiagnostic } from './render-diagnostic.ts';
import { UsageError } from './usage-error.ts';

interface CheckFlags {
  readonly json?: boolean;
}

const DEFAULT_PATH = 'zones';

const EXAMPLES = `
Examples:
  portolan check                          every *.zone file of the folder zones
  portolan check zones/example.zone
  portolan check --json zones | jq .code  one finding a line, for editors and CI

Exit codes: 0 no errors (warnings may be), 1 errors, 2 no such file.`;

export function registerCheck(program: Command, io: CliIo): void {
  program
    .command('check')
    .summary('say what is wrong with zone files')
    .description(
      'Reads zone files and says what is wrong with them, and with the tracker ports that they declare.',
    )
    .argument('[file-or-folder...]', `zone files, or folders of *.zone files (default: ${DEFAULT_PATH})`)
    .option('--json', 'one finding a line as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action((args: string[], flags: CheckFlags) => runCheck(args, flags, io));
}

function runCheck(args: readonly string[], flags: CheckFlags, io: CliIo): void {
  const paths = (args.length === 0 ? [DEFAULT_PATH] : args).flatMap((path) => filesAt(path, io));
  const counts = { error: 0, warning: 0 };
  const coloured = isColoured(io, io.stdout);
  for (const { file, zone } of paths.map((file) => ({ file, zone: checkFile(file, io) }))) {
    for (const diagnostic of zone.diagnostics) {
      counts[diagnostic.severity]++;
      const shown = { ...diagnostic, file: shownPath(diagnostic.file, file, io) };
      io.stdout.write(flags.json === true ? formatJson(shown) : renderDiagnostic(shown, coloured));
    }
  }
  if (counts.error > 0) io.setExitCode(EXIT.failed);
  if (flags.json === true) return;
  const files = count(paths.length, 'zone file');
  io.stdout.write(`${files}: ${count(counts.error, 'error')}, ${count(counts.warning, 'warning')}\n`);
}

/** Paths as the argument writes them, so that findings show them so. */
function filesAt(path: string, io: CliIo): string[] {
  const absolute = resolve(io.workingDirectory, path);
  const files = orUsage(path, () => zoneFilesAt(absolute));
  if (files.length === 0) {
    throw new UsageError(`no zone files in ${path}`, 'Name a file, or a folder of files that end in .zone.');
  }
  return files.map((file) => shownPath(file, path, io));
}

function checkFile(file: string, io: CliIo): CheckedZone {
  return orUsage(file, () => checkZoneFile(resolve(io.workingDirectory, file)));
}

function orUsage<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ZoneFileError)) throw error;
    const reason = error.code === 'ZONE_FILE_MISSING' ? `no such file: ${path}` : error.message;
    throw new UsageError(reason, 'Try: portolan check zones/example.zone');
  }
}

/** `file` is absolute; a relative argument gets relative paths back. */
function shownPath(file: string, argument: string, io: CliIo): string {
  return isAbsolute(argument) ? file : relative(io.workingDirectory, file);
}

function formatJson({ file, line, column, length, severity, code, message, source }: Diagnostic): string {
  return `${JSON.stringify({ file, line, column, length, severity, code, message, source })}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
