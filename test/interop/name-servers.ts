// NSD and Knot as they answer from zone files, each in the foreground on a port of loopback.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, type Running, start } from './programs.ts';

export interface ServedZone {
  readonly name: string;
  readonly file: string;
}

/** `folder` is the server's own; `within` is the network that it runs in. */
export async function startNsd(
  port: number,
  zones: readonly ServedZone[],
  folder: string,
  within: CommandLine | readonly [] = [],
): Promise<Running> {
  mkdirSync(folder);
  const configuration = join(folder, 'nsd.conf');
  const blocks = zones.map(({ name, file }) => `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`);
  writeFileSync(
    configuration,
    `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  database: ""
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  minimal-responses: yes
  rrl-ratelimit: 0
  verbosity: 1
remote-control:
  control-enable: no
${blocks.join('')}`,
  );
  const server = start([...within, 'nsd', '-d', '-c', configuration] as unknown as CommandLine);
  await server.line(/nsd started/, 20);
  return server;
}

export async function startKnot(
  port: number,
  zones: readonly ServedZone[],
  folder: string,
): Promise<Running> {
  mkdirSync(folder);
  const configuration = join(folder, 'knot.conf');
  const blocks = zones.map(({ name, file }) => `  - domain: ${name}\n    file: ${file}\n`);
  writeFileSync(
    configuration,
    `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
log:
  - target: stdout
    any: info
database:
  storage: ${folder}
zone:
${blocks.join('')}`,
  );
  const server = start(['knotd', '-c', configuration]);
  await server.line(/server started/, 20);
  return server;
}
