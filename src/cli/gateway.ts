// `portolan gateway`: runs the proxy for announces until it is told to stop.

import { type Command, Option } from 'commander';
import { createGateway, type GatewayCounts } from '../app/gateway/gateway.ts';
import {
  formatNetworks,
  type GatewaySettings,
  gatewayDefaults,
  readGatewaySettings,
} from '../app/gateway/gateway-settings.ts';
import { thisMachine } from '../app/machine.ts';
import { formatSocketAddress, type SocketAddress } from '../core/net/endpoint.ts';
import { createLogger, type Logger } from '../io/log.ts';
import { createAddressLookup } from '../io/resolver/create-address-lookup.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { addResolverOption, createResolverFromFlags, type ResolverFlags } from './resolver-option.ts';

interface GatewayFlags extends ResolverFlags {
  readonly json?: boolean;
  readonly [setting: string]: unknown;
}

/** How often what was done is logged: a line an hour is read, more are not. */
const REPORT_MILLISECONDS = 3_600_000;

const EXAMPLES = `
Examples:
  portolan gateway
  portolan gateway --listen 192.168.1.2:8118 --allow 192.168.1.0/24
  portolan gateway --allow-private 10.0.0.0/8        for trackers of one's own network

Clients: qBittorrent: Options, Connection, Proxy Server, type HTTP, host 127.0.0.1, port 8118, and only for trackers.
transmission-daemon: http_proxy=http://127.0.0.1:8118 in its environment. aria2c --http-proxy=http://127.0.0.1:8118
Trackers see the address of the gateway instead of the client's: run it where the client runs.
Addresses of trackers come from --resolver, as their preferences do, and from the system without it.
https trackers need --allow-connect. SIGTERM and SIGINT stop it.`;

export function registerGateway(program: Command, io: CliIo): void {
  const many = (flags: string, text: string, fallback: readonly string[]) =>
    new Option(flags, `${text} (default: ${fallback.length === 0 ? 'none' : fallback.join(' ')})`);
  const command = program
    .command('gateway')
    .summary('local HTTP proxy that gives BEP 34 to clients that lack it')
    .description(
      'An HTTP proxy for announces: asks DNS for the BITTORRENT record of each tracker (BEP 34), and carries the announce ' +
        'to the first declared endpoint that answers, over HTTP or UDP. It carries nothing else.',
    )
    .addOption(many('--listen <address:port...>', 'where it listens', gatewayDefaults.listen))
    .addOption(many('--allow <network...>', 'clients that may use it', gatewayDefaults.allow))
    .addOption(many('--allow-private <network...>', 'networks of trackers that are not on the Internet', []))
    .option('--allow-connect', 'let CONNECT through to port 443, for https trackers')
    .option(
      '--admin <address:port>',
      `admin address of a server here, never connected to (default: ${gatewayDefaults.admin})`,
    )
    .option('--timeout <duration>', `for one announce (default: ${gatewayDefaults.timeout})`)
    .option('--log-level <level>', `least severity that is logged (default: ${gatewayDefaults.logLevel})`)
    .option('--json', 'print where it listens as one JSON object')
    .addHelpText('after', EXAMPLES);
  addResolverOption(command).action((flags: GatewayFlags) => runGateway(flags, io));
}

async function runGateway(flags: GatewayFlags, io: CliIo): Promise<void> {
  const { json, resolver: servers, requireAuthenticated, ...settingFlags } = flags;
  const read = readGatewaySettings(settingFlags);
  if (read.kind === 'wrong') {
    for (const problem of read.problems) io.stderr.write(`portolan: ${problem}\n`);
    io.stderr.write('Try: portolan gateway --help\n');
    io.setExitCode(EXIT.usage);
    return;
  }
  const { settings } = read;
  const logger = createLogger({
    level: settings.logLevel,
    pretty: io.stderr.isTTY === true,
    colour: isColoured(io, io.stderr),
    stream: io.stderr,
  });
  const resolver = createResolverFromFlags({ resolver: servers, requireAuthenticated });
  const addresses = createAddressLookup({ servers, requireAuthenticated });
  const machine = await thisMachine();
  const gateway = createGateway({ settings, resolver, addresses, machine });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const report = (): void => reportCounts(gateway.counts(), logger);
  const reporting = setInterval(report, REPORT_MILLISECONDS);
  try {
    const listening = await gateway.start();
    io.stdout.write(
      json === true ? `${JSON.stringify({ listen: listening })}\n` : describe(listening, settings),
    );
    await stopped;
    report();
  } finally {
    clearInterval(reporting);
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await gateway.stop();
    resolver.close();
    addresses.close();
  }
}

function describe(listening: readonly SocketAddress[], settings: GatewaySettings): string {
  const lines = [
    `gateway    ${listening.map((address) => `http://${formatSocketAddress(address)}`).join(', ')}`,
    `clients    ${formatNetworks(settings.allow)}`,
    `trackers   on the Internet${settings.allowPrivate.length === 0 ? '' : `, and in ${formatNetworks(settings.allowPrivate)}`}`,
    `https      ${settings.allowConnect ? 'by CONNECT, to port 443' : 'not carried (--allow-connect)'}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Numbers, and nothing that tells who asked for what. */
function reportCounts(counts: GatewayCounts, logger: Logger): void {
  logger.info('announces and scrapes since the start', { ...counts });
}
