// `npm run fuzz -- TARGET [--seconds N] [--seed S]`: ends with 1 when something was found, which is kept as a vector.

import { relative } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { projectRoot } from '../support/source-tree.ts';
import { readCorpus, writeFind, writeReached } from './corpus.ts';
import { createCoverage } from './coverage.ts';
import { fuzz, shrink, tryInput } from './fuzzer.ts';
import { branchCounters, instrumentCore } from './instrument.ts';
import { seedsOf } from './target.ts';

// Before the pure part is loaded, and whether it is blind or not, so that both run the same code.
instrumentCore();
const { TARGETS } = await import('./targets.ts');

/** Files of one target that a run leaves: those that reach the most with the fewest octets. */
const MAX_KEPT = 60;

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

const width = Math.max(...TARGETS.map(({ name }) => name.length));
const command = new Command('npm run fuzz --')
  .description(
    'Puts mutated octets into a reader and keeps those that reach code which none before them reached.',
  )
  .addArgument(new Argument('<target>', 'what reads them').choices(TARGETS.map(({ name }) => name)))
  .option('--seconds <seconds>', 'how long', whole, 60)
  .option('--seed <seed>', 'of the mutations; default: another one each time', whole)
  .option('--blind', 'mutate only what there is at the start: to see what guidance is worth')
  .option('--seeds-only', 'begin without what earlier runs have left')
  .option('--keep', 'leave what reached the most in test/vectors/fuzz, where npm test runs it')
  .addHelpText(
    'after',
    `\nTargets:\n${TARGETS.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')}\n
Whatever is found is written to test/vectors/fuzz/TARGET: rename it after its cause, and npm test holds it from then on.`,
  )
  .parse();
const flags = command.opts<{
  seconds: number;
  seed?: number;
  blind?: boolean;
  keep?: boolean;
  seedsOnly?: boolean;
}>();
const target = TARGETS.find(({ name }) => name === command.args[0])!;
const seed = flags.seed ?? Math.floor(performance.timeOrigin + performance.now()) % 2 ** 32;

const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** The inputs that reach the most together: one after the other, each the one that adds most; of equals the smaller. */
function distil(inputs: readonly Uint8Array[]): Uint8Array[] {
  const run = target.create();
  const counters = branchCounters();
  const missing = new Map<Uint8Array, number[]>(); // as many as there are inputs
  for (const input of [...inputs].sort((left, right) => left.length - right.length)) {
    counters.fill(0);
    tryInput(run, input);
    missing.set(
      input,
      [...counters.keys()].filter((branch) => counters[branch]! > 0),
    );
  }
  const kept: Uint8Array[] = [];
  while (kept.length < MAX_KEPT) {
    const [input, branches] = [...missing].reduce((best, entry) =>
      entry[1].length > best[1].length ? entry : best,
    );
    if (branches.length === 0) break;
    kept.push(input);
    const reached = new Set(branches);
    for (const [other, left] of missing)
      missing.set(
        other,
        left.filter((branch) => !reached.has(branch)),
      );
  }
  return kept;
}

/** Branches that these inputs take. */
function countReached(inputs: readonly Uint8Array[]): number {
  const run = target.create();
  const coverage = createCoverage(branchCounters());
  for (const input of inputs) {
    coverage.begin();
    tryInput(run, input);
    coverage.learn();
  }
  return coverage.reached();
}

const start = [
  ...seedsOf(target),
  ...(flags.seedsOnly === true ? [] : readCorpus(target).map(({ octets }) => octets)),
];
const reachedAtStart = countReached(start);
const begin = performance.now();
const end = begin + flags.seconds * 1000;
const coverage = createCoverage(branchCounters());
const result = fuzz(target, {
  seed,
  corpus: start,
  coverage,
  isGuided: flags.blind !== true,
  isOver: () => performance.now() > end,
});
const seconds = (performance.now() - begin) / 1000;
log(
  `${target.name}: ${result.executions} inputs in ${seconds.toFixed(1)} s (${Math.round(result.executions / seconds)} a second), ` +
    `${result.corpus.length} in the corpus, ${reachedAtStart} branches reached at the start and ${coverage.reached()} at the end, seed ${seed}`,
);
if (result.find !== undefined) {
  const shortest = shrink(target, result.find);
  log(`found: ${result.find.error.stack ?? result.find.error.message}`);
  log(`kept as ${relative(projectRoot, writeFind(target, shortest))}`);
  process.exitCode = 1;
} else if (flags.keep === true) {
  const kept = distil(result.corpus);
  writeReached(target, kept);
  log(`kept ${kept.length}, which reach ${countReached(kept)} branches`);
}
