// `node rewrite-folder-child.ts KIND FOLDER FILES HOSTS ROUNDS`: rewrites the torrents of a folder, in turn with what is
// only reading, writing and renaming them, and prints what each turn took as JSON. KIND says which:
// `fill` makes the torrents, in a process of its own because of its memory; `warm`: answers are there at once, with and
// without fsync; `cold`: each takes 30 ms, the first time, then none.

import { readdirSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Input, rewriteInputs } from '../../../src/app/rewrite/rewrite-files.ts';
import type { Outcome } from '../../../src/core/preference/outcome.ts';
import { createDecisionMemo } from '../../../src/core/rewrite/decision-memo.ts';
import { pathText } from '../../../src/io/files/file-path.ts';
import { findTorrents } from '../../../src/io/files/find-torrents.ts';
import { createGate } from '../../../src/io/resolver/gate.ts';
import { toAsciiHost } from '../../../src/io/resolver/idna.ts';
import { makeTorrent } from './rewrite-torrents.ts';

export interface FolderSample {
  readonly name: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the whole process, at its highest so far. */
  readonly peakOctets: number;
  readonly queries: number;
}

/** As many as the rewriter has in work at a time. */
const AT_ONCE = 16;
const LATENCY_MILLISECONDS = 30;
/** As the resolver's. */
const QUERIES_IN_FLIGHT = 256;
const CONTENTS = 64;

const [kind, folder, ...numbers] = process.argv.slice(2) as [string, string, string, string, string];
const [files, hosts, rounds] = numbers.map(Number) as [number, number, number];

/** Endpoints that take turns, so that every run finds every torrent wrong. */
const PORTS = [6969, 1337];
let turn = 0;
let queries = 0;

const samples: FolderSample[] = [];
if (kind === 'fill') fillFolder();
for (let round = 0; round < rounds; round++) {
  if (kind === 'warm') {
    for (const fsync of [false, true]) {
      const suffix = fsync ? ', fsync' : '';
      samples.push(await sample(`rewrite${suffix}`, () => rewrite(0, fsync)));
      samples.push(await sample(`read, write and rename${suffix}`, () => copyAll(fsync)));
    }
  } else if (kind === 'cold') {
    samples.push(await sample('cold', () => rewrite(LATENCY_MILLISECONDS, false)));
    samples.push(await sample('look-ups cached', () => rewrite(0, false)));
  }
}
process.stdout.write(JSON.stringify(samples));

async function sample(name: string, work: () => Promise<void>): Promise<FolderSample> {
  queries = 0;
  const cpu = process.cpuUsage();
  const from = performance.now();
  await work();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const peakOctets = process.resourceUsage().maxRSS * 1024;
  return { name, seconds, cpuSeconds: (user + system) / 1e6, peakOctets, queries };
}

/** Every torrent changes: the hosts of its trackers declare another port than the time before. */
async function rewrite(latencyMilliseconds: number, fsync: boolean): Promise<void> {
  const endpoints = [{ transport: 'udp', port: PORTS[turn++ % PORTS.length]! }] as const;
  const gate = createGate(QUERIES_IN_FLIGHT);
  const outcome: Outcome = {
    kind: 'declared',
    endpoints,
    record: '',
    ttlSeconds: 300,
    authenticated: false,
    stale: false,
    ignored: [],
  };
  const lookupPreference = (): Promise<Outcome> => {
    queries++;
    if (latencyMilliseconds === 0) return Promise.resolve(outcome);
    const answer = () => new Promise<Outcome>((resolve) => setTimeout(resolve, latencyMilliseconds, outcome));
    return gate(answer);
  };
  let changed = 0;
  const options = { toAscii: toAsciiHost, memo: createDecisionMemo() };
  const run = { resolver: { lookupPreference }, options, inPlace: { backup: undefined, fsync } };
  for await (const { result } of rewriteInputs(inputs(), run)) {
    if (result.kind === 'error') throw new Error(result.message);
    if (result.changed) changed++;
  }
  if (changed !== files) throw new Error(`${changed} of ${files} torrents were rewritten`);
}

async function* inputs(): AsyncGenerator<Input> {
  for await (const found of findTorrents(folder)) {
    if (!('path' in found)) throw found.error;
    yield { label: pathText(found.path), path: found.path };
  }
}

async function copyAll(fsync: boolean): Promise<void> {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const copyNext = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) await copy(path, fsync);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyNext));
}

async function copy(path: string, fsync: boolean): Promise<void> {
  const octets = await readFile(path);
  const temporary = `${path}.tmp`;
  if (fsync) {
    const file = await open(temporary, 'w');
    await file.writeFile(octets);
    await file.sync();
    await file.close();
  } else {
    await writeFile(temporary, octets);
  }
  await rename(temporary, path);
}

/** Contents that repeat; the trackers of each torrent are its own. */
function fillFolder(): void {
  const rest = Array.from({ length: CONTENTS }, (_, index) => makeTorrent(index, () => 'x'));
  const start = new TextEncoder().encode('10:created by');
  for (let index = 0; index < files; index++) {
    const url = (tracker: number): string =>
      `udp://tracker${(index * 7 + tracker * 13) % hosts}.example:1/announce`;
    const text = (value: string): string => `${value.length}:${value}`;
    const tiers = Array.from({ length: 6 }, (_, tier) => `l${text(url(tier + 1))}e`).join('');
    const head = Buffer.from(`d8:announce${text(url(1))}13:announce-listl${tiers}e`);
    const content = Buffer.from(rest[index % CONTENTS]!);
    const tail = content.subarray(content.indexOf(start));
    writeFileSync(join(folder, `${String(index).padStart(6, '0')}.torrent`), Buffer.concat([head, tail]));
  }
}
