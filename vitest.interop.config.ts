// The interop suite: real programs of others against a running Portolan, one file at a time.

import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';
import { useCompileCache } from './test/support/compile-cache.ts';

useCompileCache();

export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new ClosingLineReporter()],
  },
});
