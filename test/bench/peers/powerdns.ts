import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

const PROGRAM = 'pdns_server';

/** With its BIND backend, one thread, and its packet cache as it comes. */
export const powerdns: Peer<ZoneScenario> = {
  name: 'PowerDNS',
  installHint: 'apt-get install pdns-server pdns-backend-bind',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ apex, zoneFile }, { folder, port, processors }) {
    writeFileSync(
      join(folder, 'named.conf'),
      `options { directory "${folder}"; };\nzone "${apex}" { type master; file "${zoneFile}"; };\n`,
    );
    writeFileSync(
      join(folder, 'pdns.conf'),
      `launch=bind
bind-config=${join(folder, 'named.conf')}
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
receiver-threads=1
distributor-threads=1
loglevel=3
disable-axfr=yes
security-poll-suffix=
`,
    );
    const server = startServer(processors.server, [
      findProgram(PROGRAM)!,
      ...[`--config-dir=${folder}`, '--daemon=no', '--guardian=no'],
    ]);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
