// `portolan lookup`: the preference of hosts, and where it comes from.

import type { Command } from 'commander';
import { formatEndpoint } from '../core/net/endpoint.ts';
import { printable, printableOctets } from '../core/octets/printable.ts';
import type { Outcome } from '../core/preference/outcome.ts';
import { lookupHost, type NotAsked } from '../core/rewrite/lookup-host.ts';
import { parseHostOrUrl } from '../core/rewrite/tracker-url.ts';
import { toAsciiHost } from '../io/resolver/idna.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import {
  addCacheOption,
  addResolverOption,
  type CacheFlags,
  OTHER_RESOLVER_HINT,
  withResolver,
} from './resolver-option.ts';
import { createStyle } from './table.ts';
import { UsageError } from './usage-error.ts';

interface LookupFlags extends CacheFlags {
  readonly json?: boolean;
}

/** A host as the argument names it; `name` is what DNS is asked for. */
interface Target {
  readonly host: string;
  readonly name: string | NotAsked['kind'];
  readonly asked: boolean;
}

const EXAMPLES = `
Examples:
  portolan lookup tracker.example
  portolan lookup udp://tracker.example:6969/announce --json
  portolan lookup tracker.example --resolver 127.0.0.1:5300 --resolver "[::1]:5300"
  portolan lookup tracker.example --resolver tls://dns.example --require-authenticated`;

export function registerLookup(program: Command, io: CliIo): void {
  const command = program
    .command('lookup')
    .summary('say which ports a tracker has')
    .description('Asks DNS for the BITTORRENT record of hosts (BEP 34) and says what it means.')
    .argument('<host-or-url...>', 'host names, or tracker URLs of which the host is taken')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLES);
  addCacheOption(addResolverOption(command)).action((args: string[], flags: LookupFlags) =>
    runLookup(args, flags, io),
  );
}

async function runLookup(args: readonly string[], flags: LookupFlags, io: CliIo): Promise<void> {
  const targets = args.map(parseTarget);
  const coloured = isColoured(io, io.stdout);
  await withResolver(flags, io, async (resolver) => {
    // All at once, printed in order: a slow host does not hold up the others' queries.
    const outcomes = targets.map(({ host }) => resolver.lookupPreference(host));
    let hasFailed = false;
    for (const [index, target] of targets.entries()) {
      const outcome = await outcomes[index]!;
      io.stdout.write(
        flags.json === true ? formatJson(target, outcome) : formatText(target, outcome, coloured),
      );
      if (outcome.kind === 'failed') hasFailed = true;
    }
    if (hasFailed) {
      io.setExitCode(EXIT.failed);
      if (flags.json !== true) io.stderr.write(OTHER_RESOLVER_HINT);
    }
  });
}

function parseTarget(text: string): Target {
  const url = parseHostOrUrl(text);
  if (url.kind === 'fault') {
    throw new UsageError(
      `not a host name or tracker URL: ${printable(text.replace(/^(.*:\/\/[^/]*).*$/s, '$1'))}`,
      'Try: portolan lookup tracker.example',
    );
  }
  const name = lookupHost(url, toAsciiHost);
  const host = url.text.slice(url.hostStart, url.hostEnd);
  return typeof name === 'string'
    ? { host: name, name, asked: true }
    : { host, name: name.kind, asked: false };
}

function formatJson({ host, name, asked }: Target, outcome: Outcome): string {
  const { kind, ...rest } = outcome;
  return `${JSON.stringify({ host, outcome: kind, ...rest, ...(asked ? {} : { notAsked: name }) })}\n`;
}

function formatText(target: Target, outcome: Outcome, coloured: boolean): string {
  const style = createStyle(coloured);
  const lines = [`${style('bold', printable(target.host))}  ${style(COLOURS[outcome.kind], outcome.kind)}`];
  for (const line of explain(target, outcome)) lines.push(`  ${line}`);
  return `${lines.join('\n')}\n`;
}

const COLOURS = {
  declared: 'green',
  denied: 'yellow',
  silent: 'dim',
  conflict: 'red',
  failed: 'red',
} as const;

const NOT_ASKED: Record<NotAsked['kind'], string> = {
  literal: 'it is an IP address, which has no TXT record',
  'not-in-dns':
    'DNS does not hold such a name (a single label, .local, .onion, .i2p, .alt, or one over its limits)',
  'bad-host': 'it is not a host name',
};

function explain({ name, asked }: Target, outcome: Outcome): string[] {
  switch (outcome.kind) {
    case 'declared':
      return [
        `endpoints  ${outcome.endpoints.map(formatEndpoint).join(', then ')}`,
        ...explainRecord(outcome),
      ];
    case 'denied':
      return [
        outcome.probableTypo
          ? 'why        the record names no valid endpoint, which means no tracker; most likely a typing mistake of its owner'
          : 'why        the record says that there is no tracker here',
        ...explainRecord(outcome),
      ];
    case 'silent': {
      if (!asked) return [`why        not asked: ${NOT_ASKED[name as NotAsked['kind']]}`];
      const why =
        outcome.reason === 'no-name' ? 'there is no such name' : 'the name has no BITTORRENT record';
      return [`why        ${why}: URLs stay as they are`, `ttl        ${outcome.ttlSeconds} s`];
    }
    case 'conflict':
      return [
        'why        several BITTORRENT records that differ: none of them is followed',
        ...outcome.records.map((record) => `record     "${printableOctets(record)}"`),
        `ttl        ${outcome.ttlSeconds} s`,
      ];
    case 'failed':
      return [`why        ${outcome.reason}`];
  }
}

function explainRecord(outcome: Outcome & { kind: 'declared' | 'denied' }): string[] {
  const lines = [`record     "${printableOctets(outcome.record)}"`];
  const ignored = outcome.ignored.map((word) => printableOctets(word)).join(' ');
  if (ignored !== '') lines.push(`ignored    ${ignored}`);
  const age = outcome.stale ? ', an earlier answer because no new one can be had' : '';
  lines.push(`ttl        ${outcome.ttlSeconds} s${age}`);
  lines.push(`dnssec     ${outcome.authenticated ? 'authenticated by the resolver' : 'not authenticated'}`);
  return lines;
}
