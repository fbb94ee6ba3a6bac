// One packet worker and two under the same bounded load: what sharing a port, and the swarm table, costs an answer. The load
// is open-loop and below what one processor can answer, so that the processor time of an answer decides, not the
// throughput of a machine whose load generator needs a processor, too.

import { join } from 'node:path';
import { type Contest, type Level, runContest } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { ProtocolSpec } from '../load/protocol.ts';
import { fillSwarm, jobFor, levelName, warmUp } from '../load/udp-levels.ts';
import { type BenchOptions, ratesOf } from '../options.ts';
import type { TrackerScenario, ZoneScenario } from '../peers/peer.ts';
import { portolanDnsWorkers, portolanUdpTrackerWorkers } from '../peers/portolan.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import type { Suite } from './suite.ts';

const NAMES = 1000;
const QUERIES = { name: 'dns', apex: APEX, names: NAMES, negativePercent: 10 } as const;
const SWARM = { torrents: 1000, peers: 100_000 };
const QUICK_SWARM = { torrents: 50, peers: 5000 };
/** So many that the kernel's hash of addresses gives both workers about the same share. */
const SOCKETS = 64;
const RATES = [20_000, 50_000];
/** Requests that may wait on one socket: an open loop, all but in name. */
const WINDOW = 256;

export const workersSuite: Suite = {
  name: 'workers',
  description: 'two packet workers beside one, the same bounded load over both: queries, announces',
  async run(options, load) {
    const folder = createFolder();
    try {
      const zoneFile = join(folder, `${APEX}.zone`);
      writeZone(zoneFile, NAMES);
      const zone = { apex: APEX, zoneFile, names: NAMES };
      return [
        ...(await runContest(queries(zone, options, load), options)),
        ...(await runContest(announces(options, load), options)),
      ];
    } finally {
      removeFolder(folder);
    }
  },
};

function queries(scenario: ZoneScenario, options: BenchOptions, load: LoadProcess): Contest<ZoneScenario> {
  return {
    suite: 'workers',
    title: 'queries over UDP from 64 sockets, server on all processors',
    scenario,
    peers: [portolanDnsWorkers(2), portolanDnsWorkers(1)],
    levels: levels(QUERIES, options, load),
    prepare: (target) => warmUp(load, target, QUERIES, options.isQuick ? 0.2 : 2),
  };
}

function announces(options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> {
  const swarm = options.isQuick ? QUICK_SWARM : SWARM;
  const protocol = { name: 'announce', ...swarm, isFill: false } as const;
  return {
    suite: 'workers',
    title: 'announces over UDP from 64 sockets, server on all processors, one swarm table',
    scenario: { family: 4, torrents: swarm.torrents },
    peers: [portolanUdpTrackerWorkers(2), portolanUdpTrackerWorkers(1)],
    levels: levels(protocol, options, load),
    async prepare(target) {
      await fillSwarm(load, target, protocol);
      await warmUp(load, target, protocol, options.isQuick ? 0.2 : 2);
    },
  };
}

function levels(protocol: ProtocolSpec, options: BenchOptions, load: LoadProcess): Level[] {
  return ratesOf(options, RATES).map((ratePerSecond) => ({
    name: levelName(ratePerSecond),
    measure: (target, round) =>
      load.run({
        ...jobFor(target, protocol),
        sockets: SOCKETS,
        window: WINDOW,
        ratePerSecond,
        warmSeconds: options.warmSeconds,
        seconds: options.seconds,
        seed: round + 1,
      }),
  }));
}
