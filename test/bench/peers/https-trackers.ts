// Trackers over TLS: Portolan, and what Node's own HTTPS costs when nothing is done for an answer.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestIdentity } from '../../support/test-certificate.ts';
import { startServer } from '../server-process.ts';
import type { Peer, Place, TrackerScenario } from './peer.ts';
import { startTracker } from './portolan.ts';
import { whenStreamAccepts } from './readiness.ts';

const ADDRESS = '127.0.0.1';
const base = { installHint: 'npm ci', isInstalled: () => true };

/** At one port with clear HTTP. */
export const portolanHttpsTracker: Peer<TrackerScenario> = {
  ...base,
  name: 'Portolan',
  async start(_scenario, place) {
    const { certificate, key } = writeIdentity(place);
    const tls = `[tls]\ncertificate = ${JSON.stringify(certificate)}\nkey = ${JSON.stringify(key)}`;
    const server = startTracker(place, { more: tls });
    return await whenStreamAccepts(server, { address: ADDRESS, port: place.port });
  },
};

/** Any request gets the same response. */
export const echoNodeHttpsTracker: Peer<TrackerScenario> = {
  ...base,
  name: 'floor (node:https)',
  async start(_scenario, place) {
    const { certificate, key } = writeIdentity(place);
    const script = fileURLToPath(new URL('echo-https-server.ts', import.meta.url));
    const words = [process.execPath, script, ADDRESS, String(place.port), certificate, key];
    const server = startServer(place.processors.server, words);
    return await whenStreamAccepts(server, { address: ADDRESS, port: place.port });
  },
};

/** A key on P-256, as authorities give out by default. */
function writeIdentity({ folder }: Place): { certificate: string; key: string } {
  const identity = createTestIdentity();
  const paths = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
  writeFileSync(paths.certificate, identity.certificate);
  writeFileSync(paths.key, identity.key);
  return paths;
}
