// The load's own process: does one job after the other, so that its code is compiled once and its processor is its own.

import { type LoadJob, runJob } from './jobs.ts';

process.on('message', (job: LoadJob) => {
  try {
    process.send!({ result: runJob(job) });
  } catch (error) {
    process.send!({ failure: (error as Error).message });
  }
});
process.on('disconnect', () => process.exit());
