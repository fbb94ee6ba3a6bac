// The reference load generators in C, where they lie beside the project, as a check of our own. Without them or without
// a C compiler the check is left out.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Level, Target } from '../contest.ts';
import { cpuTimeBetween, readCpu } from '../cpu-time.ts';
import type { BenchOptions } from '../options.ts';
import { pinnedTo } from '../processors.ts';
import { findProgram } from '../server-process.ts';
import { createFolder } from '../temporary-folder.ts';
import type { LoadResult } from './load-result.ts';
import type { Swarm } from './swarm.ts';
import { SOCKETS, WINDOW } from './udp-levels.ts';

type Generator = 'udpload' | 'httpload';

const SOURCES = fileURLToPath(new URL('../../../../shared/tools/', import.meta.url));
const built = new Map<Generator, string>(); // at most one entry a generator

/** Saturation once more by the reference generator; nothing where it cannot be built. */
export function checkAnnounceGenerator(
  generator: Generator,
  swarm: Swarm,
  options: BenchOptions,
  words: readonly string[] = [],
): Level[] {
  const source = join(SOURCES, `${generator}.c`);
  if (!options.isCrossChecked || !existsSync(source)) return [];
  if (findProgram('gcc') === undefined) {
    options.log(`gcc is not installed and ${generator} does not check our generator; apt-get install gcc`);
    return [];
  }
  const program = built.get(generator) ?? build(generator, source);
  return [
    {
      name: `saturation by ${generator}`,
      measure: (target) => runReference(target, [program, ...wordsFor(generator, swarm), ...words], options),
    },
  ];
}

function wordsFor(generator: Generator, { torrents, peers }: Swarm): string[] {
  const swarm = ['-i', String(torrents), '-m', String(peers)];
  return generator === 'udpload' ? [...swarm, '-s', String(SOCKETS), '-w', String(WINDOW)] : swarm;
}

function build(generator: Generator, source: string): string {
  const program = join(createFolder(), generator);
  execFileSync('gcc', ['-O2', '-o', program, source]);
  built.set(generator, program);
  return program;
}

async function runReference(
  { address, port, processes }: Target,
  command: readonly string[],
  { seconds, processors }: BenchOptions,
): Promise<LoadResult> {
  const [program, ...words] = [
    ...pinnedTo(processors.load),
    ...command,
    ...[address.includes(':') ? '-6' : '-4', address, '-p', String(port), '-t', String(seconds)],
  ];
  const before = readCpu(processes);
  const started = performance.now();
  const { stdout } = await promisify(execFile)(program, words);
  const elapsed = (performance.now() - started) / 1000;
  return { ...parseLine(stdout, elapsed), cpu: cpuTimeBetween(before, readCpu(processes)) };
}

/** The one line that both print; one says how many answers were wrong as `errors`, the other as `fail`. */
function parseLine(text: string, elapsed: number): Omit<LoadResult, 'cpu'> {
  const read = (pattern: RegExp, missing = 0): number => Number(pattern.exec(text)?.[1] ?? missing);
  return {
    answers: read(/ ok=([0-9]+)/),
    negative: 0,
    errors: read(/ (?:errors|fail)=([0-9]+)/) + read(/ conn_err=([0-9]+)/),
    timeouts: read(/ timeouts=([0-9]+)/),
    connections: read(/ connects=([0-9]+)/),
    seconds: read(/ el=([0-9.]+)s/, elapsed),
    replyOctets: read(/ bytes\/resp=([0-9]+)/),
    p50: read(/ p50=([0-9]+)/),
    p99: read(/ p99=([0-9]+)/),
  };
}
