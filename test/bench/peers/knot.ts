import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

const PROGRAM = 'knotd';

/** One thread for UDP. */
export const knot: Peer<ZoneScenario> = {
  name: 'Knot',
  installHint: 'apt-get install knot',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ apex, zoneFile }, { folder, port, processors }) {
    const configuration = join(folder, 'knot.conf');
    writeFileSync(
      configuration,
      `server:
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    rundir: "${folder}"
database:
    storage: "${folder}"
log:
  - target: stderr
    any: error
acl:
  - id: loopback
    address: 127.0.0.1
    action: transfer
zone:
  - domain: ${apex}
    file: "${zoneFile}"
    zonefile-sync: -1
    journal-content: none
    acl: loopback
`,
    );
    const server = startServer(processors.server, [findProgram(PROGRAM)!, '-c', configuration]);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
