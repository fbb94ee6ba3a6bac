// Portolan itself, as its users start it.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Swarm } from '../load/swarm.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Peer, Place, TrackerScenario, ZoneScenario } from './peer.ts';
import { whenDnsAnswers, whenStreamAccepts, whenUdpTrackerAnswers } from './readiness.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const NAME = 'Portolan';
const INSTALL_HINT = 'npm ci';
const TRACKER_APEX = 'tracker.example';
const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;

/** As a DNS server. */
export const portolanDns: Peer<ZoneScenario> = createDnsPeer(NAME, (place) =>
  startProgram(place, place.port),
);

/** As a DNS server with one packet worker or two, on the processors of server and load together. */
export function portolanDnsWorkers(workers: number): Peer<ZoneScenario> {
  return createDnsPeer(workersName(workers), (place) => {
    const { server, load } = place.processors;
    return startProgram(place, place.port, { workers, processors: [server, load] });
  });
}

function workersName(workers: number): string {
  return `${workers} worker${workers === 1 ? '' : 's'}`;
}

function createDnsPeer(name: string, startAt: (place: Place) => ServerProcess): Peer<ZoneScenario> {
  return {
    name,
    installHint: INSTALL_HINT,
    isInstalled: () => true,
    async start({ apex, zoneFile }, place) {
      const zones = join(place.folder, 'zones');
      mkdirSync(zones);
      symlinkSync(zoneFile, join(zones, `${apex}.zone`));
      return await whenDnsAnswers(startAt(place), { address: LOOPBACK[4], port: place.port }, apex);
    },
  };
}

/** As a tracker over UDP, on the port that its zone declares. */
export const portolanUdpTracker: Peer<TrackerScenario> = {
  name: NAME,
  installHint: INSTALL_HINT,
  isInstalled: () => true,
  async start({ family }, place) {
    const server = startTracker(place);
    return await whenUdpTrackerAnswers(server, { address: LOOPBACK[family], port: place.port });
  },
};

/** The same with one packet worker or two, on the processors of server and load together. */
export function portolanUdpTrackerWorkers(workers: number): Peer<TrackerScenario> {
  return {
    ...portolanUdpTracker,
    name: workersName(workers),
    async start({ family }, place) {
      const { server, load } = place.processors;
      const started = startTracker(place, { workers, processors: [server, load] });
      return await whenUdpTrackerAnswers(started, { address: LOOPBACK[family], port: place.port });
    },
  };
}

/** The same with room for so much, under another name. */
export function portolanUdpTrackerFor(name: string, { torrents, peers }: Swarm): Peer<TrackerScenario> {
  return {
    ...portolanUdpTracker,
    name,
    async start({ family }, place) {
      const more = `[tracker]\nmax_torrents = ${torrents}\nmax_peers = ${peers}\nmax_memory = 1024`;
      const started = startTracker(place, { more });
      return await whenUdpTrackerAnswers(started, { address: LOOPBACK[family], port: place.port });
    },
  };
}

/** As a tracker over HTTP. */
export const portolanHttpTracker: Peer<TrackerScenario> = {
  name: NAME,
  installHint: INSTALL_HINT,
  isInstalled: () => true,
  async start({ family }, place) {
    const server = startTracker(place);
    return await whenStreamAccepts(server, { address: LOOPBACK[family], port: place.port });
  },
};

/** On the port that its zone declares, UDP and TCP. */
export function startTracker(place: Place, options: StartOptions = {}): ServerProcess {
  mkdirSync(join(place.folder, 'zones'));
  writeFileSync(
    join(place.folder, 'zones', `${TRACKER_APEX}.zone`),
    `$ORIGIN ${TRACKER_APEX}.
$TTL 300
@   SOA  ns hostmaster 1 3600 600 604800 60
@   NS   ns
ns  A    ${LOOPBACK[4]}
@   A    ${LOOPBACK[4]}
@   AAAA ${LOOPBACK[6]}
@   TXT  "BITTORRENT UDP:${place.port} TCP:${place.port}"
`,
  );
  return startProgram(place, 0, options);
}

interface StartOptions {
  readonly workers?: number;
  readonly processors?: readonly number[];
  /** Sections of the configuration. */
  readonly more?: string;
}

function startProgram(place: Place, dnsPort: number, options: StartOptions = {}): ServerProcess {
  const { folder, sparePort } = place;
  const { workers = 1, processors = [place.processors.server], more = '' } = options;
  const configuration = join(folder, 'portolan.toml');
  writeFileSync(
    configuration,
    `zones = [${JSON.stringify(join(folder, 'zones'))}]
state = ${JSON.stringify(join(folder, 'state'))}
[dns]
listen = ["127.0.0.1:${dnsPort}"]
transfer = ["127.0.0.1"]
[admin]
listen = "127.0.0.1:${sparePort}"
[workers]
count = ${workers}
[log]
level = "warn"
${more}
`,
  );
  return startServer(processors, [process.execPath, PROGRAM, 'serve', '--config', configuration]);
}
