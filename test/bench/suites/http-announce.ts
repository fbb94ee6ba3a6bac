// Announces over HTTP to a filled swarm: on connections that stay, and on a new one each.

import { type Contest, type Level, runContest, type Target } from '../contest.ts';
import type { HttpLoadOptions } from '../load/http-load.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { LoadResult } from '../load/load-result.ts';
import { checkAnnounceGenerator } from '../load/reference.ts';
import type { Swarm } from '../load/swarm.ts';
import { levelName } from '../load/udp-levels.ts';
import { type BenchOptions, ratesOf } from '../options.ts';
import { bittorrentTrackerHttp } from '../peers/bittorrent-tracker.ts';
import { echoHttpTracker, echoNodeHttpTracker } from '../peers/echo.ts';
import { opentrackerHttp } from '../peers/opentracker.ts';
import type { TrackerScenario } from '../peers/peer.ts';
import { portolanHttpTracker } from '../peers/portolan.ts';
import { choosePeers, type Suite } from './suite.ts';

const SWARM = { torrents: 1000, peers: 100_000 };
const QUICK_SWARM = { torrents: 20, peers: 2000 };
/** As many as the reference generator opens. */
const CONNECTIONS = 64;
const PEERS = [
  portolanHttpTracker,
  echoHttpTracker,
  echoNodeHttpTracker,
  opentrackerHttp,
  bittorrentTrackerHttp,
];
/** 0 is saturation. A new connection costs five times as much, so its rates are lower. */
const KEPT_ALIVE_RATES = [20_000, 50_000, 0];
const NEW_CONNECTION_RATES = [5000, 10_000, 0];
/** bittorrent-tracker walks every torrent on each request: it gets what it can take. */
const FILL_SECONDS = 60;

export const httpAnnounceSuite: Suite = {
  name: 'http-announce',
  description: 'announces over HTTP, the same swarm; connections kept, and a new one each',
  async run(options, load) {
    return [
      ...(await runContest(createContest(true, options, load), options)),
      ...(await runContest(createContest(false, options, load), options)),
    ];
  },
};

function createContest(
  isKeptAlive: boolean,
  options: BenchOptions,
  load: LoadProcess,
): Contest<TrackerScenario> {
  const swarm = options.isQuick ? QUICK_SWARM : SWARM;
  const rates = isKeptAlive ? KEPT_ALIVE_RATES : NEW_CONNECTION_RATES;
  const levels = ratesOf(options, rates).map(
    (ratePerSecond): Level => ({
      name: levelName(ratePerSecond),
      measure: (target, round) =>
        run(load, target, swarm, { isKeptAlive, ratePerSecond, seed: round + 1, ...options }),
    }),
  );
  return {
    suite: 'http-announce',
    title: `announces over HTTP, ${isKeptAlive ? 'connections kept' : 'a new connection each'}`,
    scenario: { family: 4, torrents: swarm.torrents },
    peers: choosePeers(PEERS, options.only),
    levels: [...levels, ...checkAnnounceGenerator('httpload', swarm, options, isKeptAlive ? ['-K'] : [])],
    async prepare(target) {
      const warm = { isKeptAlive, warmSeconds: 0, seconds: options.isQuick ? 0.2 : 2 };
      // A floor knows no peers.
      if (!target.name.startsWith(echoHttpTracker.name)) {
        const fill = { isFill: true, answers: swarm.peers, warmSeconds: 0, seconds: FILL_SECONDS };
        await run(load, target, swarm, { ...fill, isKeptAlive });
      }
      await run(load, target, swarm, warm);
    },
    remark: (name, result) => (isKeptAlive ? remarkClosing(name, result) : undefined),
  };
}

async function run(
  load: LoadProcess,
  { address, port, processes }: Target,
  swarm: Swarm,
  options: Partial<HttpLoadOptions>,
): Promise<LoadResult> {
  const defaults = { ratePerSecond: 0, warmSeconds: 0, seconds: 1, answers: 0, isFill: false, seed: 1 };
  const {
    isKeptAlive = true,
    ratePerSecond,
    warmSeconds,
    seconds,
    answers,
    isFill,
    seed,
  } = {
    ...defaults,
    ...options,
  };
  const result = await load.run({
    transport: 'http',
    connections: CONNECTIONS,
    ...{
      address,
      port,
      processes,
      swarm,
      isKeptAlive,
      ratePerSecond,
      warmSeconds,
      seconds,
      answers,
      isFill,
      seed,
    },
  });
  if (result.answers === 0) throw new Error(`refused ${result.errors}, lost ${result.timeouts}`);
  return result;
}

function remarkClosing(name: string, { connections, answers }: LoadResult): string | undefined {
  return connections > answers / 2 ? `${name} closes every connection after its answer` : undefined;
}
