// The load's own process: does one job after the other, so that its code is compiled once and its processor is its own.

import { type LoadJob, runJob } from './jobs.ts';

process.on('message', (job: LoadJob) => {
  runJob(job).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ failure: error.message }),
  );
});
process.on('disconnect', () => process.exit());
