// The hardening suite: the program as a process, under what has hurt trusted servers. See test/hardening/README.md. And a
// short run of the benchmark, which is no test of a unit either.

import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';
import { useCompileCache } from './test/support/compile-cache.ts';

useCompileCache();

export default defineConfig({
  test: {
    include: ['test/hardening/**/*.test.ts', 'test/bench/**/*.test.ts'],
    pool: 'forks',
    // Scenarios wait more than they work, and what one costs is counted a process.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLineReporter()],
  },
});
