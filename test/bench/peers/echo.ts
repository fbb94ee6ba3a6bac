// The floor: what an answer costs when nothing is done for it.

import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Peer, Place, RunningPeer, TrackerScenario, ZoneScenario } from './peer.ts';
import { whenStreamAccepts, whenUdpTrackerAnswers } from './readiness.ts';

const base = { name: 'floor', installHint: 'npm ci', isInstalled: () => true };
const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;

/** Queries come back with the QR bit set and as many octets more as an A record has, or a tenth of a SOA. */
export const echoDns: Peer<ZoneScenario> = {
  ...base,
  async start(_scenario, place) {
    const server = startUdpEcho('dns', LOOPBACK[4], place);
    // It greets as a tracker does, whatever it echoes.
    return await whenUdpTrackerAnswers(server, { address: LOOPBACK[4], port: place.port });
  },
};

/** The same on Node's sockets. */
export const echoNodeDns: Peer<ZoneScenario> = {
  ...base,
  name: 'floor (node:dgram)',
  async start(_scenario, place) {
    const server = startUdpEcho('dns', LOOPBACK[4], place, ['dgram']);
    return await whenUdpTrackerAnswers(server, { address: LOOPBACK[4], port: place.port });
  },
};

/** Announces get a reply of 50 peers that are nobody's. */
export const echoUdpTracker: Peer<TrackerScenario> = {
  ...base,
  async start({ family }, place) {
    const server = startUdpEcho(`announce${family}`, LOOPBACK[family], place);
    return await whenUdpTrackerAnswers(server, { address: LOOPBACK[family], port: place.port });
  },
};

/** Any request gets the same response, on the calls of the packet engine. */
export const echoHttpTracker: Peer<TrackerScenario> = {
  ...base,
  start: ({ family }, place) => startHttpEcho('echo-http-epoll-server.ts', LOOPBACK[family], place),
};

/** The same on Node's sockets. */
export const echoNodeHttpTracker: Peer<TrackerScenario> = {
  ...base,
  name: 'floor (node:net)',
  start: ({ family }, place) => startHttpEcho('echo-http-server.ts', LOOPBACK[family], place),
};

async function startHttpEcho(
  file: string,
  address: string,
  { port, processors }: Place,
): Promise<RunningPeer> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const server = startServer(processors.server, [process.execPath, script, address, String(port)]);
  return await whenStreamAccepts(server, { address, port });
}

// The words behind the port say on which sockets.
function startUdpEcho(
  kind: string,
  address: string,
  { port, processors }: Place,
  words: readonly string[] = [],
): ServerProcess {
  const script = fileURLToPath(new URL('echo-udp-server.ts', import.meta.url));
  const command = [process.execPath, script, kind, address, String(port), ...words];
  return startServer(processors.server, command);
}
