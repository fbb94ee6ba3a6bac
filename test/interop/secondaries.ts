// NSD, Knot and BIND as secondaries of one zone, whose primary is on loopback; whoever asks them may take it in turn.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, type Running, start } from './programs.ts';

export interface SecondarySpec {
  readonly port: number;
  readonly primaryPort: number;
  /** Without a final dot. */
  readonly zone: string;
  /** The server's own; made here. */
  readonly folder: string;
  /** HMAC-SHA256: requests are signed by it, and replies and NOTIFY must be. */
  readonly key?: { readonly name: string; readonly secret: string };
}

export interface Secondary {
  readonly program: string;
  start(spec: SecondarySpec): Promise<Running>;
  /** What it prints once it has followed an edit by IXFR, where it says so. */
  readonly incremental?: RegExp;
}

export const SECONDARIES: Readonly<Record<'nsd' | 'knot' | 'bind', Secondary>> = {
  nsd: { program: 'nsd', start: startNsd },
  knot: { program: 'knotd', start: startKnot, incremental: /IXFR, incoming.* finished/ },
  bind: { program: 'named', start: startBind },
};

const ALGORITHM = 'hmac-sha256';

function startNsd({ port, primaryPort, zone, folder, key }: SecondarySpec): Promise<Running> {
  const keyBlock =
    key === undefined
      ? ''
      : `key:\n  name: "${key.name}"\n  algorithm: ${ALGORITHM}\n  secret: "${key.secret}"\n`;
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
${keyBlock}zone:
  name: "${zone}"
  zonefile: "${folder}/copy.zone"
  request-xfr: 127.0.0.1@${primaryPort} ${key?.name ?? 'NOKEY'}
  allow-notify: 127.0.0.1 ${key?.name ?? 'NOKEY'}
  provide-xfr: 127.0.0.1 NOKEY
`;
  return launch(folder, text, (path) => ['nsd', '-d', '-c', path], /nsd started/);
}

function startKnot({ port, primaryPort, zone, folder, key }: SecondarySpec): Promise<Running> {
  const keyBlock =
    key === undefined
      ? ''
      : `key:\n  - id: ${key.name}\n    algorithm: ${ALGORITHM}\n    secret: ${key.secret}\n`;
  const text = `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
log:
  - target: stdout
    any: info
database:
  storage: ${folder}
${keyBlock}remote:
  - id: primary
    address: 127.0.0.1@${primaryPort}
${key === undefined ? '' : `    key: ${key.name}\n`}acl:
  - id: anybody
    address: 127.0.0.1
    action: transfer
  - id: primary
    address: 127.0.0.1
${key === undefined ? '' : `    key: ${key.name}\n`}    action: notify
zone:
  - domain: ${zone}
    file: ${folder}/copy.zone
    master: primary
    acl: [anybody, primary]
    semantic-checks: off
`;
  return launch(folder, text, (path) => ['knotd', '-c', path], /server started/);
}

function startBind({ port, primaryPort, zone, folder, key }: SecondarySpec): Promise<Running> {
  const clause =
    key === undefined ? '' : `key "${key.name}" { algorithm ${ALGORITHM}; secret "${key.secret}"; };\n`;
  const text = `${clause}options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  allow-transfer { 127.0.0.1; };
  recursion no;
  notify no;
};
controls { };
zone "${zone}" {
  type secondary;
  file "${folder}/copy.zone";
  primaries { 127.0.0.1 port ${primaryPort}${key === undefined ? '' : ` key "${key.name}"`}; };
};
`;
  return launch(folder, text, (path) => ['named', '-g', '-c', path], /all zones loaded/);
}

async function launch(
  folder: string,
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
