// One packet worker and two under the same bounded load: what sharing a port costs an answer. The load is open-loop and
// below what one processor can answer, so that the processor time of an answer decides, not the throughput of a
// machine whose load generator needs a processor, too.

import { join } from 'node:path';
import { type Contest, runContest } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { warmUp } from '../load/udp-levels.ts';
import type { BenchOptions } from '../options.ts';
import type { ZoneScenario } from '../peers/peer.ts';
import { portolanDnsWorkers } from '../peers/portolan.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import type { Suite } from './suite.ts';

const NAMES = 1000;
const PROTOCOL = { name: 'dns', apex: APEX, names: NAMES, negativePercent: 10 } as const;
/** So many that the kernel's hash of addresses gives both workers about the same share. */
const SOCKETS = 64;
const RATES = [20_000, 50_000];
/** Requests that may wait on one socket: an open loop, all but in name. */
const WINDOW = 256;

export const workersSuite: Suite = {
  name: 'workers',
  description: 'two packet workers beside one, the same bounded load over both',
  async run(options, load) {
    const folder = createFolder();
    try {
      const zoneFile = join(folder, `${APEX}.zone`);
      writeZone(zoneFile, NAMES);
      return await runContest(contest({ apex: APEX, zoneFile, names: NAMES }, options, load), options);
    } finally {
      removeFolder(folder);
    }
  },
};

function contest(scenario: ZoneScenario, options: BenchOptions, load: LoadProcess): Contest<ZoneScenario> {
  return {
    suite: 'workers',
    title: 'queries over UDP from 64 sockets, server on all processors',
    scenario,
    peers: [portolanDnsWorkers(2), portolanDnsWorkers(1)],
    levels: RATES.map((ratePerSecond) => ({
      name: `${ratePerSecond.toLocaleString('en-US')}/s`,
      measure: ({ address, port, processes }, round) =>
        load.run({
          transport: 'udp',
          protocol: PROTOCOL,
          address,
          port,
          processes,
          sockets: SOCKETS,
          window: WINDOW,
          ratePerSecond,
          warmSeconds: options.warmSeconds,
          seconds: options.seconds,
          answers: 0,
          seed: round + 1,
        }),
    })),
    prepare: (target) => warmUp(load, target, PROTOCOL, options.isQuick ? 0.2 : 2),
  };
}
