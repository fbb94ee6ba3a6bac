// `portolan check`: what is wrong with zone files and access lists, without serving them.

import { isAbsolute, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { type CheckedAccess, checkAccessFiles } from '../app/access/check-access.ts';
import type { ConfigResult } from '../app/config/config.ts';
import type { Finding } from '../app/finding.ts';
import { thisMachine } from '../app/machine.ts';
import { type CheckedZone, createZoneChecker, ZoneFileError, zoneFilesAt } from '../app/zones/check-zones.ts';
import { printable } from '../core/octets/printable.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { addConfigOptions, type ConfigFlags, loadFlaggedConfig, reportProblems } from './config-flags.ts';
import { renderDiagnostic } from './render-diagnostic.ts';
import { shownPath } from './shown-path.ts';
import { UsageError } from './usage-error.ts';

interface CheckFlags extends ConfigFlags {
  readonly json?: boolean;
}

/** Settings that decide whether `serve` would have a zone. */
const SETTINGS = [
  'dns.listen',
  'tracker.addresses',
  'tracker.allowed_ports',
  'tracker.max_listeners',
  'admin.listen',
  'rewriter.listen',
  'tls.certificate',
  'tls.key',
];

const EXAMPLES = `
Examples:
  portolan check                          every zone file of the configuration, or of the folder zones
  portolan check zones/example.zone
  portolan check --json zones | jq .code  one finding a line, for editors and CI
  portolan check zones --tracker-addresses 203.0.113.5
                                          as the machine of that address would serve them

With a configuration (portolan.toml, --config, a flag) a host without an address of this machine is a warning.
Exit codes: 0 no errors (warnings may be), 1 errors, 2 no such file, or a wrong configuration.`;

export function registerCheck(program: Command, io: CliIo): void {
  const command = program
    .command('check')
    .summary('say what is wrong with zone files')
    .description(
      'Reads zone files and says what is wrong with them, and with the tracker ports that they declare; and the access ' +
        'lists of the configuration.',
    )
    .argument('[file-or-folder...]', 'zone files, or folders of *.zone files (default: those of serve)')
    .option('--json', 'one finding a line as a JSON object')
    .addHelpText('after', EXAMPLES);
  addConfigOptions(command, SETTINGS);
  command.action((args: string[], flags: CheckFlags) => runCheck(args, flags, command, io));
}

async function runCheck(
  args: readonly string[],
  flags: CheckFlags,
  command: Command,
  io: CliIo,
): Promise<void> {
  const loaded = await loadFlaggedConfig(flags, command, io);
  if (loaded.kind === 'wrong') {
    reportProblems(loaded.problems, io);
    return;
  }
  const named =
    args.length > 0 ? args : loaded.config.zones.map((path) => shownPath(path, io.workingDirectory));
  const files = named.flatMap((path) => filesAt(path, io));
  const machine = await thisMachine();
  const checker = createZoneChecker({ config: loaded.config, machine });
  const checked = files.map((file) => ({
    file,
    zone: orUsage(file, () => checker.check(resolve(io.workingDirectory, file))),
  }));
  const access = await checkAccessFiles(loaded.config.access, machine);
  report(checked, access, { loaded, json: flags.json === true, io });
}

interface ReportOptions {
  readonly loaded: Extract<ConfigResult, { kind: 'config' }>;
  readonly json: boolean;
  readonly io: CliIo;
}

interface CheckedFile {
  /** As the argument writes it. */
  readonly file: string;
  readonly zone: CheckedZone;
}

function report(
  checked: readonly CheckedFile[],
  access: readonly CheckedAccess[],
  { loaded, json, io }: ReportOptions,
): void {
  const counts = { error: 0, warning: 0 };
  const coloured = isColoured(io, io.stdout);
  const say = (finding: Finding, file: string): void => {
    counts[finding.severity]++;
    const shown = { ...finding, file };
    io.stdout.write(json ? formatJson(shown) : renderDiagnostic(shown, coloured));
  };
  for (const { file, zone } of checked) {
    for (const finding of loaded.isGiven ? [...zone.findings, ...zone.publishedOnly] : zone.findings)
      say(finding, asWritten(finding.file, file, io));
  }
  for (const { path, findings } of access)
    for (const finding of findings) say(finding, shownPath(path, io.workingDirectory));
  if (counts.error > 0) io.setExitCode(EXIT.failed);
  if (!loaded.isGiven) io.stderr.write(noteElsewhere(checked, io));
  if (json) return;
  const lists = access.length === 0 ? '' : ` and ${count(access.length, 'access list')}`;
  const files = `${count(checked.length, 'zone file')}${lists}`;
  io.stdout.write(`${files}: ${count(counts.error, 'error')}, ${count(counts.warning, 'warning')}\n`);
}

/** Nobody has said which machine is meant: the first host stands for all, and nothing is counted as wrong. */
function noteElsewhere(checked: readonly CheckedFile[], io: CliIo): string {
  const found = checked.flatMap(({ file, zone }) => zone.publishedOnly.map((finding) => ({ file, finding })));
  const [first, ...others] = found;
  if (first === undefined) return '';
  const { line, column, message } = first.finding;
  const path = asWritten(first.finding.file, first.file, io);
  const more = others.length === 0 ? '' : ` (and ${count(others.length, 'host')} more)`;
  const place = `${printable(path)}:${line}:${column}`;
  return `note: ${place}: ${printable(message)}${more}\nAs findings: portolan check --tracker-addresses auto\n`;
}

/** Paths as the argument writes them, so that findings show them so. */
function filesAt(path: string, io: CliIo): string[] {
  const absolute = resolve(io.workingDirectory, path);
  const files = orUsage(path, () => zoneFilesAt(absolute));
  if (files.length === 0) {
    throw new UsageError(`no zone files in ${path}`, 'Name a file, or a folder of files that end in .zone.');
  }
  return files.map((file) => asWritten(file, path, io));
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
function asWritten(file: string, argument: string, io: CliIo): string {
  return isAbsolute(argument) ? file : relative(io.workingDirectory, file);
}

function formatJson({ file, line, column, length, severity, code, message, source }: Finding): string {
  return `${JSON.stringify({ file, line, column, length, severity, code, message, source })}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
