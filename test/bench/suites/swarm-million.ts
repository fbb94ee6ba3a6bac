// What an announce costs in a small swarm table and in one of 10,000,000 peers in 1,000,000 torrents, in process.

import { fileURLToPath } from 'node:url';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import { spreadOf } from '../statistics.ts';
import type { Column } from '../table.ts';
import type { Suite } from './suite.ts';
import type { SwarmMillionSample } from './swarm-million-child.ts';

const CHILD = fileURLToPath(new URL('swarm-million-child.ts', import.meta.url));
const SIZES = [
  { peers: 100_000, torrents: 1000 },
  { peers: 10_000_000, torrents: 1_000_000 },
];
const QUICK_SIZES = [
  { peers: 10_000, torrents: 100 },
  { peers: 100_000, torrents: 10_000 },
];
/** Peers that a swarm grows to while its announces are timed, one by one. */
const JOINS = 20_000;
/** Filling the large table takes half a minute: more rounds than this add little. */
const MOST_ROUNDS = 3;

const COLUMNS: readonly Column[] = [
  { key: 'peers', heading: 'peers' },
  { key: 'torrents', heading: 'torrents' },
  { key: 'fill', heading: 'fill s' },
  { key: 'announce', heading: 'CPU ns an announce' },
  { key: 'rate', heading: 'announces/s' },
  { key: 'octets', heading: 'octets a peer' },
  { key: 'join', heading: 'longest announce µs' },
  { key: 'walk', heading: 'longest hold of the walk µs' },
];

export const swarmMillionSuite: Suite = {
  name: 'swarm-million',
  description:
    'announces in process with 100,000 peers and with 10,000,000 in 1,000,000 torrents; lock holds',
  async run(options) {
    const sizes = options.isQuick ? QUICK_SIZES : SIZES;
    const samples: SwarmMillionSample[][] = sizes.map(() => []);
    for (let round = 0; round < Math.min(options.rounds, MOST_ROUNDS); round++) {
      for (const [index, { peers, torrents }] of sizes.entries()) {
        options.log(`swarm-million: ${peers.toLocaleString('en-US')} peers, round ${round + 1}`);
        const words = [peers, torrents, options.isQuick ? JOINS / 10 : JOINS].map(String);
        const command = [...pinnedTo(options.processors.server), process.execPath, CHILD, ...words];
        samples[index]!.push((await runScript(command)) as SwarmMillionSample);
      }
    }
    const rows = samples.map((rounds) => {
      const spread = (read: (sample: SwarmMillionSample) => number) => spreadOf(rounds.map(read));
      return {
        peers: rounds[0]!.peers.toLocaleString('en-US'),
        torrents: rounds[0]!.torrents.toLocaleString('en-US'),
        fill: spread(({ fillSeconds }) => fillSeconds).median,
        announce: spread(({ nanosecondsPerAnnounce }) => nanosecondsPerAnnounce),
        rate: spread(({ nanosecondsPerAnnounce }) => 1e9 / nanosecondsPerAnnounce).median,
        octets: spread(({ octetsPerPeer }) => octetsPerPeer).median,
        join: spread(({ longestAnnounceMicroseconds }) => longestAnnounceMicroseconds),
        walk: spread(({ longestWalkMicroseconds }) => longestWalkMicroseconds),
      };
    });
    const [small, large] = rows as [(typeof rows)[number], (typeof rows)[number]];
    const growth = (large.announce.median / small.announce.median).toFixed(2);
    const notes = [
      `An announce costs ${growth} times as much in the large table as in the small one.`,
      'Longest: of the least that each step of several equal runs took, so that it is not what the machine did beside.',
    ];
    const title = 'swarm table in process, IPv4, 50 peers a reply where there are as many';
    return [{ suite: 'swarm-million', title, columns: COLUMNS, rows, notes }];
  },
};
