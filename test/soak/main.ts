// `npm run soak [-- --seconds N | --reloads N]`: full load while the zone is edited; ends with 1 when anything was wrong.

import { Command, InvalidArgumentError } from 'commander';
import { findFaults, SETTLING_RELOADS, soak } from './soak.ts';

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

const flags = new Command('npm run soak --')
  .description('Loads a server while its zone is edited, and compares every answer.')
  .option('--seconds <seconds>', 'how long, with an edit every second', count, 600)
  .option('--reloads <count>', 'instead: so many edits, one after the other', count)
  .option('--workers <count>', 'packet workers of the server', count, 2)
  .parse()
  .opts<{ seconds: number; reloads?: number; workers: number }>();

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const seconds = flags.reloads === undefined ? flags.seconds : 0;
const report = await soak({ seconds, reloads: flags.reloads ?? 0, workers: flags.workers, log });
const { resident, wrongShown, ...figures } = report;
const mebibytes = (octets: number | undefined): number => Math.round((octets ?? 0) / 2 ** 18) / 4;
process.stdout.write(
  `${JSON.stringify(
    {
      ...figures,
      residentMebibytes: {
        first: mebibytes(resident[0]),
        [`afterReload${SETTLING_RELOADS}`]: mebibytes(resident[SETTLING_RELOADS - 1]),
        most: mebibytes(Math.max(...resident)),
        last: mebibytes(resident.at(-1)),
      },
    },
    undefined,
    2,
  )}\n`,
);
const faults = findFaults(report);
for (const fault of faults) log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
