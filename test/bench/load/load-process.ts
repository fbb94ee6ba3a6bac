// The load's process as the rest of the benchmark sees it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinnedTo } from '../processors.ts';
import { pairWithExit } from '../server-process.ts';
import type { LoadJob } from './jobs.ts';
import type { LoadResult } from './load-result.ts';

export interface LoadProcess {
  /** One at a time. Rejects when the server does not answer. */
  run(job: LoadJob): Promise<LoadResult>;
  stop(): Promise<void>;
}

export function startLoadProcess(processor: number): LoadProcess {
  const [execPath, ...words] = pinnedTo(processor);
  const child = fork(fileURLToPath(new URL('load-child.ts', import.meta.url)), {
    execPath,
    execArgv: [...words, process.execPath],
    serialization: 'advanced',
  });
  pairWithExit(child);
  return {
    async run(job) {
      child.send(job);
      const [reply] = (await once(child, 'message')) as [{ result?: LoadResult; failure?: string }];
      if (reply.result === undefined) throw new Error(reply.failure);
      return reply.result;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
