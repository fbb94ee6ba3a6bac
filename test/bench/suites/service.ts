// The rewriting service: a torrent of 100 kB in and out over HTTP, against a handler on the same framework that returns
// the body that it got.

import { fileURLToPath } from 'node:url';
import { findFreePorts } from '../../support/free-ports.ts';
import { type CpuTime, cpuTimeBetween, processTree, readCpu } from '../cpu-time.ts';
import type { BenchOptions } from '../options.ts';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { acceptsConnection, type ServerProcess, startServer } from '../server-process.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import type { ServiceLoadResult } from './service-load.ts';
import type { Suite } from './suite.ts';

const SERVER = fileURLToPath(new URL('service-server.ts', import.meta.url));
const LOAD = fileURLToPath(new URL('service-load.ts', import.meta.url));
const START_SECONDS = 30;
/** Ours first: the others are compared with it. */
const KINDS = [
  ['service', 'Portolan'],
  ['echo', 'a handler that returns the body'],
] as const;

const COLUMNS: readonly Column[] = [
  { key: 'server', heading: 'server' },
  { key: 'perSecond', heading: 'answers/s' },
  { key: 'cpu', heading: 'CPU µs' },
  { key: 'perCpuSecond', heading: 'a CPU second' },
  { key: 'ratio', heading: 'rate ÷ its' },
  { key: 'octets', heading: 'octets' },
];

interface Target {
  readonly name: string;
  readonly port: number;
  readonly process: ServerProcess;
  readonly results: Result[];
}

interface Result extends ServiceLoadResult {
  readonly seconds: number;
  readonly cpu: CpuTime;
}

export const serviceSuite: Suite = {
  name: 'service',
  description: 'torrents of 100 kB over HTTP, against a handler that returns the body',
  async run(options) {
    const targets: Target[] = [];
    try {
      for (const [kind, name] of KINDS) targets.push(await startTarget(kind, name, options));
      for (const target of targets) await measure(target, options, options.warmSeconds);
      for (let round = 0; round < options.rounds; round++) {
        options.log(`service: round ${round + 1} of ${options.rounds}`);
        for (const target of round % 2 === 0 ? targets : targets.toReversed())
          target.results.push(await measure(target, options, options.seconds));
      }
    } finally {
      await Promise.all(targets.map(({ process }) => process.stop()));
    }
    return [tabulate(targets)];
  },
};

async function startTarget(kind: string, name: string, { processors }: BenchOptions): Promise<Target> {
  const [port] = (await findFreePorts(1)) as [number];
  const process_ = startServer(processors.server, [process.execPath, SERVER, kind, String(port)]);
  await process_.waitFor(() => acceptsConnection({ address: '127.0.0.1', port }), START_SECONDS);
  return { name, port, process: process_, results: [] };
}

async function measure(
  { port, process: { pid } }: Target,
  { processors }: BenchOptions,
  seconds: number,
): Promise<Result> {
  const processes = processTree(pid);
  const before = readCpu(processes);
  const result = (await runScript([
    ...pinnedTo(processors.load),
    process.execPath,
    ...[LOAD, String(port), String(seconds)],
  ])) as ServiceLoadResult;
  return { ...result, seconds, cpu: cpuTimeBetween(before, readCpu(processes)) };
}

/** The ratio is of answers a second of the server's processor: the load may be what holds both of them up. */
function tabulate(targets: readonly Target[]): Table {
  const rateOf = ({ answers, cpu }: Result): number => answers / (cpu.user + cpu.system);
  const [ours] = targets;
  const rows = targets.map(({ name, results }, index) => ({
    server: name,
    perSecond: spreadOf(results.map(({ answers, seconds }) => answers / seconds)),
    cpu: spreadOf(results.map((result) => 1e6 / rateOf(result))),
    perCpuSecond: spreadOf(results.map(rateOf)),
    ratio:
      index === 0
        ? undefined
        : spreadOf(results.map((result, round) => rateOf(ours!.results[round]!) / rateOf(result))),
    octets: results.at(-1)?.octets,
  }));
  return { suite: 'service', title: 'torrents of 100 kB in and out', columns: COLUMNS, rows, notes: [] };
}
