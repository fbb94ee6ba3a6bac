// Runs mutated inputs through a target: blindly, or keeping those that reach code which none before them reached.

import { createRandomOctets } from '../support/random-octets.ts';
import type { Coverage } from './coverage.ts';
import { createMutate } from './mutate.ts';
import { type FuzzTarget, SLOW_MILLISECONDS } from './target.ts';

export interface Find {
  readonly input: Uint8Array;
  readonly error: Error;
}

/** A machine that is busy elsewhere makes any input slow once. */
const SLOW_ATTEMPTS = 3;

/** What is wrong with an input; undefined when nothing is. */
export function tryInput(run: (input: Uint8Array) => unknown, input: Uint8Array): Error | undefined {
  let milliseconds = 0;
  for (let attempt = 1; attempt <= SLOW_ATTEMPTS; attempt++) {
    const from = performance.now();
    try {
      run(input);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    milliseconds = performance.now() - from;
    if (milliseconds <= SLOW_MILLISECONDS) return undefined;
  }
  return new Error(`${input.length} octets took ${Math.round(milliseconds)} ms`);
}

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs to begin with; each is tried first. */
  readonly corpus: readonly Uint8Array[];
  /** Undefined where the code does not count. */
  readonly coverage?: Coverage;
  /** False: what reaches something new is counted and not kept. Default: true. */
  readonly isGuided?: boolean;
  /** Ends when it says so, asked now and then with the number of inputs so far. */
  isOver(executions: number): boolean;
}

export interface FuzzResult {
  readonly executions: number;
  /** Inputs that reached something new, those of the start included. */
  readonly corpus: readonly Uint8Array[];
  readonly find: Find | undefined;
}

/** Inputs that are kept: far more than any target has come to. */
const MAX_CORPUS = 20_000;

/** Inputs between two questions whether it is over: the clock costs as much as a small input. */
const BATCH = 100;

/** Stops at the first find. */
export function fuzz(target: FuzzTarget, options: FuzzOptions): FuzzResult {
  const { seed, corpus: start, coverage, isGuided = true, isOver } = options;
  const random = createRandomOctets(seed);
  const mutate = createMutate(target, random);
  const run = target.create();
  const corpus: Uint8Array[] = [];
  let executions = 0;

  function attempt(input: Uint8Array): Find | undefined {
    coverage?.begin();
    const error = tryInput(run, input);
    executions++;
    if (error !== undefined) return { input, error };
    if (coverage?.learn() === true && isGuided && corpus.length < MAX_CORPUS) corpus.push(input);
    return undefined;
  }

  for (const input of start) {
    const find = attempt(input);
    if (find !== undefined) return { executions, corpus, find };
  }
  if (corpus.length === 0) corpus.push(...start);

  function pick(): Uint8Array {
    // What was found last is what leads on: more than half of the parents come from the youngest quarter.
    const youngest = random.below(2) === 0 ? corpus.length : Math.ceil(corpus.length / 4);
    return corpus[corpus.length - 1 - random.below(youngest)]!;
  }

  while (!isOver(executions)) {
    for (let index = 0; index < BATCH; index++) {
      const find = attempt(mutate(pick(), pick()));
      if (find !== undefined) return { executions, corpus, find };
    }
  }
  return { executions, corpus, find: undefined };
}

/** The shortest input by removal of pieces that is still wrong in the same way. */
export function shrink(target: FuzzTarget, { input, error }: Find): Uint8Array {
  const isSame = (octets: Uint8Array): boolean => {
    const other = tryInput(target.create(), octets);
    return other !== undefined && kindOf(other) === kindOf(error);
  };
  if (!isSame(input)) return input;
  let octets = input;
  for (let size = octets.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= octets.length; ) {
      const shorter = Uint8Array.from([...octets.subarray(0, at), ...octets.subarray(at + size)]);
      if (isSame(shorter)) octets = shorter;
      else at += size;
    }
  }
  return octets;
}

/** The message without what depends on the input. */
function kindOf({ name, message }: Error): string {
  return `${name} ${message
    .split('\n')[0]!
    .replaceAll(/[0-9]+/g, '0')
    .slice(0, 60)}`;
}
