import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { infoHashes } from '../load/swarm.ts';
import { findProgram, type ServerProcess, startServer } from '../server-process.ts';
import type { Peer, Place, TrackerScenario } from './peer.ts';
import { whenStreamAccepts, whenUdpTrackerAnswers } from './readiness.ts';

const PROGRAM = 'opentracker';
const ADDRESS = '127.0.0.1';
/** Relative to the folder, which becomes its root directory when root starts it. */
const LIST = 'whitelist.txt';

const base = {
  name: 'opentracker',
  installHint: 'apt-get install opentracker',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
};

/** Debian's build serves only torrents of a list, and only over IPv4. */
export const opentrackerUdp: Peer<TrackerScenario> = {
  ...base,
  async start(scenario, place) {
    const server = startProgram(scenario, place);
    return await whenUdpTrackerAnswers(server, { address: ADDRESS, port: place.port });
  },
};

export const opentrackerHttp: Peer<TrackerScenario> = {
  ...base,
  async start(scenario, place) {
    const server = startProgram(scenario, place);
    return await whenStreamAccepts(server, { address: ADDRESS, port: place.port });
  },
};

function startProgram({ torrents }: TrackerScenario, { folder, port, processors }: Place): ServerProcess {
  const hashes = infoHashes(torrents);
  const lines = Array.from({ length: torrents }, (_, torrent) =>
    Buffer.from(hashes.subarray(torrent * 20, torrent * 20 + 20)).toString('hex'),
  );
  writeFileSync(join(folder, LIST), `${lines.join('\n')}\n`);
  // Started by root it becomes nobody, who must be able to read it.
  chmodSync(folder, 0o755);
  const words = ['-i', ADDRESS, '-p', String(port), '-P', String(port), '-d', folder, '-w', LIST];
  return startServer(processors.server, [findProgram(PROGRAM)!, ...words]);
}
