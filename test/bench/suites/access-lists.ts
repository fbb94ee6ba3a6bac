// What access lists of a million entries add to an announce, in process.

import { fileURLToPath } from 'node:url';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column } from '../table.ts';
import type { AccessListsSample, Lists } from './access-lists-child.ts';
import type { Suite } from './suite.ts';

const CHILD = fileURLToPath(new URL('access-lists-child.ts', import.meta.url));
const SIZE = { entries: 1_000_000, torrents: 100_000, peers: 500_000 };
const QUICK_SIZE = { entries: 10_000, torrents: 1000, peers: 5000 };

const ROWS: readonly { readonly lists: Lists; readonly name: string }[] = [
  { lists: 'none', name: 'none' },
  { lists: 'deny', name: 'info-hashes that are denied' },
  { lists: 'allow', name: 'info-hashes that are allowed' },
  { lists: 'addresses', name: 'IPv4 addresses that are denied' },
];

const COLUMNS: readonly Column[] = [
  { key: 'lists', heading: 'list' },
  { key: 'announce', heading: 'CPU ns an announce' },
  { key: 'added', heading: 'ns more than without' },
  { key: 'read', heading: 's to read' },
];

export const accessListsSuite: Suite = {
  name: 'access-lists',
  description:
    'announces in process, in batches of 32, without access lists and with a million random entries',
  async run(options) {
    const { entries, torrents, peers } = options.isQuick ? QUICK_SIZE : SIZE;
    const samples: AccessListsSample[] = [];
    for (let round = 0; round < options.rounds; round++) {
      options.log(`access-lists: ${entries.toLocaleString('en-US')} entries, round ${round + 1}`);
      const words = [entries, torrents, peers].map(String);
      const command = [...pinnedTo(options.processors.server), process.execPath, CHILD, ...words];
      samples.push((await runScript(command)) as AccessListsSample);
    }
    const rows = ROWS.map(({ lists, name }) => ({
      lists: name,
      announce: spreadOf(samples.map(({ nanoseconds }) => nanoseconds[lists])),
      added:
        lists === 'none'
          ? undefined
          : spreadOf(samples.map(({ nanoseconds }) => nanoseconds[lists] - nanoseconds.none)),
      read: readSeconds(samples, lists),
    }));
    const title = `${entries.toLocaleString('en-US')} random entries, ${torrents.toLocaleString('en-US')} random torrents`;
    return [{ suite: 'access-lists', title, columns: COLUMNS, rows, notes: [] }];
  },
};

function readSeconds(samples: readonly AccessListsSample[], lists: Lists): number | undefined {
  if (lists === 'none' || lists === 'allow') return undefined;
  const seconds = samples.map((sample) =>
    lists === 'deny' ? sample.hashListSeconds : sample.addressListSeconds,
  );
  return spreadOf(seconds).median;
}
