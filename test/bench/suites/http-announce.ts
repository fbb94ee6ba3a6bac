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
  run: (options, load) => runContest(createContest(options, load), options),
};

function createContest(options: BenchOptions, load: LoadProcess): Contest<TrackerScenario> {
  const swarm = options.isQuick ? QUICK_SWARM : SWARM;
  const [torrents, peers] = [swarm.torrents, swarm.peers].map((count) => count.toLocaleString('en-US'));
  return {
    suite: 'http-announce',
    title: `announces over HTTP, ${peers} peers in ${torrents} torrents`,
    scenario: { family: 4, torrents: swarm.torrents },
    peers: choosePeers(PEERS, options.only),
    levels: [true, false].flatMap((isKeptAlive) => levelsFor(isKeptAlive, swarm, options, load)),
    async prepare(target) {
      // A floor knows no peers.
      if (!target.name.startsWith(echoHttpTracker.name))
        await run(load, target, swarm, { isFill: true, answers: swarm.peers, seconds: FILL_SECONDS });
      for (const isKeptAlive of [true, false])
        await run(load, target, swarm, { isKeptAlive, seconds: options.isQuick ? 0.2 : 1 });
    },
  };
}

function levelsFor(isKeptAlive: boolean, swarm: Swarm, options: BenchOptions, load: LoadProcess): Level[] {
  const rates = ratesOf(options, isKeptAlive ? KEPT_ALIVE_RATES : NEW_CONNECTION_RATES);
  const own = rates.map(
    (ratePerSecond): Level => ({
      name: levelName(ratePerSecond),
      measure: (target, round) =>
        run(load, target, swarm, { isKeptAlive, ratePerSecond, seed: round + 1, ...options }),
    }),
  );
  const checks = checkAnnounceGenerator('httpload', swarm, options, isKeptAlive ? ['-K'] : []);
  const kind = isKeptAlive ? 'connections kept' : 'a new connection each';
  return [...own, ...checks].map((level) => ({
    ...level,
    name: `${kind}, ${level.name}`,
    ...(isKeptAlive ? { remark: remarkClosing } : {}),
  }));
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
