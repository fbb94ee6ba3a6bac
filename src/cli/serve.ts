// `portolan serve`: runs the server until it is told to stop, and says what it serves.

import type { Command } from 'commander';
import { attempt } from '../app/attempt.ts';
import type { Config, ConfigResult } from '../app/config/config.ts';
import { changedKeys } from '../app/config/config-sample.ts';
import { thisMachine } from '../app/machine.ts';
import { createServer, type Server } from '../app/serve/serve.ts';
import { createServiceManager } from '../app/serve/service-manager.ts';
import { startTakeover } from '../app/takeover/start-takeover.ts';
import { loadKeys } from '../app/transfer/load-keys.ts';
import type { ReloadReport } from '../app/zones/reload.ts';
import { createLogger, type Logger } from '../io/log.ts';
import { readPackageVersion } from '../io/package-version.ts';
import { createServiceNotify } from '../io/service-notify.ts';
import { type CliIo, EXIT, isColoured } from './cli-io.ts';
import { addConfigOptions, type ConfigFlags, loadFlaggedConfig, reportProblems } from './config-flags.ts';
import { reportFindings } from './serve-findings.ts';
import { renderReload, renderStart } from './serve-report.ts';

interface ServeFlags extends ConfigFlags {
  readonly printConfig?: boolean;
  readonly json?: boolean;
  readonly takeover?: boolean;
}

const EXAMPLES = `
Examples:
  portolan serve                                 the zones of the folder zones, on loopback
  portolan serve --config /etc/portolan/portolan.toml
  portolan serve --print-config > portolan.toml  every setting, explained
  portolan serve --dns-listen auto:53 --tracker-drain 4h
  portolan serve --takeover                      a new version in the place of the one that runs

Signals: SIGHUP reads the zones again, SIGTERM and SIGINT stop.`;

export function registerServe(program: Command, io: CliIo): void {
  const command = program
    .command('serve')
    .summary('answer DNS for the zones, and run the tracker on the ports that they declare')
    .description(
      'Answers DNS for the zones, opens the ports that their BITTORRENT records declare, and follows every edit.',
    )
    .option('--print-config', 'print the complete commented configuration in effect, and end')
    .option(
      '--takeover',
      'take over from the server that runs with this state folder, without losing a packet',
    )
    .option('--json', 'print what is served as one JSON object')
    .addHelpText('after', EXAMPLES);
  addConfigOptions(command);
  command.action((flags: ServeFlags) => runServe(flags, command, io));
}

async function runServe(flags: ServeFlags, command: Command, io: CliIo): Promise<void> {
  const load = () => loadFlaggedConfig(flags, command, io);
  const result = await load();
  if (result.kind === 'wrong') return reportProblems(result.problems, io);
  if (flags.printConfig === true) return void io.stdout.write(result.sample);
  const keys = await loadKeys(result.config.dns);
  if (keys.kind === 'wrong') reportProblems(keys.problems, io);
  else await serve(result, flags, io, load);
}

type LoadedConfig = Extract<ConfigResult, { kind: 'config' }>;

async function serve(
  loaded: LoadedConfig,
  flags: ServeFlags,
  io: CliIo,
  load: () => Promise<ConfigResult>,
): Promise<void> {
  const { config } = loaded;
  const logger = createLogger({
    level: config.log.level,
    pretty: io.stderr.isTTY === true,
    colour: isColoured(io, io.stderr),
    stream: io.stderr,
  });
  // From here on: reading what the life before knew takes a while, and it exists once.
  const signals = listenForSignals(logger);
  try {
    await serveUntilTold(loaded, { flags, io, load, logger, signals });
  } finally {
    signals.remove();
  }
}

interface Serving {
  readonly flags: ServeFlags;
  readonly io: CliIo;
  readonly load: () => Promise<ConfigResult>;
  readonly logger: Logger;
  readonly signals: Signals;
}

async function serveUntilTold(loaded: LoadedConfig, serving: Serving): Promise<void> {
  const { config } = loaded;
  const { flags, io, load, logger, signals } = serving;
  const reported = (report: ReloadReport): void => reportReload(report, logger, io);
  const machine = await thisMachine();
  const notify = createServiceNotify(io.env['NOTIFY_SOCKET'] ?? '');
  const takeover = flags.takeover === true ? await startTakeover({ config, machine, logger }) : undefined;
  const over = Promise.withResolvers<'given'>();
  const server = await createServer({
    config,
    machine,
    logger,
    takeover,
    onReload: reported,
    // Said by the process that was the main one until now: sd_notify(3) would have another not believed.
    onGiven: (processId) => notify?.(`MAINPID=${processId}`),
    onOver: () => over.resolve('given'),
  });
  const manager = createServiceManager({ env: io.env, notify, clock: machine.clock, server });
  signals.onHangUp(async () => {
    const task = async () => sayWhatNeedsRestart(loaded, await load(), logger);
    await attempt({ what: 'reading the configuration', task, logger });
    reported(await manager.reload(() => server.reload('signal')));
  });
  let end: EndSignal | 'given';
  try {
    if (!signals.isTold() && !(await start(server, config, serving))) return;
    if (!signals.isTold()) manager.ready();
    end = await Promise.race([signals.stop, over.promise]);
    // Where another process goes on, the service does not end.
    if (end !== 'given') manager.stopping();
  } finally {
    await server.stop();
    manager.close();
  }
  logger.info(end === 'given' ? 'stopped: another process goes on' : `stopped by ${end}`);
}

/** False: nothing is served, which is said. */
async function start(server: Server, config: Config, { flags, io, logger }: Serving): Promise<boolean> {
  const started = await server.start();
  // What is served as it should be stands in the table; a zone that is not must be read in the log too.
  for (const { level, text } of renderReload(started.reload))
    if (level === 'warn' || level === 'error') logger[level](text);
  reportFindings(started.reload, logger, io);
  if (started.kind === 'nothing-served') {
    io.stderr.write(`${nothingServed(config, started.reload)}\n`);
    io.setExitCode(EXIT.failed);
    return false;
  }
  const status = server.status();
  logger.info('started', { version: readPackageVersion() });
  io.stdout.write(
    flags.json === true ? `${JSON.stringify(status)}\n` : renderStart(status, isColoured(io, io.stdout)),
  );
  return true;
}

function nothingServed(config: Config, { zones }: ReloadReport): string {
  return zones.length === 0
    ? `portolan: there is no zone file in ${config.zones.join(', ')}; write one with: portolan init tracker.example`
    : 'portolan: no zone can be served; mend what is said above and start again';
}

function reportReload(report: ReloadReport, logger: Logger, io: CliIo): void {
  for (const { level, text } of renderReload(report)) logger[level](text);
  reportFindings(report, logger, io);
}

/** Zones are read again at a signal; settings hold for the life of the process, and whoever changed one must know. */
function sayWhatNeedsRestart(before: LoadedConfig, after: ConfigResult, logger: Logger): void {
  if (after.kind === 'wrong') {
    for (const problem of after.problems)
      logger.warn(`the configuration would not be accepted at a restart: ${problem}`);
    return;
  }
  const keys = changedKeys(before.sample, after.sample);
  if (keys.length > 0) logger.warn(`changed settings need a restart: ${keys.join(', ')}`);
}

type EndSignal = 'SIGTERM' | 'SIGINT';

interface Signals {
  /** Resolves when the process is told to end, with what told it so first. */
  readonly stop: Promise<EndSignal>;
  /** Whether it was told so. */
  isTold(): boolean;
  /** What SIGHUP does from now on; before, there is nothing to read again. */
  onHangUp(reload: () => Promise<void>): void;
  remove(): void;
}

function listenForSignals(logger: Logger): Signals {
  const { promise, resolve } = Promise.withResolvers<EndSignal>();
  let isTold = false;
  let reload = async (): Promise<void> => {};
  const end = (signal: EndSignal): void => {
    isTold = true;
    resolve(signal);
  };
  const hangUp = (): void => {
    reload().catch((error: Error) => logger.error('the reload failed: please report this', { error }));
  };
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', hangUp);
  return {
    stop: promise,
    isTold: () => isTold,
    onHangUp(run) {
      reload = run;
    },
    remove: () => void process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', hangUp),
  };
}
