// NSD, Knot and BIND as primaries of one zone: anybody may take it, and they keep what an edit changes (IXFR).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, type Running, start } from './programs.ts';

export interface PrimarySpec {
  readonly port: number;
  /** Without a final dot. */
  readonly zone: string;
  readonly file: string;
  /** The server's own; made here. */
  readonly folder: string;
}

/** The zone's file is read again. */
export function reload(server: Running): void {
  server.child.kill('SIGHUP');
}

export const PRIMARIES = {
  nsd: { program: 'nsd', start: startNsd },
  knot: { program: 'knotd', start: startKnot },
  bind: { program: 'named', start: startBind },
} as const;

function startNsd(spec: PrimarySpec): Promise<Running> {
  const { port, zone, file, folder } = spec;
  const text = `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  database: ""
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
remote-control:
  control-enable: no
zone:
  name: "${zone}"
  zonefile: "${file}"
  provide-xfr: 127.0.0.1 NOKEY
  store-ixfr: yes
  create-ixfr: yes
`;
  return launch(spec, text, (path) => ['nsd', '-d', '-c', path], /nsd started/);
}

function startKnot(spec: PrimarySpec): Promise<Running> {
  const { port, zone, file, folder } = spec;
  const text = `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
log:
  - target: stdout
    any: info
database:
  storage: ${folder}
acl:
  - id: anybody
    address: 127.0.0.1
    action: transfer
zone:
  - domain: ${zone}
    file: ${file}
    acl: anybody
    zonefile-load: difference
    zonefile-sync: -1
    semantic-checks: off
`;
  return launch(spec, text, (path) => ['knotd', '-c', path], /server started/);
}

function startBind(spec: PrimarySpec): Promise<Running> {
  const { port, zone, file, folder } = spec;
  const text = `options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  allow-transfer { 127.0.0.1; };
  recursion no;
  notify no;
  check-names primary ignore;
};
controls { };
zone "${zone}" { type primary; file "${file}"; ixfr-from-differences yes; check-integrity no; };
`;
  // One log on standard error, in the foreground.
  return launch(spec, text, (path) => ['named', '-g', '-c', path], /all zones loaded/);
}

async function launch(
  { folder }: PrimarySpec,
  text: string,
  commandLine: (path: string) => CommandLine,
  ready: RegExp,
): Promise<Running> {
  mkdirSync(folder);
  const path = join(folder, 'server.conf');
  writeFileSync(path, text);
  const server = start(commandLine(path));
  await server.line(ready, 20);
  return server;
}
