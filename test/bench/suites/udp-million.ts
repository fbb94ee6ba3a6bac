// Announces over UDP to a table of ten million peers beside one of a hundred thousand: what memory that no cache holds costs an
// answer. The load's own requests stay the same: a million of the peers announce, each of them of a torrent of its own.

import { type Contest, runContest, type Target } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { Swarm } from '../load/swarm.ts';
import { fillSwarm, levelName, udpLevels, warmUp } from '../load/udp-levels.ts';
import { type BenchOptions, ratesOf } from '../options.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { portolanUdpTrackerFor } from '../peers/portolan.ts';
import type { Suite } from './suite.ts';

/** Ten peers a torrent and a hundred: a reply of the large one is shorter, which is left to the reader. */
const LARGE = { torrents: 1_000_000, peers: 10_000_000 };
const SMALL = { torrents: 1000, peers: 100_000 };
const QUICK_LARGE = { torrents: 5000, peers: 50_000 };
const QUICK_SMALL = { torrents: 50, peers: 5000 };
/** Peers whose announces are made at a time: 100 octets each in the memory of the load. */
const CHUNK = 1_000_000;
/** 0 is saturation. */
const RATES = [0];

export const udpMillionSuite: Suite = {
  name: 'udp-million',
  description: 'announces over UDP, 10,000,000 peers in 1,000,000 torrents beside 100,000 in 1,000',
  run: (options, load) => runContest(contest(options, load), options),
};

function contest(options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> {
  const swarms = options.isQuick ? [QUICK_LARGE, QUICK_SMALL] : [LARGE, SMALL];
  const byName = new Map(swarms.map((swarm) => [nameOf(swarm), swarm]));
  const announcing = ({ torrents, peers }: Swarm) =>
    ({ name: 'announce', torrents, peers: Math.min(peers, CHUNK), isFill: false }) as const;
  return {
    suite: 'udp-million',
    title: 'announces over UDP, IPv4',
    scenario: { family: 4, torrents: swarms[0]!.torrents },
    peers: [...byName].map(([name, swarm]) => portolanUdpTrackerFor(name, swarm)),
    levels: ratesOf(options, RATES).map((ratePerSecond) => ({
      name: levelName(ratePerSecond),
      measure: (target, round) => {
        const protocol = announcing(byName.get(target.name)!);
        const [level] = udpLevels(load, protocol, { ...options, rates: [ratePerSecond] });
        return level!.measure(target, round);
      },
    })),
    async prepare(target: Target) {
      const swarm = byName.get(target.name)!;
      for (let firstPeer = 0; firstPeer < swarm.peers; firstPeer += CHUNK) {
        const peers = Math.min(CHUNK, swarm.peers - firstPeer);
        await fillSwarm(load, target, {
          name: 'announce',
          torrents: swarm.torrents,
          peers,
          firstPeer,
          isFill: true,
        });
      }
      await warmUp(load, target, announcing(swarm), options.isQuick ? 0.2 : 2);
    },
  };
}

function nameOf({ torrents, peers }: Swarm): string {
  return `${peers.toLocaleString('en-US')} peers, ${torrents.toLocaleString('en-US')} torrents`;
}
