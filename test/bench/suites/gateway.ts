// Announces over HTTP through a proxy: Portolan's gateway carries them over UDP, a plain reverse proxy over HTTP.

import { type Contest, runContest, type Target } from '../contest.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { Swarm } from '../load/swarm.ts';
import type { BenchOptions } from '../options.ts';
import { GATEWAY_URL, gatewayBothFamilies, gatewayOneFamily, undiciProxy } from '../peers/gateway.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { choosePeers, type Suite } from './suite.ts';

const SWARM = { torrents: 20, peers: 2000 };
/** Clients of one gateway are few; this many keep a processor busy. */
const CONNECTIONS = 64;
const PEERS = [gatewayOneFamily, undiciProxy, gatewayBothFamilies];

export const gatewaySuite: Suite = {
  name: 'gateway',
  description:
    'announces over HTTP through the gateway to a UDP tracker, and through a plain proxy on undici',
  run: (options, load) => runContest(createContest(options, load), options),
};

function createContest(options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> {
  const { seconds, warmSeconds } = options;
  return {
    suite: 'gateway',
    title: 'announces over HTTP through a proxy, as fast as answers come, 64 connections kept',
    scenario: { family: 4, torrents: SWARM.torrents },
    peers: choosePeers(PEERS, options.only),
    levels: [
      {
        name: 'saturation',
        measure: (target, round) => run(load, target, { seconds, warmSeconds, seed: round + 1 }),
      },
    ],
    async prepare(target) {
      await run(load, target, { seconds: 60, answers: SWARM.peers, isFill: true });
      await run(load, target, { seconds: options.isQuick ? 0.2 : 2 });
    },
  };
}

interface Run {
  readonly seconds: number;
  readonly warmSeconds?: number;
  readonly answers?: number;
  readonly isFill?: boolean;
  readonly seed?: number;
}

async function run(
  load: LoadProcess,
  { address, port, processes }: Target,
  { seconds, warmSeconds = 0, answers = 0, isFill = false, seed = 1 }: Run,
): Promise<LoadResult> {
  const swarm: Swarm = SWARM;
  const result = await load.run({
    transport: 'http',
    connections: CONNECTIONS,
    isKeptAlive: true,
    ratePerSecond: 0,
    urlPrefix: GATEWAY_URL,
    ...{ address, port, processes, swarm, seconds, warmSeconds, answers, isFill, seed },
  });
  if (result.answers === 0) throw new Error(`refused ${result.errors}, lost ${result.timeouts}`);
  return result;
}
