import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

const PROGRAM = 'named';

/** One thread. */
export const bind: Peer<ZoneScenario> = {
  name: 'BIND',
  installHint: 'apt-get install bind9',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ apex, zoneFile }, { folder, port, processors }) {
    const configuration = join(folder, 'named.conf');
    writeFileSync(
      configuration,
      `options {
  directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  notify no;
  minimal-responses yes;
  zone-statistics none;
};
controls {};
zone "${apex}" { type primary; file "${zoneFile}"; };
`,
    );
    const server = startServer(processors.server, [
      findProgram(PROGRAM)!,
      ...['-g', '-n', '1', '-c', configuration],
    ]);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
