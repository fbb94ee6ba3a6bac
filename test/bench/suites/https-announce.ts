// Announces over TLS to a filled swarm: on connections that stay, with sessions that go on, and with a handshake each.

import { type Contest, type Level, runContest, type Target } from '../contest.ts';
import type { Handshakes } from '../load/https-load.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { BenchOptions } from '../options.ts';
import { echoNodeHttpsTracker, portolanHttpsTracker } from '../peers/https-trackers.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { choosePeers, type Suite } from './suite.ts';

const SWARM = { torrents: 1000, peers: 100_000 };
const QUICK_SWARM = { torrents: 20, peers: 2000 };
const CONNECTIONS = 16;
const FILL_SECONDS = 60;
const LEVELS: readonly { readonly handshakes: Handshakes; readonly name: string }[] = [
  { handshakes: 'kept', name: 'connections kept' },
  { handshakes: 'resumed', name: 'a new connection each, sessions resumed' },
  { handshakes: 'full', name: 'a new connection each, full handshakes' },
];

export const httpsAnnounceSuite: Suite = {
  name: 'https-announce',
  description: 'announces over HTTPS; connections kept, sessions resumed, and a full handshake each',
  run: (options, load) => runContest(createContest(options, load), options),
};

function createContest(options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> {
  const swarm = options.isQuick ? QUICK_SWARM : SWARM;
  const [torrents, peers] = [swarm.torrents, swarm.peers].map((count) => count.toLocaleString('en-US'));
  const { seconds, warmSeconds } = options;
  return {
    suite: 'https-announce',
    title: `announces over HTTPS (P-256), ${peers} peers in ${torrents} torrents`,
    scenario: { family: 4, torrents: swarm.torrents },
    peers: choosePeers([portolanHttpsTracker, echoNodeHttpsTracker], options.only),
    levels: LEVELS.map(
      ({ handshakes, name }): Level => ({
        name: `${name}, saturation`,
        measure: (target, round) =>
          load.run({
            ...placeOf(target),
            transport: 'https',
            connections: CONNECTIONS,
            handshakes,
            swarm,
            seconds,
            warmSeconds,
            seed: round + 1,
          }),
      }),
    ),
    async prepare(target) {
      // A floor knows no peers, and speaks nothing but TLS.
      if (target.name !== portolanHttpsTracker.name) return;
      const fill = { isKeptAlive: true, isFill: true, answers: swarm.peers, ratePerSecond: 0 };
      const time = { warmSeconds: 0, seconds: FILL_SECONDS, seed: 1 };
      await load.run({ ...placeOf(target), ...fill, ...time, transport: 'http', connections: 64, swarm });
    },
  };
}

/** What the load process is told of a server. */
function placeOf({ address, port, processes }: Target): Omit<Target, 'name'> {
  return { address, port, processes };
}
