// Servers of one kind under the same load, taking turns: every round measures each of them at each level, so that what
// the machine does meanwhile meets all alike, and ratios are taken within a round.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../support/free-ports.ts';
import { processTree } from './cpu-time.ts';
import type { LoadResult } from './load/load-result.ts';
import type { BenchOptions } from './options.ts';
import type { Peer, RunningPeer } from './peers/peer.ts';
import { spreadOf } from './statistics.ts';
import type { Column, Table } from './table.ts';
import { createFolder, removeFolder } from './temporary-folder.ts';

/** One server, running, and the processes that it consists of. */
export interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly processes: readonly number[];
}

/** One kind of load. Rejects when the server does not answer. */
export interface Level {
  readonly name: string;
  measure(target: Target, round: number): Promise<LoadResult>;
  /** A sentence that a reader must know of a server's result. */
  readonly remark?: (name: string, result: LoadResult) => string | undefined;
}

export interface Contest<Scenario> {
  readonly suite: string;
  readonly title: string;
  readonly scenario: Scenario;
  /** The first is the one that the others are compared with. */
  readonly peers: readonly Peer<Scenario>[];
  readonly levels: readonly Level[];
  /** What a server needs before it is measured: peers to know, code to compile. */
  prepare(target: Target): Promise<void>;
}

interface Contestant extends Target {
  readonly running: RunningPeer;
  /** By level, one a round; undefined where the measurement failed. */
  readonly results: Map<string, (LoadResult | undefined)[]>;
}

/** One table a level. */
export async function runContest<Scenario>(
  contest: Contest<Scenario>,
  options: BenchOptions,
): Promise<Table[]> {
  const notes: string[] = [];
  const folder = createFolder();
  const contestants: Contestant[] = [];
  try {
    for (const peer of contest.peers) {
      const contestant = await startContestant(peer, contest, { folder, options, notes });
      if (contestant !== undefined) contestants.push(contestant);
    }
    for (let round = 0; round < options.rounds; round++) {
      options.log(`${contest.suite}: round ${round + 1} of ${options.rounds}`);
      for (const level of contest.levels) await runRound(level, contestants, round, notes);
    }
    for (const { name, running } of contestants) {
      const failure = running.failure();
      if (failure !== undefined) notes.push(`${name} ${failure}`);
    }
  } finally {
    await Promise.all(contestants.map(({ running }) => running.stop()));
    removeFolder(folder);
  }
  return contest.levels.map((level, index) =>
    tabulate(contest, level, contestants, index === 0 ? notes : []),
  );
}

async function startContestant<Scenario>(
  peer: Peer<Scenario>,
  contest: Contest<Scenario>,
  { folder, options, notes }: { folder: string; options: BenchOptions; notes: string[] },
): Promise<Contestant | undefined> {
  const { suite, scenario } = contest;
  if (!peer.isInstalled()) {
    options.log(`${suite}: ${peer.name} is not installed and is left out; ${peer.installHint}`);
    return undefined;
  }
  const own = mkdtempSync(join(folder, 'server-'));
  const [port, sparePort] = (await findFreePorts(2)) as [number, number];
  try {
    options.log(`${suite}: ${peer.name} starts`);
    const place = { folder: own, port, sparePort, processors: options.processors };
    const running = await peer.start(scenario, place);
    const { address } = running;
    const target = { name: peer.name, address, port: running.port, processes: processTree(running.pid) };
    await contest.prepare(target);
    return { ...target, running, results: new Map() };
  } catch (error) {
    const { message } = error as Error;
    options.log(`${suite}: ${peer.name} could not be measured: ${message}`);
    notes.push(`${peer.name} could not be measured: ${message.split('\n').slice(0, 2).join(' ')}`);
    return undefined;
  }
}

/** Whoever is first in one round is last in the next. */
async function runRound(
  level: Level,
  contestants: readonly Contestant[],
  round: number,
  notes: string[],
): Promise<void> {
  const first = round % Math.max(1, contestants.length);
  for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
    const results = contestant.results.get(level.name) ?? [];
    contestant.results.set(level.name, results);
    try {
      results[round] = await level.measure(contestant, round);
    } catch (error) {
      results[round] = undefined;
      notes.push(`${contestant.name}, ${level.name}, round ${round + 1}: ${(error as Error).message}`);
    }
  }
}

const COLUMNS: readonly Column[] = [
  { key: 'server', heading: 'server' },
  { key: 'answersPerSecond', heading: 'answers/s' },
  { key: 'cpu', heading: 'CPU µs' },
  { key: 'user', heading: 'user' },
  { key: 'system', heading: 'system' },
  { key: 'ratio', heading: 'Portolan ÷ it' },
  { key: 'p50', heading: 'p50 µs' },
  { key: 'p99', heading: 'p99 µs' },
  { key: 'octets', heading: 'octets' },
  { key: 'lost', heading: 'lost' },
];

function tabulate<Scenario>(
  { suite, title }: Contest<Scenario>,
  level: Level,
  contestants: readonly Contestant[],
  notes: readonly string[],
): Table {
  const ours = contestants[0]?.results.get(level.name) ?? [];
  const remarks: string[] = [];
  const rows = contestants.map(({ name, results }) => {
    const rounds = results.get(level.name) ?? [];
    const good = rounds.filter((result) => result !== undefined);
    const median = (read: (result: LoadResult) => number) => spreadOf(good.map(read)).median;
    const ratios = rounds.flatMap((result, round) => {
      const own = ours[round];
      return result === undefined || own === undefined
        ? []
        : [cpuMicroseconds(own) / cpuMicroseconds(result)];
    });
    const last = good.at(-1);
    const sentence = last === undefined ? undefined : level.remark?.(name, last);
    if (sentence !== undefined) remarks.push(sentence);
    return {
      server: name,
      answersPerSecond: median(({ answers, seconds }) => answers / seconds),
      cpu: spreadOf(good.map(cpuMicroseconds)),
      user: median(({ cpu, answers }) => (cpu.user * 1e6) / answers),
      system: median(({ cpu, answers }) => (cpu.system * 1e6) / answers),
      ratio: contestants[0]?.name === name ? undefined : spreadOf(ratios),
      p50: median(({ p50 }) => p50),
      p99: median(({ p99 }) => p99),
      octets: median(({ replyOctets }) => replyOctets),
      lost: good.reduce((sum, { errors, timeouts }) => sum + errors + timeouts, 0),
    };
  });
  return { suite, title: `${title}, ${level.name}`, columns: COLUMNS, rows, notes: [...remarks, ...notes] };
}

function cpuMicroseconds({ cpu, answers }: LoadResult): number {
  return ((cpu.user + cpu.system) * 1e6) / answers;
}
