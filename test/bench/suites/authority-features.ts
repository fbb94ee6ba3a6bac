// What cookies, NSID, CHAOS names and rate limiting cost a query that needs none of them: in one process, without sockets.

import { fileURLToPath } from 'node:url';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import type { FeatureRound } from './authority-features-child.ts';
import type { Suite } from './suite.ts';

const CHILD = fileURLToPath(new URL('authority-features-child.ts', import.meta.url));
const QUERIES = 1_000_000;
const QUICK_QUERIES = 50_000;
/** What the whole of it may add to a plain query. */
const BUDGET_NANOSECONDS = 60;

const COLUMNS: readonly Column[] = [
  { key: 'query', heading: 'query' },
  { key: 'off', heading: 'ns with nothing on' },
  { key: 'on', heading: 'ns with all on' },
  { key: 'added', heading: 'added' },
];

export const authorityFeaturesSuite: Suite = {
  name: 'authority-features',
  description: 'what rate limiting, cookies and the like add to a query, in process',
  async run({ rounds, isQuick, processors, log }) {
    log(`authority-features: ${rounds} rounds`);
    const queries = isQuick ? QUICK_QUERIES : QUERIES;
    const command = [
      ...pinnedTo(processors.server),
      process.execPath,
      CHILD,
      String(rounds),
      String(queries),
    ];
    return [tabulate((await runScript(command)) as FeatureRound[], queries)];
  },
};

function tabulate(samples: readonly FeatureRound[], queries: number): Table {
  const row = (query: string, off: (round: FeatureRound) => number, on: (round: FeatureRound) => number) => ({
    query,
    off: spreadOf(samples.map(off)),
    on: spreadOf(samples.map(on)),
    added: spreadOf(samples.map((round) => on(round) - off(round))),
  });
  const rows = [
    row(
      'plain',
      ({ plainOff }) => plainOff,
      ({ plainOn }) => plainOn,
    ),
    row(
      'with a client cookie',
      ({ cookieOff }) => cookieOff,
      ({ cookieOn }) => cookieOn,
    ),
  ];
  const added = spreadOf(samples.map(({ plainOff, plainOn }) => plainOn - plainOff)).median;
  const note = `All that can be on adds ${added.toFixed(0)} ns to a plain query; it may add ${BUDGET_NANOSECONDS}.`;
  const title = `${queries.toLocaleString('en-US')} queries a round, ${samples.length} rounds, in turns`;
  return { suite: 'authority-features', title, columns: COLUMNS, rows, notes: [note] };
}
