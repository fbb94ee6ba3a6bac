// What the packet engine costs where it has nothing to batch: one query at a time, and none at all.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../support/free-ports.ts';
import { type Contest, runContest, type Target } from '../contest.ts';
import { cpuTimeBetween, processTree, readCpu } from '../cpu-time.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { warmUp } from '../load/udp-levels.ts';
import type { BenchOptions } from '../options.ts';
import { echoDns, echoNodeDns } from '../peers/echo.ts';
import type { ZoneScenario } from '../peers/peer.ts';
import { portolanDns } from '../peers/portolan.ts';
import { spreadOf } from '../statistics.ts';
import type { Column, Table } from '../table.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import type { Suite } from './suite.ts';

const NAMES = 1000;
const PROTOCOL = { name: 'dns', apex: APEX, names: NAMES, negativePercent: 10 } as const;
const PEERS = [portolanDns, echoDns, echoNodeDns];
/** Of the time in which nothing is asked. */
const IDLE_SECONDS = 5;
/** What starting leaves to do, such as compiling and collecting, is over by then. */
const SETTLE_MILLISECONDS = 2000;

export const singlePacketSuite: Suite = {
  name: 'single-packet',
  description: 'one query at a time beside node:dgram, and processor time while nothing is asked',
  async run(options, load) {
    const folder = createFolder();
    try {
      const zoneFile = join(folder, `${APEX}.zone`);
      writeZone(zoneFile, NAMES);
      const scenario = { apex: APEX, zoneFile, names: NAMES };
      const oneByOne = await runContest(contest(scenario, options, load), options);
      return [...oneByOne, await measureIdle(scenario, folder, options)];
    } finally {
      removeFolder(folder);
    }
  },
};

function contest(scenario: ZoneScenario, options: BenchOptions, load: LoadProcess): Contest<ZoneScenario> {
  return {
    suite: 'single-packet',
    title: 'queries over UDP, each sent when the one before is answered',
    scenario,
    peers: PEERS,
    levels: [
      {
        name: 'one at a time',
        measure: ({ address, port, processes }, round) =>
          load.run({
            transport: 'udp',
            protocol: PROTOCOL,
            address,
            port,
            processes,
            sockets: 1,
            window: 1,
            ratePerSecond: 0,
            warmSeconds: options.warmSeconds,
            seconds: options.seconds,
            answers: 0,
            seed: round + 1,
          }),
      },
    ],
    prepare: (target: Target) => warmUp(load, target, PROTOCOL, options.isQuick ? 0.2 : 2),
  };
}

const IDLE_COLUMNS: readonly Column[] = [
  { key: 'server', heading: 'server' },
  { key: 'milliseconds', heading: 'CPU ms a second' },
];

async function measureIdle(scenario: ZoneScenario, folder: string, options: BenchOptions): Promise<Table> {
  const rows: Table['rows'][number][] = [];
  const seconds = options.isQuick ? options.seconds : IDLE_SECONDS;
  for (const peer of options.isQuick ? [portolanDns] : PEERS) {
    options.log(`single-packet: ${peer.name} has nothing to do`);
    const [port, sparePort] = (await findFreePorts(2)) as [number, number];
    const own = mkdtempSync(join(folder, 'idle-'));
    const running = await peer.start(scenario, {
      folder: own,
      port,
      sparePort,
      processors: options.processors,
    });
    try {
      const samples: number[] = [];
      await pause(options.isQuick ? 0 : SETTLE_MILLISECONDS);
      for (let round = 0; round < options.rounds; round++) {
        const processes = processTree(running.pid);
        const before = readCpu(processes);
        await pause(seconds * 1000);
        const { user, system } = cpuTimeBetween(before, readCpu(processes));
        samples.push(((user + system) * 1000) / seconds);
      }
      rows.push({ server: peer.name, milliseconds: spreadOf(samples) });
    } finally {
      await running.stop();
    }
  }
  const title = `processor time while nothing is asked, over ${seconds} s`;
  return { suite: 'single-packet', title, columns: IDLE_COLUMNS, rows, notes: [] };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
