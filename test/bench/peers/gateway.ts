// Portolan's gateway before a tracker that is reached over UDP, and a plain reverse proxy before the same tracker over HTTP.
// The tracker runs beside the load and is not measured.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePorts } from '../../support/free-ports.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Peer, Place, RunningPeer, TrackerScenario } from './peer.ts';
import { whenDnsAnswers, whenStreamAccepts } from './readiness.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const PROXY = fileURLToPath(new URL('undici-proxy-server.ts', import.meta.url));
const ADDRESS = '127.0.0.1';
const APEX = 'tracker.example';

/** What clients are told to announce to: a URL whose port nobody has. */
export const GATEWAY_URL = `http://${APEX}`;

const base = { installHint: 'npm ci', isInstalled: () => true };

export const gatewayOneFamily = gatewayPeer('Portolan', '');
/** Two announces for each that a client makes. */
export const gatewayBothFamilies = gatewayPeer('Portolan, both families', '@ AAAA ::1');

export const undiciProxy: Peer<TrackerScenario> = {
  ...base,
  name: 'undici proxy',
  async start(_scenario, place) {
    const tracker = await startTracker(place, '');
    const words = [PROXY, ADDRESS, String(place.port), `http://${ADDRESS}:${tracker.trackerPort}`];
    return await startBefore(tracker.process, place, words);
  },
};

function gatewayPeer(name: string, addressLine: string): Peer<TrackerScenario> {
  return {
    ...base,
    name,
    async start(_scenario, place) {
      const tracker = await startTracker(place, addressLine);
      const resolver = ['--resolver', `${ADDRESS}:${tracker.dnsPort}`];
      const listen = ['--listen', `${ADDRESS}:${place.port}`, '--allow-private', ADDRESS, '::1'];
      const words = [PROGRAM, 'gateway', ...listen, ...resolver, '--log-level', 'warn'];
      return await startBefore(tracker.process, place, words);
    },
  };
}

async function startBefore(
  tracker: ServerProcess,
  { port, processors }: Place,
  words: readonly string[],
): Promise<RunningPeer> {
  const server = startServer(processors.server, [process.execPath, ...words]);
  const running = await whenStreamAccepts(server, { address: ADDRESS, port });
  return {
    ...running,
    async stop() {
      await running.stop();
      await tracker.stop();
    },
  };
}

interface Tracker {
  readonly process: ServerProcess;
  readonly dnsPort: number;
  readonly trackerPort: number;
}

/** Declares UDP only; a plain proxy knows the HTTP port without asking. */
async function startTracker({ folder, processors }: Place, addressLine: string): Promise<Tracker> {
  const [dnsPort, udpPort, tcpPort, adminPort] = (await findFreePorts(4)) as [number, number, number, number];
  mkdirSync(join(folder, 'zones'));
  writeFileSync(
    join(folder, 'zones', `${APEX}.zone`),
    `$ORIGIN ${APEX}.
$TTL 3600
@    SOA  ns hostmaster 1 3600 600 604800 60
@    NS   ns
ns   A    ${ADDRESS}
@    A    ${ADDRESS}
${addressLine}
@    TXT  "BITTORRENT UDP:${udpPort}"
web  A    ${ADDRESS}
web  TXT  "BITTORRENT TCP:${tcpPort}"
`,
  );
  const configuration = join(folder, 'portolan.toml');
  writeFileSync(
    configuration,
    `zones = [${JSON.stringify(join(folder, 'zones'))}]
state = ${JSON.stringify(join(folder, 'state'))}
[dns]
listen = ["${ADDRESS}:${dnsPort}"]
[admin]
listen = "${ADDRESS}:${adminPort}"
[workers]
count = 1
[log]
level = "warn"
`,
  );
  const command = [process.execPath, PROGRAM, 'serve', '--config', configuration];
  const server = startServer(processors.load, command);
  await whenDnsAnswers(server, { address: ADDRESS, port: dnsPort }, APEX);
  return { process: server, dnsPort, trackerPort: tcpPort };
}
