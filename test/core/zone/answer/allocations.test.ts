// A worker that allocates nothing never collects garbage, and never pauses: so much is promised of every answer.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../../support/query-allocations.ts', import.meta.url));

/** What asking for the figure costs, spread over the queries of a round; the smallest object has twelve octets. */
const TOLERATED_OCTETS = 2;

// Without the second, objects that do not outlive a call are sometimes not made, as the optimizer has it that day. With the
// third the queries wait for the optimizer, which on a busy machine is done long after them otherwise.
const FLAGS = ['--expose-gc', '--no-turbo-escape', '--no-concurrent-recompilation'];

describe('an answer', () => {
  it('allocates nothing, whatever its kind', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, program]);
    const octets: Record<string, number> = JSON.parse(stdout);
    expect(Object.keys(octets).length).toBeGreaterThan(8);
    expect(Object.entries(octets).filter(([, figure]) => figure > TOLERATED_OCTETS)).toEqual([]);
  });
});
