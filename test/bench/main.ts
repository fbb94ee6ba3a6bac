// `npm run bench [-- SUITE… --rounds N --seconds S --json FILE --quick]`: Portolan and its peers in the same run.

import { writeFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { type LoadProcess, startLoadProcess } from './load/load-process.ts';
import type { BenchOptions } from './options.ts';
import { chooseProcessors } from './processors.ts';
import { createReport, formatReport } from './report.ts';
import { findProgram } from './server-process.ts';
import { accessListsSuite } from './suites/access-lists.ts';
import { authorityFeaturesSuite } from './suites/authority-features.ts';
import { axfrSuite } from './suites/axfr.ts';
import { dnsMillionSuite, dnsSuite } from './suites/dns.ts';
import { gatewaySuite } from './suites/gateway.ts';
import { httpAnnounceSuite } from './suites/http-announce.ts';
import { httpsAnnounceSuite } from './suites/https-announce.ts';
import { rewriteSuite } from './suites/rewrite.ts';
import { rewriteColdSuite, rewriteFolderSuite } from './suites/rewrite-folder.ts';
import { serviceSuite } from './suites/service.ts';
import { singlePacketSuite } from './suites/single-packet.ts';
import type { Suite } from './suites/suite.ts';
import { swarmMemorySuite } from './suites/swarm-memory.ts';
import { swarmMillionSuite } from './suites/swarm-million.ts';
import { udpAnnounceSuite } from './suites/udp-announce.ts';
import { udpMillionSuite } from './suites/udp-million.ts';
import { udpScrapeSuite } from './suites/udp-scrape.ts';
import { workersSuite } from './suites/workers.ts';
import { zoneLoadSuite } from './suites/zone-load.ts';
import type { Table } from './table.ts';

const SUITES: readonly Suite[] = [
  dnsSuite,
  dnsMillionSuite,
  udpAnnounceSuite,
  udpScrapeSuite,
  udpMillionSuite,
  singlePacketSuite,
  workersSuite,
  httpAnnounceSuite,
  httpsAnnounceSuite,
  rewriteSuite,
  rewriteFolderSuite,
  rewriteColdSuite,
  gatewaySuite,
  serviceSuite,
  zoneLoadSuite,
  axfrSuite,
  authorityFeaturesSuite,
  swarmMemorySuite,
  swarmMillionSuite,
  accessListsSuite,
];

const DEFAULTS = { rounds: 5, seconds: 2, warmSeconds: 0.5 };
const QUICK = { rounds: 1, seconds: 0.3, warmSeconds: 0.2 };

interface Flags {
  readonly rounds?: number;
  readonly seconds?: number;
  readonly only?: string[];
  readonly rate?: number[];
  readonly check: boolean;
  readonly json?: string;
  readonly quick?: boolean;
}

function number(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function collectRate(text: string, before: number[] | undefined): number[] {
  const rate = Number(text);
  if (!Number.isInteger(rate) || rate < 0) throw new InvalidArgumentError('It must be a whole number.');
  return [...(before ?? []), rate];
}

const program = new Command('npm run bench --')
  .description('Measures Portolan and its peers in the same run, taking turns.')
  .addArgument(new Argument('[suites...]', 'all when none is named').choices(SUITES.map(({ name }) => name)))
  .option('--rounds <count>', `how often everything is measured (${DEFAULTS.rounds})`, number)
  .option('--seconds <seconds>', `how long each measurement lasts (${DEFAULTS.seconds})`, number)
  .option('--only <servers...>', 'compare with these servers only')
  .option('--rate <rates...>', 'requests a second to measure at instead, 0 for saturation', collectRate)
  .option('--no-check', 'leave out the load generators that check ours (dnsperf, udpload, httpload)')
  .option('--json <file>', 'write the results there too')
  .option('--quick', 'one short round, small zones and swarms: whether it works, not how fast')
  .addHelpText(
    'after',
    `\nSuites:\n${SUITES.map(({ name, description }) => `  ${name.padEnd(14)} ${description}`).join('\n')}`,
  )
  .parse();

const flags = program.opts<Flags>();
const defaults = flags.quick === true ? QUICK : DEFAULTS;
const options: BenchOptions = {
  rounds: Math.ceil(flags.rounds ?? defaults.rounds),
  seconds: flags.seconds ?? defaults.seconds,
  warmSeconds: defaults.warmSeconds,
  isQuick: flags.quick === true,
  only: flags.only ?? [],
  rates: flags.rate ?? [],
  isCrossChecked: flags.check,
  processors: chooseProcessors(),
  log: (line) => void process.stderr.write(`${line}\n`),
};

if (process.platform !== 'linux' || findProgram('taskset') === undefined) {
  options.log('The benchmark needs Linux and taskset (apt-get install util-linux).');
  process.exit(1);
}
if (options.processors.server === options.processors.load)
  options.log('There is one processor only: servers and load take time from each other.');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const chosen = SUITES.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
const load = startLoadProcess(options.processors.load);
const tables = await runSuites(chosen, load);
const report = createReport(tables, {
  ...options,
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
});
process.stdout.write(`${formatReport(report)}\n`);
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);

async function runSuites(suites: readonly Suite[], process_: LoadProcess): Promise<Table[]> {
  const results: Table[] = [];
  try {
    for (const suite of suites) results.push(...(await suite.run(options, process_)));
  } finally {
    await process_.stop();
  }
  return results;
}
