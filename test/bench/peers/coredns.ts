import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

const PROGRAM = 'coredns';

/** Its file plugin alone, without a log. */
export const coredns: Peer<ZoneScenario> = {
  name: 'CoreDNS',
  installHint: 'go install github.com/coredns/coredns@latest',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ apex, zoneFile }, { folder, port, processors }) {
    const configuration = join(folder, 'Corefile');
    writeFileSync(configuration, `${apex}:${port} {\n  bind 127.0.0.1\n  file ${zoneFile} ${apex}\n}\n`);
    const command = [findProgram(PROGRAM)!, '-conf', configuration, '-quiet'];
    const server = startServer(processors.server, command);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
