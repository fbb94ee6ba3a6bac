// `portolan delegation`: the lines that the parent of a zone has to publish, and whether it does.

import type { Command } from 'commander';
import { readDelegation } from '../app/delegation/read-delegation.ts';
import {
  type ServerVerdict,
  type Verification,
  verifyDelegation,
} from '../app/delegation/verify-delegation.ts';
import {
  type Delegation,
  type DelegationRecord,
  type Difference,
  formatDelegationRecord,
} from '../core/delegation/delegation.ts';
import { formatRecordType } from '../core/dns/record-type.ts';
import { DNS_PORT } from '../core/net/ports.ts';
import { printable } from '../core/octets/printable.ts';
import { systemClock } from '../io/clock.ts';
import { parseServer } from '../io/dns-client/name-server.ts';
import { createParentServers } from '../io/dns-client/parent-servers.ts';
import { randomOctets } from '../io/random.ts';
import { createAddressLookup } from '../io/resolver/create-address-lookup.ts';
import { type CliIo, EXIT } from './cli-io.ts';
import { addConfigOptions, type ConfigFlags, loadFlaggedConfig, reportProblems } from './config-flags.ts';
import { addServerOption, type ResolverFlags } from './resolver-option.ts';
import { UsageError } from './usage-error.ts';

interface DelegationFlags extends ConfigFlags {
  readonly verify?: boolean;
  readonly json?: boolean;
  readonly resolver?: readonly string[];
}

const EXAMPLES = `
Examples:
  portolan delegation zones/example.zone            the lines for the parent's zone file, or the registrar's form
  portolan delegation tracker.example.net           of a zone of the configuration
  portolan delegation tracker.example.net --verify  ask every server of the parent what it says

DS lines are those of keys with the SEP flag, by SHA-256. Exit codes: 0 fine, 1 the parent says something else or
cannot be asked, 2 wrong usage.`;

export function registerDelegation(program: Command, io: CliIo): void {
  const command = program
    .command('delegation')
    .summary('print what the parent of a zone has to publish')
    .description(
      'Prints the NS, glue and DS lines for the parent of a zone; with --verify asks the servers of the parent, and says ' +
        'what differs.',
    )
    .argument('<zone>', 'a zone file, or the name of a zone of the configuration')
    .option('--verify', 'ask the servers of the parent zone, and say what differs')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES);
  addConfigOptions(command, ['zones']);
  addServerOption(command).action((zone: string, flags: DelegationFlags) =>
    runDelegation(zone, flags, command, io),
  );
}

async function runDelegation(
  zone: string,
  flags: DelegationFlags,
  command: Command,
  io: CliIo,
): Promise<void> {
  const loaded = await loadFlaggedConfig(flags, command, io);
  if (loaded.kind === 'wrong') return reportProblems(loaded.problems, io);
  checkServers(flags);
  const { workingDirectory } = io;
  const read = readDelegation({ zone, workingDirectory, zones: loaded.config.zones });
  if (read.kind === 'unknown') {
    throw new UsageError(
      `neither a zone file nor a zone of the configuration: ${printable(zone)}`,
      'Try: portolan delegation zones/example.zone',
    );
  }
  if (read.kind === 'wrong')
    throw new Error(`the zone has errors; see them with: portolan check ${printable(zone)}`);
  const { delegation } = read;
  const verification = flags.verify === true ? await verify(delegation, flags) : undefined;
  io.stdout.write(
    flags.json === true ? formatJson(delegation, verification) : formatText(delegation, verification),
  );
  if (verification !== undefined && !isVerified(verification)) io.setExitCode(EXIT.failed);
}

/** Servers of a parent are found and asked in clear text, which is all that they speak. */
function checkServers({ resolver = [] }: ResolverFlags): void {
  if (resolver.every((server) => parseServer(server)?.transport === 'udp')) return;
  throw new UsageError('delegation asks name servers by address only', 'Try: --resolver 127.0.0.1:5300');
}

async function verify(delegation: Delegation, { resolver = [] }: ResolverFlags): Promise<Verification> {
  const addresses = createAddressLookup({ servers: resolver });
  const { signal } = new AbortController();
  const servers = createParentServers({ nameServers: resolver, clock: systemClock, signal });
  try {
    return await verifyDelegation(delegation, { servers, addresses, randomOctets, port: DNS_PORT });
  } finally {
    addresses.close();
  }
}

/** Somebody could say, and nobody says otherwise. A server that is down is the parent's matter. */
export function isVerified(verification: Verification): boolean {
  if (verification.kind === 'failed') return false;
  const compared = verification.verdicts.flatMap(({ result }) => (result.kind === 'compared' ? result : []));
  return compared.length > 0 && compared.every(({ differences }) => differences.length === 0);
}

function recordsOf({ nameServers, glue, signers }: Delegation): readonly DelegationRecord[] {
  return [...nameServers, ...glue, ...signers];
}

/** Columns as in a zone file. */
function formatText(delegation: Delegation, verification: Verification | undefined): string {
  const records = recordsOf(delegation);
  const width = Math.max(...records.map(({ owner }) => owner.length));
  const lines = records.map(
    ({ owner, type, data }) => `${owner.padEnd(width)}  ${formatRecordType(type).padEnd(4)}  ${data}`,
  );
  if (verification !== undefined) lines.push(...formatVerification(verification));
  return `${lines.map(printable).join('\n')}\n`;
}

function formatVerification(verification: Verification): string[] {
  if (verification.kind === 'failed') return [`; not verified: ${verification.message}`];
  const parent = verification.parent === '' ? 'the root' : verification.parent;
  return [`; servers of ${parent}:`, ...verification.verdicts.flatMap(formatVerdict)];
}

function formatVerdict({ server, result }: ServerVerdict): string[] {
  switch (result.kind) {
    case 'failed':
      return [`; ${server}: ${result.message}`];
    case 'own-zone':
      return [`; ${server}: serves the zone itself, so that its delegation cannot be seen`];
    case 'compared':
      if (result.differences.length === 0) return [`; ${server}: the same`];
      return [`; ${server}: differs`, ...result.differences.map(formatDifference)];
  }
}

function formatDifference({ kind, record }: Difference): string {
  return `;   ${kind === 'missing' ? 'missing  ' : 'too much '} ${formatDelegationRecord(record).replaceAll('\t', ' ')}`;
}

function formatJson(delegation: Delegation, verification: Verification | undefined): string {
  const shown = ({ owner, type, data }: DelegationRecord) => ({ owner, type: formatRecordType(type), data });
  const servers =
    verification?.kind === 'asked'
      ? verification.verdicts.map(({ server, result }) => ({
          server,
          ...result,
          ...(result.kind === 'compared' && {
            differences: result.differences.map(({ kind, record }) => ({ kind, ...shown(record) })),
          }),
        }))
      : undefined;
  return `${JSON.stringify({
    records: recordsOf(delegation).map(shown),
    ...(verification !== undefined && {
      verified: isVerified(verification),
      ...(verification.kind === 'failed'
        ? { reason: verification.message }
        : { parent: verification.parent, servers }),
    }),
  })}\n`;
}
