// Folders of torrents: rewriting them in place against only reading, writing and renaming the same files, and with
// look-ups that take their time.

import { fileURLToPath } from 'node:url';
import type { BenchOptions } from '../options.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import type { FolderSample } from './rewrite-folder-child.ts';
import type { Suite } from './suite.ts';

const CHILD = fileURLToPath(new URL('rewrite-folder-child.ts', import.meta.url));

/** Of 100 kB each: what fits the system's cache, so that the processor is measured and not the disk. */
const WARM_FILES = 2000;
const QUICK_FILES = 60;
/** 9 GB, and 5,000 hosts to ask. */
const COLD = { files: 100_000, hosts: 5000 };
const QUICK_COLD = { files: 300, hosts: 100 };

const WARM_COLUMNS: readonly Column[] = [
  { key: 'work', heading: 'work' },
  { key: 'filesPerSecond', heading: 'files a second' },
  { key: 'microseconds', heading: 'CPU µs a file' },
  { key: 'ratio', heading: 'rate ÷ its' },
];

const COLD_COLUMNS: readonly Column[] = [
  { key: 'work', heading: 'look-ups' },
  { key: 'seconds', heading: 'seconds' },
  { key: 'queries', heading: 'queries' },
  { key: 'peak', heading: 'MB at most' },
];

export const rewriteFolderSuite: Suite = {
  name: 'rewrite-folder',
  description: 'a folder of torrents rewritten in place, against reading, writing and renaming them',
  async run(options) {
    const files = options.isQuick ? QUICK_FILES : WARM_FILES;
    const samples = await measure('warm', { files, hosts: 100 }, options.rounds, options);
    return [
      tabulate(`${files} torrents of 100 kB, without fsync`, samples, ''),
      tabulate(`${files} torrents of 100 kB, with fsync`, samples, ', fsync'),
    ];
  },
};

export const rewriteColdSuite: Suite = {
  name: 'rewrite-cold',
  description:
    '100,000 torrents over 5,000 hosts with look-ups of 30 ms, against the same with look-ups cached',
  async run(options) {
    const size = options.isQuick ? QUICK_COLD : COLD;
    const samples = await measure('cold', size, 1, options);
    const rows = samples.map(({ name, seconds, queries, peakOctets }) => ({
      work: name,
      seconds: Number(seconds.toFixed(2)),
      queries,
      peak: Math.round(peakOctets / 1e6),
    }));
    const title = `${size.files.toLocaleString('en')} torrents of 100 kB over ${size.hosts} hosts, --no-fsync`;
    return [{ suite: 'rewrite-cold', title, columns: COLD_COLUMNS, rows, notes: [] }];
  },
};

// Four positional parameters: what is measured, on what, how often, and how.
async function measure(
  kind: 'warm' | 'cold',
  { files, hosts }: { readonly files: number; readonly hosts: number },
  rounds: number,
  options: BenchOptions,
): Promise<FolderSample[]> {
  options.log(`rewrite, ${kind}: ${files} torrents, ${rounds} rounds`);
  const folder = createFolder();
  try {
    const rest = [folder, String(files), String(hosts), String(rounds)];
    await runScript([process.execPath, CHILD, 'fill', ...rest]);
    return (await runScript([process.execPath, CHILD, kind, ...rest])) as FolderSample[];
  } finally {
    removeFolder(folder);
  }
}

function tabulate(title: string, samples: readonly FolderSample[], suffix: string): Table {
  const files = Number(title.split(' ', 1)[0]);
  const ours = samplesOf(samples, `rewrite${suffix}`);
  const works = ['rewrite', 'read, write and rename'];
  const rows = works.map((work) => {
    const own = samplesOf(samples, work + suffix);
    return {
      work,
      filesPerSecond: spreadOf(own.map(({ seconds }) => files / seconds)),
      microseconds: spreadOf(own.map(({ cpuSeconds }) => (1e6 * cpuSeconds) / files)),
      ratio:
        work === 'rewrite'
          ? undefined
          : spreadOf(own.map(({ seconds }, round) => seconds / ours[round]!.seconds)),
    };
  });
  return { suite: 'rewrite-folder', title, columns: WARM_COLUMNS, rows, notes: [] };
}

function samplesOf(samples: readonly FolderSample[], name: string): FolderSample[] {
  return samples.filter((sample) => sample.name === name);
}
