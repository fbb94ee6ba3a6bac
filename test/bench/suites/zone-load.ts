// Loading a zone: time, memory a record and at its peak, and what a query costs once it is loaded, by the size of the zone.

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchOptions } from '../options.ts';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { findProgram } from '../server-process.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import type { Suite } from './suite.ts';
import type { ZoneLoadSample } from './zone-load-child.ts';

const CHILD = fileURLToPath(new URL('zone-load-child.ts', import.meta.url));
const CHECKER = 'nsd-checkzone';
const SIZES = [1000, 100_000, 1_000_000];
const QUICK_SIZES = [1000, 20_000];

const COLUMNS: readonly Column[] = [
  { key: 'names', heading: 'records' },
  { key: 'parse', heading: 'parse ms' },
  { key: 'check', heading: 'check ms' },
  { key: 'compile', heading: 'compile ms' },
  { key: 'total', heading: 'all ms' },
  { key: 'checker', heading: `${CHECKER} ms` },
  { key: 'ratio', heading: 'Portolan ÷ it' },
  { key: 'octetsPerRecord', heading: 'octets a record' },
  { key: 'peak', heading: 'peak ÷ file' },
  { key: 'query', heading: 'ns a query' },
  { key: 'batched', heading: 'ns in batches' },
];

export const zoneLoadSuite: Suite = {
  name: 'zone-load',
  description: 'zones of 1,000 to 1,000,000 records: load time, memory, cost of a query in process',
  async run(options) {
    const folder = createFolder();
    try {
      const sizes = options.isQuick ? QUICK_SIZES : SIZES;
      return [tabulate(await measureSizes(sizes, folder, options), options)];
    } finally {
      removeFolder(folder);
    }
  },
};

interface Round extends ZoneLoadSample {
  /** Milliseconds; undefined where the checker is not installed. */
  readonly checkerMilliseconds: number | undefined;
}

interface Measured {
  readonly names: number;
  readonly fileOctets: number;
  readonly rounds: readonly Round[];
}

async function measureSizes(
  sizes: readonly number[],
  folder: string,
  options: BenchOptions,
): Promise<Measured[]> {
  if (findProgram(CHECKER) === undefined)
    options.log(`zone-load: ${CHECKER} is not installed and is left out; apt-get install nsd`);
  const measured: Measured[] = [];
  for (const names of sizes) {
    const path = join(folder, `${APEX}.zone`);
    writeZone(path, names);
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      options.log(`zone-load: ${names.toLocaleString('en-US')} records, round ${round + 1}`);
      const sample = await loadOnce(path, names, options);
      rounds.push({ ...sample, checkerMilliseconds: timeChecker(path, options) });
    }
    measured.push({ names, fileOctets: statSync(path).size, rounds });
  }
  return measured;
}

/** A process of its own, so that its peak is that of one load. */
async function loadOnce(path: string, names: number, options: BenchOptions): Promise<ZoneLoadSample> {
  const queries = options.isQuick ? 50_000 : 1_000_000;
  return (await runScript([
    ...pinnedTo(options.processors.server),
    process.execPath,
    ...[CHILD, path, String(names), String(queries)],
  ])) as ZoneLoadSample;
}

function timeChecker(path: string, { processors }: BenchOptions): number | undefined {
  const checker = findProgram(CHECKER);
  if (checker === undefined) return undefined;
  const [program, ...words] = [...pinnedTo(processors.server), checker, APEX, path];
  const start = performance.now();
  execFileSync(program, words, { stdio: 'ignore' });
  return performance.now() - start;
}

function tabulate(measured: readonly Measured[], options: BenchOptions): Table {
  const rows = measured.map(({ names, fileOctets, rounds }) => {
    const spread = (read: (round: Round) => number) => spreadOf(rounds.map(read));
    const hasChecker = rounds.every(({ checkerMilliseconds }) => checkerMilliseconds !== undefined);
    return {
      names: names.toLocaleString('en-US'),
      parse: spread(({ parse }) => parse).median,
      check: spread(({ check }) => check).median,
      compile: spread(({ compile }) => compile).median,
      total: spread(totalOf),
      checker: hasChecker ? spread(({ checkerMilliseconds }) => checkerMilliseconds!) : undefined,
      ratio: hasChecker ? spread((round) => totalOf(round) / round.checkerMilliseconds!) : undefined,
      octetsPerRecord: spread(({ imageOctets }) => imageOctets / names).median,
      peak: spread(({ peakOctets }) => peakOctets / fileOctets).median,
      query: spread(({ nanosecondsPerQuery }) => nanosecondsPerQuery),
      batched: spread(({ nanosecondsInBatch }) => nanosecondsInBatch),
    };
  });
  const growthOf = (read: (round: Round) => number): string => {
    const cost = (index: number) => spreadOf(measured.at(index)!.rounds.map(read)).median;
    return (cost(-1) / cost(0)).toFixed(2);
  };
  const single = growthOf(({ nanosecondsPerQuery }) => nanosecondsPerQuery);
  const batched = growthOf(({ nanosecondsInBatch }) => nanosecondsInBatch);
  const growth = `A query to the largest zone costs ${single} times what one to the smallest does; in batches of 64, ${batched} times.`;
  const peak = 'The peak is what the process grew by while loading, its compiled code included.';
  const title = `one A record a name, ${options.rounds} rounds`;
  return { suite: 'zone-load', title, columns: COLUMNS, rows, notes: [growth, peak] };
}

function totalOf({ parse, check, compile }: ZoneLoadSample): number {
  return parse + check + compile;
}
