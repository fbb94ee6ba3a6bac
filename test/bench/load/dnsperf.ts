// dnsperf(1), the load generator that the field measures with, as a check of our own.

import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Level, Target } from '../contest.ts';
import { cpuTimeBetween, readCpu } from '../cpu-time.ts';
import type { BenchOptions } from '../options.ts';
import { pinnedTo } from '../processors.ts';
import { findProgram } from '../server-process.ts';
import { APEX, nameOf } from '../zones.ts';
import { ABSENT, PRESENT } from './dns-protocol.ts';
import type { LoadResult } from './load-result.ts';
import { Random } from './random.ts';
import { SOCKETS, WINDOW } from './udp-levels.ts';

const PROGRAM = 'dnsperf';
export const DNSPERF_HINT = 'apt-get install dnsperf';
/** dnsperf goes through its file again and again; more lines than a server's caches hold. */
const QUERIES = 500_000;
const LINES_A_WRITE = 10_000;

export function isDnsperfInstalled(): boolean {
  return findProgram(PROGRAM) !== undefined;
}

/** The queries of {@link Level.measure}, at random as our own generator asks them. */
export function writeQueries(
  path: string,
  { names, negativePercent }: { names: number; negativePercent: number },
): void {
  const random = new Random(1);
  const file = openSync(path, 'w');
  for (let written = 0; written < QUERIES; written += LINES_A_WRITE) {
    const lines = Array.from({ length: LINES_A_WRITE }, () => {
      const isAbsent = random.below(100) < negativePercent;
      const name = nameOf(random.below(names));
      return `${isAbsent ? name.replace(PRESENT, ABSENT) : name}.${APEX} A\n`;
    });
    writeSync(file, lines.join(''));
  }
  closeSync(file);
}

export function dnsperfLevel(queries: string, options: BenchOptions): Level {
  return { name: 'saturation by dnsperf', measure: (target) => runDnsperf(target, queries, options) };
}

async function runDnsperf(
  { address, port, processes }: Target,
  queries: string,
  { seconds, processors }: BenchOptions,
): Promise<LoadResult> {
  const [program, ...words] = [
    ...pinnedTo(processors.load),
    findProgram(PROGRAM)!,
    ...['-s', address, '-p', String(port), '-d', queries, '-l', String(Math.max(1, Math.round(seconds)))],
    ...['-c', String(SOCKETS), '-T', '1', '-q', String(SOCKETS * WINDOW)],
  ];
  const before = readCpu(processes);
  const { stdout } = await promisify(execFile)(program, words);
  return { ...parseStatistics(stdout), cpu: cpuTimeBetween(before, readCpu(processes)) };
}

/** What it prints at its end; it tells neither p50 nor p99. */
function parseStatistics(text: string): Omit<LoadResult, 'cpu'> {
  const read = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const negative = read(/NXDOMAIN ([0-9]+)/);
  const right = read(/NOERROR ([0-9]+)/) + negative;
  return {
    answers: right,
    negative,
    errors: read(/Queries completed:\s+([0-9]+)/) - right,
    timeouts: read(/Queries lost:\s+([0-9]+)/),
    connections: 0,
    seconds: read(/Run time \(s\):\s+([0-9.]+)/),
    replyOctets: read(/response ([0-9]+)/),
    p50: Number.NaN,
    p99: Number.NaN,
  };
}
