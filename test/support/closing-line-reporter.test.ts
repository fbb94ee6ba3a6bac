import { expect, it } from 'vitest';
import type { TestModule } from 'vitest/node';
import { closingLine } from './closing-line-reporter.ts';

interface Outcome {
  readonly tests?: readonly string[];
  readonly fileErrors?: number;
  readonly hookErrors?: number;
}

function moduleWith({ tests = [], fileErrors = 0, hookErrors = 0 }: Outcome): TestModule {
  const errors = (count: number) => () => Array.from({ length: count }, () => new Error('wrong'));
  return {
    errors: errors(fileErrors),
    children: {
      allSuites: () => [{ errors: errors(hookErrors) }],
      allTests: () => tests.map((state) => ({ result: () => ({ state }) })),
    },
  } as unknown as TestModule;
}

it.each([
  ['a good run', { tests: ['passed', 'passed'] }, 0, '2 passed, 0 failed'],
  ['a failed test', { tests: ['passed', 'failed'] }, 0, '1 passed, 1 failed'],
  ['a skipped test', { tests: ['passed', 'skipped'] }, 0, '1 passed, 0 failed, 1 skipped'],
  ['a test that never ended', { tests: ['pending'] }, 0, '0 passed, 1 failed'],
  ['a file that cannot be loaded', { fileErrors: 1 }, 0, '0 passed, 1 failed'],
  ['a hook that failed', { tests: ['skipped'], hookErrors: 1 }, 0, '0 passed, 1 failed, 1 skipped'],
  ['an error that nothing caught', { tests: ['passed'] }, 1, '1 passed, 1 failed'],
  ['no test at all', {}, 0, '0 passed, 0 failed'],
])('closes %s with a line that says so', (_, outcome, unhandled, line) => {
  expect(closingLine([moduleWith(outcome)], unhandled)).toBe(line);
});
