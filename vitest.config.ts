// The unit suite: everything that needs nothing but Node and loopback.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';
import { useCompileCache } from './test/support/compile-cache.ts';

useCompileCache();

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

const UNITS = ['test/**/*.test.ts'];
/** Suites of their own. */
const ELSEWHERE = ['test/interop/**', 'test/hardening/**', 'test/bench/**'];
/** Each in a process of its own. */
const ALONE = [
  // A module that is replaced must not have been loaded before.
  'test/app/rewrite-power-cut.test.ts',
  // Look at memory, descriptors or processor time of their process.
  'test/app/data-plane/hello-flood.test.ts',
  'test/app/hostile-packets.test.ts',
  'test/app/rewrite-service/stream-lines.test.ts',
  'test/io/packet-engine/huge-pages.test.ts',
  'test/io/tracker-clients/tracker-clients.test.ts',
];

export default defineConfig({
  // The examples import the package by its name: here it is what is being tested, not what was built some time.
  resolve: { alias: { 'portolan/pure': source('pure.ts'), portolan: source('index.ts') } },
  test: {
    projects: [
      // Nothing that a file leaves behind may matter to the next: a third of the time goes without a process for each.
      {
        extends: true,
        test: { name: 'shared', include: UNITS, exclude: [...ELSEWHERE, ...ALONE], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
    // Processes: a crash in foreign code ends one, and they are no slower than threads.
    pool: 'forks',
    // Vitest leaves one core idle by default; on two cores that is half of the machine.
    maxWorkers: '100%',
    // No test needs a second; a machine that is busy with something else may need ten.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', new ClosingLineReporter()],
  },
});
