// The other two requests of BEP 15, at saturation: scrapes of ten torrents, and connects.

import { type Contest, runContest } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { ProtocolSpec } from '../load/protocol.ts';
import { fillSwarm, udpLevels, warmUp } from '../load/udp-levels.ts';
import { type BenchOptions, ratesOf } from '../options.ts';
import { aquaticUdp } from '../peers/aquatic.ts';
import { opentrackerUdp } from '../peers/opentracker.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { portolanUdpTracker } from '../peers/portolan.ts';
import { choosePeers, type Suite } from './suite.ts';

const SWARM = { torrents: 1000, peers: 100_000 };
const QUICK_SWARM = { torrents: 50, peers: 5000 };
const ASKED = 10;
/** 0 is saturation. */
const RATES = [0];

export const udpScrapeSuite: Suite = {
  name: 'udp-scrape',
  description: `scrapes of ${ASKED} torrents and connects over UDP, the same swarm`,
  async run(options, load) {
    const { torrents } = swarmFor(options);
    const scrape = { name: 'scrape', torrents, asked: ASKED } as const;
    return [
      ...(await runContest(contest(`scrapes of ${ASKED} torrents`, scrape, options, load), options)),
      ...(await runContest(contest('connects', { name: 'connect' }, options, load), options)),
    ];
  },
};

function swarmFor({ isQuick }: BenchOptions): typeof SWARM {
  return isQuick ? QUICK_SWARM : SWARM;
}

function contest(
  what: string,
  protocol: ProtocolSpec,
  options: BenchOptions,
  load: LoadProcess,
): Contest<TrackerScenario> {
  const swarm = swarmFor(options);
  const rates = ratesOf(options, RATES);
  return {
    suite: 'udp-scrape',
    title: `${what} over UDP, IPv4, ${swarm.torrents.toLocaleString('en-US')} torrents`,
    scenario: { family: 4, torrents: swarm.torrents },
    peers: choosePeers([portolanUdpTracker, opentrackerUdp, aquaticUdp], options.only),
    levels: udpLevels(load, protocol, { ...options, rates }),
    async prepare(target) {
      await fillSwarm(load, target, { name: 'announce', ...swarm, isFill: true });
      await warmUp(load, target, protocol, options.isQuick ? 0.2 : 2);
    },
  };
}
