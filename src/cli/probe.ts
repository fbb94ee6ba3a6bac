// `portolan probe`: announces to trackers and says what answers.

import { type Command, Option } from 'commander';
import { parseDuration } from '../app/config/config-values.ts';
import { createProber, type ProbeResult } from '../app/probe/probe.ts';
import { type ProbePlan, type ProbeTarget, parseProbeTarget, planProbe } from '../app/probe/probe-plan.ts';
import { formatEndpoint } from '../core/net/endpoint.ts';
import { printable } from '../core/octets/printable.ts';
import { parseHex } from '../core/octets/text.ts';
import type { Outcome } from '../core/preference/outcome.ts';
import { redactUrl } from '../core/rewrite/redact.ts';
import { systemClock } from '../io/clock.ts';
import { readPackageVersion } from '../io/package-version.ts';
import { randomOctets } from '../io/random.ts';
import { createAddressLookup } from '../io/resolver/create-address-lookup.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { addResolverOption, createResolverFromFlags, type ResolverFlags } from './resolver-option.ts';
import { alignColumns, createStyle } from './table.ts';
import { UsageError } from './usage-error.ts';

interface ProbeFlags extends ResolverFlags {
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly family?: '4' | '6';
  readonly infoHash?: Uint8Array;
}

/** As long as newTrackon waits: two repeats of BEP 15 would be 45 s, which no person does. */
const DEFAULT_TIMEOUT_SECONDS = 10;
/** What a monitoring system can mean. */
const MAX_TIMEOUT_SECONDS = 120;
const INFO_HASH_OCTETS = 20;

const EXAMPLES = `
Examples:
  portolan probe tracker.example                       every endpoint that its BITTORRENT record declares
  portolan probe udp://tracker.example:6969/announce   the same; the URL's own if there is no such record
  portolan probe tracker.example --family 6 --timeout 3s
  portolan probe tracker.example --json | jq .problems

Two peers announce a random info-hash from ports 51413 and 51414, one after the other, and leave (event=stopped).
A tracker that serves known torrents only refuses that: give it one with --info-hash.
Addresses come from --resolver, as the preference does, and from the system without it.
Exit codes: 0 everything answers and nothing is wrong, 1 something is wrong, 2 wrong usage.`;

export function registerProbe(program: Command, io: CliIo): void {
  const command = program
    .command('probe')
    .summary('announce to a tracker and say what answers')
    .description(
      'Announces to every endpoint that a tracker declares (BEP 34), over IPv4 and IPv6, and says what answers, how ' +
        'fast, and what is wrong.',
    )
    .argument('<host-or-url...>', 'host names, or tracker URLs')
    .addOption(
      new Option('--timeout <duration>', 'for one announce')
        .argParser(readTimeout)
        .default(DEFAULT_TIMEOUT_SECONDS, `${DEFAULT_TIMEOUT_SECONDS}s`),
    )
    .addOption(new Option('--family <4|6>', 'only IPv4, or only IPv6').choices(['4', '6']))
    .addOption(
      new Option(
        '--info-hash <hex>',
        'of a torrent that the tracker knows, instead of a random one',
      ).argParser(readInfoHash),
    )
    .option('--json', 'one JSON object a line for each address of each endpoint')
    .addHelpText('after', EXAMPLES);
  addResolverOption(command).action((args: string[], flags: ProbeFlags) => runProbe(args, flags, io));
}

async function runProbe(args: readonly string[], flags: ProbeFlags, io: CliIo): Promise<void> {
  const targets = args.map(readTarget);
  const resolver = createResolverFromFlags(flags);
  const addresses = createAddressLookup({
    servers: flags.resolver,
    requireAuthenticated: flags.requireAuthenticated,
  });
  const prober = createProber({
    addresses,
    families: flags.family === undefined ? [4, 6] : [flags.family === '4' ? 4 : 6],
    timeoutMilliseconds: flags.timeout * 1000,
    userAgent: `portolan/${readPackageVersion()}`,
    infoHash: flags.infoHash,
    clock: systemClock,
    randomOctets,
    signal: new AbortController().signal,
  });
  try {
    // All at once, printed in order; the prober bounds what is in flight.
    const probing = targets.map(async (target) => {
      const plan = planProbe(target, await resolver.lookupPreference(target.host));
      return { plan, results: await prober.probe(plan) };
    });
    for (const [index, target] of targets.entries()) {
      const { plan, results } = await probing[index]!;
      const hostProblem = problemOfHost(target, plan);
      if (flags.json === true) io.stdout.write(formatJson(plan, results, hostProblem));
      else io.stdout.write(formatText(plan, results, hostProblem, isColoured(io, io.stdout)));
      if (hostProblem !== undefined || results.some(({ problems }) => problems.length > 0))
        io.setExitCode(EXIT.failed);
    }
  } finally {
    resolver.close();
    prober.close();
    addresses.close();
  }
}

function readTarget(text: string): ProbeTarget {
  const target = parseProbeTarget(text);
  if (target !== undefined) return target;
  const shown = text.includes('://') ? redactUrl(text) : text;
  throw new UsageError(
    `not a host name, nor the URL of a tracker that speaks UDP or HTTP: ${printable(shown)}`,
    'Try: portolan probe tracker.example',
  );
}

function readTimeout(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new UsageError(
    `--timeout takes a duration from 1s to ${MAX_TIMEOUT_SECONDS}s, not "${printable(text)}"`,
    'Try: --timeout 5s',
  );
}

function readInfoHash(text: string): Uint8Array {
  const octets = parseHex(text);
  if (octets?.length === INFO_HASH_OCTETS) return octets;
  throw new UsageError('--info-hash takes 40 hexadecimal digits', 'Try: --info-hash 0123456789abcdef…');
}

/** What keeps the whole host from being what it should be; undefined where nothing does. */
function problemOfHost(
  { isBareHost, url }: ProbeTarget,
  { outcome, endpoints }: ProbePlan,
): string | undefined {
  switch (outcome.kind) {
    case 'declared':
      return undefined;
    case 'denied':
      return 'its record says that there is no tracker here';
    case 'conflict':
      return 'it has several BITTORRENT records that differ';
    case 'failed':
      return `its record cannot be looked up: ${outcome.reason}`;
    case 'silent':
      if (endpoints.length > 0) return undefined;
      if (isBareHost) return 'it has no BITTORRENT record: name the URL of its tracker';
      return url.port === 0 ? 'the URL names no port, and the host declares none' : undefined;
  }
}

function formatJson(
  { host, outcome }: ProbePlan,
  results: readonly ProbeResult[],
  hostProblem: string | undefined,
): string {
  const lines: object[] = results.map(({ endpoint, family, address, milliseconds, interval, problems }) => ({
    host,
    outcome: outcome.kind,
    scheme: endpoint.scheme,
    port: endpoint.port,
    family,
    address,
    milliseconds,
    intervalSeconds: interval,
    ok: problems.length === 0,
    problems,
  }));
  if (hostProblem !== undefined) {
    const code = outcome.kind === 'silent' ? 'nothing-declared' : outcome.kind;
    lines.push({ host, outcome: outcome.kind, ok: false, problems: [{ code, message: hostProblem }] });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function formatText(
  { host, outcome }: ProbePlan,
  results: readonly ProbeResult[],
  hostProblem: string | undefined,
  coloured: boolean,
): string {
  const style = createStyle(coloured);
  const lines = [`${style('bold', printable(host))}  ${describeOutcome(outcome)}`];
  if (hostProblem !== undefined) lines.push(`  ${style('red', 'wrong')}  ${printable(hostProblem)}`);
  const cells = results.map(({ endpoint, family, address }) => [
    `${endpoint.scheme} ${endpoint.port}`,
    family === undefined ? '-' : `IPv${family}`,
    address ?? '-',
  ]);
  const places = alignColumns(cells);
  for (const [index, { problems, milliseconds, interval }] of results.entries()) {
    const verdict = problems.length === 0 ? style('green', 'ok   ') : style('red', 'wrong');
    const time = milliseconds === undefined ? '' : `  ${Math.max(1, Math.round(milliseconds))} ms`;
    const every = interval === undefined ? '' : `  every ${interval} s`;
    lines.push(`  ${places[index]}  ${verdict}${time}${every}`);
    for (const { message } of problems) lines.push(`    ${printable(message)}`);
  }
  return `${lines.join('\n')}\n`;
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'declared') return `declares ${outcome.endpoints.map(formatEndpoint).join(', ')}`;
  return outcome.kind === 'silent' ? 'declares nothing' : outcome.kind;
}
