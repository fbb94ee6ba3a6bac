// The hardening suite: the program as a process, under what has hurt trusted servers. See test/hardening/README.md.

import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/hardening/**/*.test.ts'],
    pool: 'forks',
    // Scenarios wait more than they work, and what one costs is counted a process.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLineReporter()],
  },
});
