// The instrumented program is the same program, and counts the branches that it takes.

import { stripTypeScriptTypes } from 'node:module';
import { beforeEach, describe, expect, it } from 'vitest';
import { listFiles, readText } from '../support/source-tree.ts';
import { createCoverage } from './coverage.ts';
import { branchCounters, COUNTERS_NAME, instrument } from './instrument.ts';

const PROGRAM = `
function sign(value) {
  if (value > 0) return 'above';
  else if (value < 0) { return 'below'; }
  for (let left = 0; left < 3; left++) if (left === 1) if (left > 2) return 'never'; else continue;
  do value++; while (value < 0);
  switch (value) { case 1: return value && 'one'; default: }
  return ((a) => a ? ({ b: [a] }) : (b => b ?? 'none')(a))(value);
}
return sign(input);`;

interface Counting {
  [COUNTERS_NAME]?: Uint8Array;
}

beforeEach(() => {
  (globalThis as Counting)[COUNTERS_NAME] = new Uint8Array(1 << 16);
});

/** As `return` stands outside a function here, the parser is given one around it. */
function runInstrumented(input: unknown): unknown {
  const text = instrument(`export function run(input) {${PROGRAM}}`).replace('export ', '');
  return new Function(`${text}; return run;`)()(input);
}

describe('an instrumented program', () => {
  it.each([1, -1, 0, -5, null, 'x', Number.NaN])('gives for %s what it gave', (input) => {
    expect(runInstrumented(input)).toEqual(new Function('input', PROGRAM)(input));
  });

  it('can be parsed, each file of the pure part', () => {
    const files = listFiles('src/core', '.ts').filter((path) => !path.endsWith('.d.ts'));
    for (const path of files)
      expect(() => instrument(instrument(stripTypeScriptTypes(readText(path))))).not.toThrow();
  });
});

describe('coverage', () => {
  it('learns each branch once, and how often it was taken in kinds', () => {
    const counters = new Uint8Array(8);
    const coverage = createCoverage(counters);
    const isNew = (count: number): boolean => {
      coverage.begin();
      counters[5] = count;
      return coverage.learn();
    };
    const counts = [0, 1, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, 255];
    const first = [1, 2, 3, 4, 8, 16, 32, 128];
    expect(counts.filter(isNew)).toEqual(first);
    expect(coverage.reached()).toBe(1);
  });

  it('counts within what instrumented code may use', () => {
    instrument('if (a) b();');
    expect(branchCounters().length % 4).toBe(0);
    expect(branchCounters().length).toBeGreaterThan(0);
  });
});
