// A server in a folder of its own, on loopback and on ports that the system picks, with time that stands still.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Config, type ConfigSource, readConfig } from '../../src/app/config/config.ts';
import type { DataPlaneOptions } from '../../src/app/data-plane/create-data-plane.ts';
import type { DataPlane, Publication } from '../../src/app/data-plane/data-plane.ts';
import { createLocalDataPlane } from '../../src/app/data-plane/local-data-plane.ts';
import { type Machine, thisMachine } from '../../src/app/machine.ts';
import { createServer, type Server, type StartReport } from '../../src/app/serve/serve.ts';
import type { ReloadReport } from '../../src/app/zones/reload.ts';
import type { Clock } from '../../src/io/clock.ts';
import { type Logger, silentLogger } from '../../src/io/log.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface ServingOptions {
  /** Zone files by name. */
  readonly zones: Readonly<Record<string, string>>;
  readonly settings?: ConfigSource['flags'];
  readonly machine?: Partial<Machine>;
  /** Of an earlier server, to start again in its folder. */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly onReload?: (report: ReloadReport) => void;
  /** What the data plane is given, each time. */
  readonly onPublish?: (publication: Publication) => void;
  /** In the place of those of the data plane. */
  readonly dataPlane?: Partial<DataPlane>;
  readonly logger?: Logger;
}

export interface Serving {
  readonly server: Server;
  readonly started: StartReport;
  readonly clock: ManualClock;
  readonly folder: string;
  /** Of the first IPv4 and the first IPv6 address; one where there is one. */
  readonly dnsPorts: readonly number[];
  readonly adminPort: number;
  /** Saves a zone file and has it read. */
  edit(file: string, text: string): Promise<ReloadReport>;
}

export async function prepareServer(options: ServingOptions) {
  const folder = options.folder ?? (await temporaryFolder());
  await mkdir(join(folder, 'zones'), { recursive: true });
  for (const [name, text] of Object.entries(options.zones))
    await writeFile(join(folder, 'zones', name), text);
  const clock = createManualClock();
  const machine = { ...(await thisMachine()), clock: options.clock ?? clock, ...options.machine };
  const config = testConfig(folder, options.settings ?? {});
  const { onReload, logger = silentLogger } = options;
  // On this thread, where the clock that stands still holds for connection ids and peers, too.
  const createDataPlane = async (settings: DataPlaneOptions): Promise<DataPlane> => {
    const plane = createLocalDataPlane(settings);
    const publish = (publication: Publication): Promise<void> => {
      options.onPublish?.(publication);
      return plane.publish(publication);
    };
    return { ...plane, publish, ...options.dataPlane };
  };
  const shared = { config, machine, logger, createDataPlane };
  const server = await createServer({ ...shared, ...(onReload && { onReload }) });
  onTestFinished(() => server.stop());
  return { server, folder, clock };
}

export async function serve(options: ServingOptions): Promise<Serving> {
  const { server, folder, clock } = await prepareServer(options);
  const started = await server.start();
  const { dns, admin } = server.status();
  return {
    server,
    started,
    clock,
    folder,
    dnsPorts: dns.map(({ port }) => port),
    adminPort: admin?.port ?? 0,
    async edit(file, text) {
      await writeFile(join(folder, 'zones', file), text);
      return await server.reload('signal');
    },
  };
}

/** On ports that the system picks. */
export function testConfig(folder: string, settings: ConfigSource['flags']): Config {
  const flags = { 'dns.listen': ['127.0.0.1:0', '[::1]:0'], 'admin.listen': '127.0.0.1:0', ...settings };
  const result = readConfig({ flags, workingDirectory: folder });
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  return result.config;
}

/** A small good zone: `lines` below its SOA and NS. */
export function zoneText(origin: string, lines: string, serial = 1): string {
  return `$ORIGIN ${origin}.
$TTL 60
@  SOA ns hostmaster ${serial} 1h 15m 1w 60
@  NS  ns
ns A   127.0.0.1
${lines}
`;
}
