// `node rewrite-child.ts ROUNDS SECONDS`: prints, a round after the other, samples of each kind of work, taking turns.

import parseTorrent, { toTorrentFile } from 'parse-torrent';
import type { Outcome } from '../../../src/core/preference/outcome.ts';
import { decide, type RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { createDecisionMemo } from '../../../src/core/rewrite/decision-memo.ts';
import { toAsciiHost } from '../../../src/io/resolver/idna.ts';
import { rewriteTorrent } from '../../../src/pure.ts';
import { makeTorrent } from './rewrite-torrents.ts';

export interface RewriteSample {
  readonly name: string;
  readonly count: number;
  readonly cpuSeconds: number;
}

/** Does its work once; what it returns is added up, so that no work can be left out. */
type Work = (turn: number) => number | Promise<number>;

const HOSTS = 100;
const URLS = 1000;
const SCHEMES = ['udp', 'http', 'https'];
/** More than a processor's second-level cache holds. */
const TORRENTS = 64;

const outcomes = new Map(
  Array.from({ length: HOSTS }, (_, host): [string, Outcome] => [
    `tracker${host}.example`,
    {
      kind: 'declared',
      endpoints: [
        { transport: 'udp', port: 6969 },
        { transport: 'tcp', port: 80 },
      ],
      record: 'BITTORRENT UDP:6969 TCP:80',
      ttlSeconds: 300,
      authenticated: false,
      stale: false,
      ignored: [],
    },
  ]),
);
const lookup = (host: string): Outcome | undefined => outcomes.get(host);
const options: RewriteOptions = { toAscii: toAsciiHost };
const remembering: RewriteOptions = { ...options, memo: createDecisionMemo() };
const urls = Array.from({ length: URLS }, (_, index) => {
  const scheme = SCHEMES[index % SCHEMES.length]!;
  return `${scheme}://tracker${index % HOSTS}.example:${index % 2 === 0 ? 6969 : 1337}/announce?id=${index}`;
});
/** One in six of their trackers is at an endpoint that is declared. */
const torrents = Array.from({ length: TORRENTS }, (_, index) =>
  makeTorrent(index, (tracker) => urls[(index * 7 + tracker) % URLS]!),
);

const works: Readonly<Record<string, Work>> = {
  rewrite: (turn) => {
    const rewritten = rewriteTorrent(torrentOf(turn), lookup, remembering);
    if (rewritten.kind === 'error' || !rewritten.changed) throw new Error('the torrent was not rewritten');
    return rewritten.octets.length;
  },
  'parse-torrent decode + encode': async (turn) => toTorrentFile(await parseTorrent(torrentOf(turn))).length,
  'copy and compare': (turn) => {
    const original = torrentOf(turn);
    const copy = original.slice();
    if (Buffer.compare(copy, original) !== 0) throw new Error('the copy differs');
    return copy.length;
  },
  decide: (turn) => decide(urls[turn % URLS]!, lookup, remembering).urls.length,
  'decide, each URL for the first time': (turn) => decide(urls[turn % URLS]!, lookup, options).urls.length,
  'new URL()': (turn) => new URL(urls[turn % URLS]!).port.length,
};

const [rounds, seconds] = process.argv.slice(2).map(Number) as [number, number];
const results: RewriteSample[][] = [];
for (const [name, work] of Object.entries(works)) await sample(name, work, seconds / 2);
for (let round = 0; round < rounds; round++) {
  const samples: RewriteSample[] = [];
  for (const [name, work] of Object.entries(works)) samples.push(await sample(name, work, seconds));
  results.push(samples);
}
process.stdout.write(JSON.stringify(results));

/** Again and again for so many seconds; the processor's time counts, collector and compiler included. */
async function sample(name: string, work: Work, duration: number): Promise<RewriteSample> {
  const end = performance.now() + duration * 1000;
  const before = process.cpuUsage();
  let count = 0;
  let sum = 0;
  while (performance.now() < end) {
    // A look at the clock costs as much as a decision.
    for (const limit = count + 16; count < limit; count++) {
      const result = work(count);
      sum += typeof result === 'number' ? result : await result;
    }
  }
  const { user, system } = process.cpuUsage(before);
  if (sum === 0) throw new Error(`${name} did nothing`);
  return { name, count, cpuSeconds: (user + system) / 1e6 };
}

function torrentOf(turn: number): Uint8Array {
  return torrents[turn % TORRENTS]!;
}
