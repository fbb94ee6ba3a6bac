// Announces over UDP to a filled swarm, 50 peers a reply.

import { type Contest, runContest, type Target } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { checkAnnounceGenerator } from '../load/reference.ts';
import { fillSwarm, udpLevels, warmUp } from '../load/udp-levels.ts';
import type { BenchOptions } from '../options.ts';
import { aquaticUdp } from '../peers/aquatic.ts';
import { bittorrentTrackerUdp } from '../peers/bittorrent-tracker.ts';
import { echoUdpTracker } from '../peers/echo.ts';
import { opentrackerUdp } from '../peers/opentracker.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { portolanUdpTracker } from '../peers/portolan.ts';
import { choosePeers, type Suite } from './suite.ts';

/** A hundred peers in each torrent, so that every reply has its 50. */
const SWARM = { torrents: 1000, peers: 100_000 };
const QUICK_SWARM = { torrents: 50, peers: 5000 };

export const udpAnnounceSuite: Suite = {
  name: 'udp-announce',
  description: 'announces over UDP, 100,000 peers in 1,000 torrents, 50 peers a reply; IPv4 and IPv6',
  async run(options, load) {
    const ipv4 = contestFor(4, [
      portolanUdpTracker,
      echoUdpTracker,
      opentrackerUdp,
      aquaticUdp,
      bittorrentTrackerUdp,
    ]);
    const ipv6 = contestFor(6, [portolanUdpTracker, echoUdpTracker, aquaticUdp]);
    return [
      ...(await runContest(ipv4(options, load), options)),
      ...(await runContest(ipv6(options, load), options)),
    ];
  },
};

function contestFor(family: 4 | 6, peers: Contest<TrackerScenario>['peers']) {
  return (options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> => {
    const swarm = options.isQuick ? QUICK_SWARM : SWARM;
    const protocol = { name: 'announce', ...swarm, isFill: false } as const;
    const count = swarm.peers.toLocaleString('en-US');
    return {
      suite: 'udp-announce',
      title: `announces over UDP, IPv${family}, ${count} peers in ${swarm.torrents.toLocaleString('en-US')} torrents`,
      scenario: { family, torrents: swarm.torrents },
      peers: choosePeers(peers, options.only),
      levels: [...udpLevels(load, protocol, options), ...checkAnnounceGenerator('udpload', swarm, options)],
      async prepare(target: Target) {
        // The floor knows no peers.
        if (target.name !== echoUdpTracker.name) await fillSwarm(load, target, protocol);
        await warmUp(load, target, protocol, options.isQuick ? 0.2 : 2);
      },
    };
  };
}
