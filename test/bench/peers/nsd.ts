import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

const PROGRAM = 'nsd';

/** One server process, answers as short as those of the others. Debian's build limits their rate unless told not to. */
export const nsd: Peer<ZoneScenario> = {
  name: 'NSD',
  installHint: 'apt-get install nsd',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ apex, zoneFile }, { folder, port, processors }) {
    const configuration = join(folder, 'nsd.conf');
    writeFileSync(
      configuration,
      `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  database: ""
  zonesdir: "${folder}"
  xfrdir: "${folder}"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  pidfile: "${folder}/nsd.pid"
  minimal-responses: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: ${apex}
  zonefile: ${zoneFile}
  provide-xfr: 127.0.0.1 NOKEY
`,
    );
    const server = startServer(processors.server, [findProgram(PROGRAM)!, '-d', '-c', configuration]);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
