import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Peer, Place, TrackerScenario } from './peer.ts';
import { whenStreamAccepts, whenUdpTrackerAnswers } from './readiness.ts';

const ADDRESS = '127.0.0.1';
const base = { name: 'bittorrent-tracker', installHint: 'npm ci', isInstalled: () => true };

/** npm's tracker. Over IPv6 it answers without peers, so it is measured over IPv4. */
export const bittorrentTrackerUdp: Peer<TrackerScenario> = {
  ...base,
  async start(_scenario, place) {
    return await whenUdpTrackerAnswers(startProgram('udp', place), { address: ADDRESS, port: place.port });
  },
};

export const bittorrentTrackerHttp: Peer<TrackerScenario> = {
  ...base,
  async start(_scenario, place) {
    return await whenStreamAccepts(startProgram('http', place), { address: ADDRESS, port: place.port });
  },
};

function startProgram(transport: 'udp' | 'http', { port, processors }: Place): ServerProcess {
  const script = fileURLToPath(new URL('bittorrent-tracker-server.ts', import.meta.url));
  return startServer(processors.server, [process.execPath, script, transport, String(port)]);
}
