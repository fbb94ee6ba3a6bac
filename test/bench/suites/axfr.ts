// A whole zone by AXFR to the same client: Portolan, NSD and Knot in turns.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePorts } from '../../support/free-ports.ts';
import { type CpuTime, cpuTimeBetween, processTree, readCpu } from '../cpu-time.ts';
import type { AxfrSample } from '../load/axfr-client.ts';
import type { BenchOptions } from '../options.ts';
import { knot } from '../peers/knot.ts';
import { nsd } from '../peers/nsd.ts';
import type { RunningPeer, ZoneScenario } from '../peers/peer.ts';
import { portolanDns } from '../peers/portolan.ts';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import { choosePeers, type Suite } from './suite.ts';

const CLIENT = fileURLToPath(new URL('../load/axfr-client.ts', import.meta.url));
const PEERS = [portolanDns, nsd, knot];
const NAMES = 1_000_000;
const QUICK_NAMES = 20_000;
/** SOA twice, NS, the address of the name server. */
const OTHER_RECORDS = 4;

const COLUMNS: readonly Column[] = [
  { key: 'server', heading: 'server' },
  { key: 'rate', heading: 'records/s' },
  { key: 'share', heading: 'Portolan ÷ it' },
  { key: 'seconds', heading: 'seconds' },
  { key: 'cpu', heading: 'CPU s' },
  { key: 'user', heading: 'user' },
  { key: 'system', heading: 'system' },
  { key: 'octets', heading: 'octets' },
  { key: 'messages', heading: 'messages' },
];

export const axfrSuite: Suite = {
  name: 'axfr',
  description: 'a zone of 1,000,000 records by AXFR, records a second and CPU',
  async run(options) {
    const names = options.isQuick ? QUICK_NAMES : NAMES;
    const folder = createFolder();
    const contestants: Contestant[] = [];
    try {
      const zoneFile = join(folder, `${APEX}.zone`);
      writeZone(zoneFile, names);
      for (const peer of choosePeers(PEERS, options.only)) {
        if (!peer.isInstalled()) {
          options.log(`axfr: ${peer.name} is not installed and is left out; ${peer.installHint}`);
          continue;
        }
        options.log(`axfr: ${peer.name} starts`);
        const [port, sparePort] = (await findFreePorts(2)) as [number, number];
        const place = { folder: mkdtempSync(join(folder, 'server-')), port, sparePort };
        const scenario: ZoneScenario = { apex: APEX, zoneFile, names };
        const running = await peer.start(scenario, { ...place, processors: options.processors });
        contestants.push({ name: peer.name, running, rounds: [] });
      }
      await measure(contestants, names, options);
      return [tabulate(contestants, names)];
    } finally {
      await Promise.all(contestants.map(({ running }) => running.stop()));
      removeFolder(folder);
    }
  },
};

interface Round extends AxfrSample {
  /** Of the server. */
  readonly cpu: CpuTime;
}

interface Contestant {
  readonly name: string;
  readonly running: RunningPeer;
  readonly rounds: Round[];
}

/** Everybody once before anything counts, then in turns: whoever is first in one round is last in the next. */
async function measure(
  contestants: readonly Contestant[],
  names: number,
  options: BenchOptions,
): Promise<void> {
  for (const contestant of contestants) await takeZone(contestant, names, options);
  for (let round = 0; round < options.rounds; round++) {
    options.log(`axfr: round ${round + 1} of ${options.rounds}`);
    const first = round % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)])
      contestant.rounds.push(await takeZone(contestant, names, options));
  }
}

async function takeZone(
  { name, running }: Contestant,
  names: number,
  { processors }: BenchOptions,
): Promise<Round> {
  const { address, port, pid } = running;
  // NSD starts a process a transfer or a reload: those that are there at the end count.
  const before = readCpu(processTree(pid));
  const words = [CLIENT, address, String(port), APEX];
  const sample = (await runScript([...pinnedTo(processors.load), process.execPath, ...words])) as AxfrSample;
  const cpu = cpuTimeBetween(before, readCpu(processTree(pid)));
  if (sample.records !== names + OTHER_RECORDS)
    throw new Error(`${name} sent ${sample.records} records of ${names + OTHER_RECORDS}`);
  return { ...sample, cpu };
}

function tabulate(contestants: readonly Contestant[], names: number): Table {
  const ours = contestants[0]!.rounds;
  const rows = contestants.map(({ name, rounds }, index) => {
    const spread = (read: (round: Round) => number) => spreadOf(rounds.map(read));
    return {
      server: name,
      rate: spread(rateOf),
      share: index === 0 ? undefined : spreadOf(rounds.map((round, at) => rateOf(ours[at]!) / rateOf(round))),
      seconds: spread(({ seconds }) => seconds).median,
      cpu: spread(({ cpu }) => cpu.user + cpu.system),
      user: spread(({ cpu }) => cpu.user).median,
      system: spread(({ cpu }) => cpu.system).median,
      octets: spread(({ octets }) => octets).median,
      messages: spread(({ messages }) => messages).median,
    };
  });
  const busy = contestants.map(({ name, rounds }) => {
    const { median } = spreadOf(rounds.map(({ clientCpuSeconds }) => clientCpuSeconds));
    return `${name} ${median.toFixed(2)} s`;
  });
  const note = `CPU of the client, its start included: ${busy.join(', ')}.`;
  const title = `AXFR of ${names.toLocaleString('en-US')} names with an A record each, to one client`;
  return { suite: 'axfr', title, columns: COLUMNS, rows, notes: [note] };
}

function rateOf({ records, seconds }: Round): number {
  return records / seconds;
}
