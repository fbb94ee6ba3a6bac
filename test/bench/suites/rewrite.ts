// Rewriting in memory: torrents of 100 kB against decoding and encoding them, and against the least that can be done with
// their octets; URLs against `new URL()`.

import { fileURLToPath } from 'node:url';
import type { BenchOptions } from '../options.ts';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import type { RewriteSample } from './rewrite-child.ts';
import type { Suite } from './suite.ts';

const CHILD = fileURLToPath(new URL('rewrite-child.ts', import.meta.url));

const COLUMNS: readonly Column[] = [
  { key: 'work', heading: 'work' },
  { key: 'perSecond', heading: 'a CPU second' },
  { key: 'microseconds', heading: 'CPU µs' },
  { key: 'ratio', heading: 'rate ÷ its' },
];

/** The groups of ./rewrite-child.ts; the first of each is ours. */
const GROUPS = [
  {
    title: 'torrents of 100 kB in memory, look-ups cached',
    works: ['rewrite', 'parse-torrent decode + encode', 'copy and compare'],
  },
  {
    title: 'decisions on URLs in memory: a thousand of a hundred hosts',
    works: ['decide', 'decide, each URL for the first time', 'new URL()'],
  },
] as const;

export const rewriteSuite: Suite = {
  name: 'rewrite',
  description: 'torrents and URLs in memory, against parse-torrent, copying and new URL()',
  async run(options) {
    const rounds = await measure(options);
    return GROUPS.map(({ title, works }) => tabulate(title, works, rounds));
  },
};

/** All rounds in one process, which compiles its code once. */
async function measure(options: BenchOptions): Promise<RewriteSample[][]> {
  options.log(`rewrite: ${options.rounds} rounds`);
  const seconds = Math.min(options.seconds, 1);
  return (await runScript([
    ...pinnedTo(options.processors.server),
    process.execPath,
    ...[CHILD, String(options.rounds), String(seconds)],
  ])) as RewriteSample[][];
}

function tabulate(title: string, works: readonly string[], rounds: readonly RewriteSample[][]): Table {
  const [first] = works;
  const rows = works.map((work) => {
    const own = rounds.map((samples) => rateOf(samples, work));
    const ratios = rounds.map((samples) => rateOf(samples, first!) / rateOf(samples, work));
    return {
      work,
      perSecond: spreadOf(own),
      microseconds: spreadOf(own.map((rate) => 1e6 / rate)),
      ratio: work === first ? undefined : spreadOf(ratios),
    };
  });
  return { suite: 'rewrite', title, columns: COLUMNS, rows, notes: [] };
}

function rateOf(samples: readonly RewriteSample[], work: string): number {
  const sample = samples.find(({ name }) => name === work);
  return sample === undefined ? Number.NaN : sample.count / sample.cpuSeconds;
}
