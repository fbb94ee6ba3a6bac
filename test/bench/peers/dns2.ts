import { fileURLToPath } from 'node:url';
import { startServer } from '../server-process.ts';
import type { Peer, ZoneScenario } from './peer.ts';
import { whenDnsAnswers } from './readiness.ts';

/** The server of the package whose client Portolan uses, with a Map in place of a zone. */
export const dns2: Peer<ZoneScenario> = {
  name: 'dns2',
  installHint: 'npm ci',
  isInstalled: () => true,
  async start({ apex, names }, { port, processors }) {
    const script = fileURLToPath(new URL('dns2-server.ts', import.meta.url));
    const server = startServer(processors.server, [
      process.execPath,
      ...[script, String(port), apex, String(names)],
    ]);
    return await whenDnsAnswers(server, { address: '127.0.0.1', port }, apex);
  },
};
