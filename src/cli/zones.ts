// `portolan zones`: what a running server makes of its zones, for people and for scripts.

import type { Command } from 'commander';
import { hasZones, type ZoneRow, zoneRows } from '../app/admin/zone-rows.ts';
import { formatName, parseName } from '../core/dns/name.ts';
import { printable } from '../core/octets/printable.ts';
import { readStatus } from '../io/admin-client.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { addConfigOptions, type ConfigFlags, loadFlaggedConfig, reportProblems } from './config-flags.ts';
import { alignColumns, createStyle } from './table.ts';

interface ZonesFlags extends ConfigFlags {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  portolan zones                          every zone of the server of portolan.toml, or of 127.0.0.1:8053
  portolan zones example.net example.org  these alone; one that is not served is wrong
  portolan zones --json | jq 'select(.ok | not)'
  portolan zones --admin-listen 127.0.0.1:8054

It asks the admin address (/status.json) and changes nothing. SIGHUP reads zones and keys again.
Exit codes: 0 every zone is served as it should be, 1 one is not or no server answers, 2 wrong usage.`;

export function registerZones(program: Command, io: CliIo): void {
  const command = program
    .command('zones')
    .summary('show the zones of a running server')
    .description(
      'Shows the zones of a running server: kind, serial, state, and of copies of other servers when they were confirmed ' +
        'last and when they expire.',
    )
    .argument('[zone...]', 'names of zones (default: all)')
    .option('--json', 'one zone a line as a JSON object')
    .addHelpText('after', EXAMPLES);
  addConfigOptions(command, ['admin.listen']);
  command.action((names: string[], flags: ZonesFlags) => runZones(names, flags, command, io));
}

async function runZones(
  names: readonly string[],
  flags: ZonesFlags,
  command: Command,
  io: CliIo,
): Promise<void> {
  const loaded = await loadFlaggedConfig(flags, command, io);
  if (loaded.kind === 'wrong') return reportProblems(loaded.problems, io);
  const status = await readStatus(loaded.config.admin.listen);
  if (!hasZones(status)) throw new Error('another program answers at the admin address');
  const all = zoneRows(status);
  const rows = names.length === 0 ? all : names.flatMap((name) => rowsOf(name, all));
  io.stdout.write(
    flags.json === true ? rows.map(formatJson).join('') : formatTable(rows, isColoured(io, io.stdout)),
  );
  if (rows.some(({ isGood }) => !isGood)) io.setExitCode(EXIT.failed);
}

/** A name that no zone has is a row, too: of several, the others are shown. */
function rowsOf(name: string, rows: readonly ZoneRow[]): ZoneRow[] {
  const wanted = canonical(name);
  const found = rows.filter(({ zone }) => zone !== undefined && canonical(zone) === wanted);
  return found.length > 0 ? found : [unknownRow(name)];
}

/** Letters and the final dot are of no account. */
function canonical(name: string): string {
  const octets = parseName(name);
  return typeof octets === 'string' ? name : formatName(octets).toLowerCase();
}

function unknownRow(zone: string): ZoneRow {
  const none = { serial: undefined, recordCount: undefined, nextAtSeconds: undefined };
  const times = { confirmedAtSeconds: undefined, expiresAtSeconds: undefined };
  const problem = 'the server has no such zone';
  return { zone, path: '', kind: 'primary', state: 'not-served', isGood: false, ...none, ...times, problem };
}

function formatJson({ isGood, ...row }: ZoneRow): string {
  return `${JSON.stringify({ ...row, ok: isGood })}\n`;
}

const HEADS = ['zone', 'kind', 'serial', 'records', 'confirmed', 'expires'];

function formatTable(rows: readonly ZoneRow[], coloured: boolean): string {
  const style = createStyle(coloured);
  const cells = rows.map((row) => [
    printable(row.zone ?? row.path),
    row.kind,
    `${row.serial ?? '-'}`,
    `${row.recordCount ?? '-'}`,
    formatTime(row.confirmedAtSeconds),
    formatTime(row.expiresAtSeconds),
  ]);
  const [heads, ...texts] = alignColumns([HEADS, ...cells]);
  const lines = rows.map(({ state, isGood, problem }, index) => {
    const said = problem === undefined ? state : `${state}: ${printable(problem)}`;
    return `${texts[index]}  ${style(isGood ? 'green' : 'red', said)}`;
  });
  return `${[style('bold', `${heads}  state`), ...lines].join('\n')}\n`;
}

/** `2026-11-20 23:15:00Z`. */
function formatTime(seconds: number | undefined): string {
  if (seconds === undefined) return '-';
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000', '');
}
