// `node swarm-million-child.ts PEERS TORRENTS HOLDS`: what an announce costs in a table of this size, in process, and
// the longest that anything holds a lock.

import { expire } from '../../../src/core/swarm/expire.ts';
import { DEFAULT_PEER_LIFETIME_SECONDS } from '../../../src/core/swarm/limits.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import { createChoice, createSwarmAnnouncer, type SwarmAnnouncer, writtenOctets } from './swarm-announcer.ts';

export interface SwarmMillionSample {
  readonly peers: number;
  readonly torrents: number;
  readonly fillSeconds: number;
  /** CPU of an announce that refreshes a peer and lists up to 50. */
  readonly nanosecondsPerAnnounce: number;
  readonly octetsPerPeer: number;
  /** The longest of all announces by which one swarm grows to so many peers. */
  readonly longestAnnounceMicroseconds: number;
  /** The longest of the holds of a walk that finds everyone silent. */
  readonly longestWalkMicroseconds: number;
}

const ANNOUNCES = 1_000_000;
const NOW = 1000;
/** Removals after which the walk gives a lock back (expire.ts: 1,024 steps, 24 of them a removal). */
const STEPS_OF_A_HOLD = 43;
/** Swarms that grow alike. The least of what each step took is what it takes when nobody takes the processor away. */
const ALIKE = 6;

const [peers, torrents, joins] = process.argv.slice(2).map(Number) as [number, number, number];
const limits = { torrents: 1_200_000, peers: 12_000_000, heapOctets: 2 ** 30 };
const filled = createSwarmAnnouncer(4, limits);
const fillSeconds = cpuSeconds(() => {
  for (let peer = 0; peer < peers; peer++) filled.announce(peer % torrents, peer, NOW);
});
const nanosecondsPerAnnounce = refresh(filled);
const totals = swarmTotals(filled.table);
const sample: SwarmMillionSample = {
  peers: totals.peersIpv4,
  torrents: totals.torrents,
  fillSeconds,
  nanosecondsPerAnnounce,
  octetsPerPeer: writtenOctets(filled.table) / totals.peersIpv4,
  longestAnnounceMicroseconds: Math.max(longestAnnounce(4), longestAnnounce(6)),
  longestWalkMicroseconds: longestWalk(),
};
process.stdout.write(JSON.stringify(sample));

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The first tenth is for the compiler. */
function refresh({ announce }: SwarmAnnouncer): number {
  const choose = createChoice(2);
  const run = (count: number) => {
    for (let index = 0; index < count; index++) {
      const peer = choose(peers);
      announce(peer % torrents, peer, NOW);
    }
  };
  run(ANNOUNCES / 10);
  return (cpuSeconds(() => run(ANNOUNCES)) * 1e9) / ANNOUNCES;
}

/** A lock is held for less than the announce takes. */
function longestAnnounce(family: 4 | 6): number {
  const { announce } = createSwarmAnnouncer(family, limits);
  const least = new Float64Array(joins).fill(Number.POSITIVE_INFINITY);
  for (let swarm = 0; swarm < ALIKE; swarm++) {
    for (let peer = 0; peer < joins; peer++) {
      const start = performance.now();
      announce(swarm, peer, NOW);
      least[peer] = Math.min(least[peer]!, performance.now() - start);
    }
  }
  return least.reduce((longest, took) => Math.max(longest, took), 0) * 1000;
}

/** Each call is one hold: everyone it finds is silent, and it has a budget for as many as a hold removes. */
function longestWalk(): number {
  const least: number[] = [];
  for (let swarm = 0; swarm < ALIKE; swarm++) {
    const { announce, table } = createSwarmAnnouncer(4, limits);
    for (let peer = 0; peer < joins; peer++) announce(peer % 20, peer, NOW);
    const silent = NOW + 2 * DEFAULT_PEER_LIFETIME_SECONDS;
    for (let hold = 0; swarmTotals(table).peersIpv4 > 0; hold++) {
      const start = performance.now();
      expire(table, silent, STEPS_OF_A_HOLD);
      const took = performance.now() - start;
      least[hold] = Math.min(least[hold] ?? Number.POSITIVE_INFINITY, took);
    }
  }
  return Math.max(...least) * 1000;
}
