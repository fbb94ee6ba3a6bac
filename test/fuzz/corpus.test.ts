// Every target reads what was kept of earlier runs, every find among it, and some thousand mutations of it that are the
// same each time. A longer search is `npm run fuzz -- TARGET --seconds N`.

import { describe, expect, it } from 'vitest';
import { readCorpus } from './corpus.ts';
import { fuzz, shrink, tryInput } from './fuzzer.ts';
import { type FuzzTarget, octetsOf, seedsOf } from './target.ts';
import { TARGETS } from './targets.ts';

const MUTATIONS = 3000;
/** As `npm run fuzz` takes it. */
const SEED = 1;

describe.each(TARGETS)('$name', (target) => {
  const kept = readCorpus(target);

  it('holds for its seeds and for what was kept', () => {
    const run = target.create();
    const inputs = [...seedsOf(target).map((octets, index) => ({ name: `seed ${index}`, octets })), ...kept];
    const faults = inputs.flatMap(({ name, octets }) => {
      const error = tryInput(run, octets);
      return error === undefined ? [] : [`${name}: ${error.message}`];
    });
    expect(faults).toEqual([]);
    expect(kept.length).toBeGreaterThan(0);
  });

  it('takes each of its seeds but those that are to be refused', () => {
    const isTaken = (octets: Uint8Array): boolean => target.create()(octets);
    expect(target.seeds().length).toBeGreaterThan(0);
    expect(target.seeds().map(isTaken)).not.toContain(false);
    expect(target.refusedSeeds?.().map(isTaken) ?? []).not.toContain(true);
  });

  it(`holds for ${MUTATIONS} mutations`, () => {
    const corpus = [...seedsOf(target), ...kept.map(({ octets }) => octets)];
    const { find } = fuzz(target, { seed: SEED, corpus, isOver: (executions) => executions >= MUTATIONS });
    expect(find === undefined ? '' : `${find.error.stack}\n${Buffer.from(find.input).toString('hex')}`).toBe(
      '',
    );
  });
});

describe('the fuzzer', () => {
  /** Fails at the word, which no seed has. */
  const target: FuzzTarget = {
    name: 'word',
    about: '',
    maxOctets: 100,
    seeds: () => ['........'].map(octetsOf),
    tokens: ['wo', 'rd'],
    create: () => (input) => {
      if (Buffer.from(input).includes('word')) throw new Error(`a word of ${input.length} octets`);
      return true;
    },
  };
  const run = () => fuzz(target, { seed: 7, corpus: target.seeds(), isOver: (count) => count > 100_000 });

  it('finds what fails, and the same with the same seed', () => {
    const find = run().find!;
    expect(Buffer.from(find.input).toString()).toContain('word');
    expect(run().find!.input).toEqual(find.input);
  });

  it('shrinks a find to what matters', () => {
    expect(Buffer.from(shrink(target, run().find!)).toString()).toBe('word');
  });
});
