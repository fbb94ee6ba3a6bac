// The signed zones of signed-zones.ts behind a Portolan as a user starts it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { portolan, type Running, start, waitUntilReady } from './programs.ts';
import { createSignedZone, SIGNERS, type SignedZone } from './signed-zones.ts';

export interface SignedServing {
  /** Of this run, for what else it needs. */
  readonly folder: string;
  readonly zones: readonly SignedZone[];
  readonly port: number;
  /** Stops it and returns its exit code. */
  stop(): Promise<number | null>;
}

export async function serveSignedZones(): Promise<SignedServing> {
  const folder = createFolder();
  const zoneFolder = join(folder.path, 'zones');
  mkdirSync(zoneFolder);
  const zones: SignedZone[] = [];
  for (const signer of SIGNERS) zones.push(await createSignedZone(signer, zoneFolder));
  const [port, admin] = (await findFreePorts(2)) as [number, number];
  const configuration = join(folder.path, 'portolan.toml');
  writeFileSync(
    configuration,
    `zones = ["${zoneFolder}"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:${port}"]
[admin]
listen = "127.0.0.1:${admin}"
`,
  );
  const server: Running = start([...portolan, 'serve', '--config', configuration]);
  await waitUntilReady(server, `127.0.0.1:${admin}`);
  return {
    folder: folder.path,
    zones,
    port,
    stop: async () => {
      const code = await server.stop();
      folder.remove();
      return code;
    },
  };
}
