// `node swarm-memory-child.ts FAMILY SHAPE PEERS`: fills one swarm table and prints what of its memory was written.

import { swarmTotals } from '../../../src/core/swarm/table.ts';
import { createChoice, createSwarmAnnouncer, writtenOctets } from './swarm-announcer.ts';

export interface SwarmMemorySample {
  readonly torrents: number;
  readonly peers: number;
  /** See {@link writtenOctets}. */
  readonly writtenOctets: number;
  /** What the process grew by, its compiled code included. */
  readonly residentOctets: number;
}

/** Dense swarms have 600 to 1,500 peers, every number as likely. */
const DENSE = { least: 600, most: 1500 };

const [family, shape, count] = process.argv.slice(2) as [string, 'dense' | 'single', string];
const sizes = shape === 'single' ? new Array<number>(Number(count)).fill(1) : denseSizes(Number(count));
const peers = sizes.reduce((sum, size) => sum + size, 0);
const limits = { torrents: 1_000_000, peers: 2 * peers, peersPerTorrent: 100_000, heapOctets: 2 ** 30 };
const { table, announce } = createSwarmAnnouncer(family === '6' ? 6 : 4, limits);
const before = process.memoryUsage().rss;
fill();
const totals = swarmTotals(table);
const sample: SwarmMemorySample = {
  torrents: totals.torrents,
  peers: totals.peersIpv4 + totals.peersIpv6,
  writtenOctets: writtenOctets(table),
  residentOctets: process.memoryUsage().rss - before,
};
process.stdout.write(JSON.stringify(sample));

function denseSizes(total: number): number[] {
  const choose = createChoice(1);
  const list: number[] = [];
  for (let left = total; left > 0; left -= list.at(-1)!) {
    list.push(DENSE.least + choose(DENSE.most - DENSE.least + 1));
  }
  return list;
}

/** All swarms grow together, as they do in life: the first peer of each, then the second. */
function fill(): void {
  const firsts: number[] = [];
  let next = 0;
  for (const size of sizes) {
    firsts.push(next);
    next += size;
  }
  for (let round = 0; round < DENSE.most; round++) {
    for (let torrent = 0; torrent < sizes.length; torrent++) {
      if (round < sizes[torrent]!) announce(torrent, firsts[torrent]! + round, 1000);
    }
    if (shape === 'single') return;
  }
}
