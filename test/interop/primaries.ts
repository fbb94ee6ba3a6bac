// NSD, Knot and BIND as primaries of one zone: anybody may take it, or who has a key, and they keep what an edit
// changes (IXFR).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatKeyName } from '../../src/core/transfer/access.ts';
import type { TsigKey } from '../../src/core/transfer/tsig-key.ts';
import { type CommandLine, type Running, start } from './programs.ts';

export interface PrimarySpec {
  readonly port: number;
  /** Without a final dot. */
  readonly zone: string;
  readonly file: string;
  /** The server's own; made here. */
  readonly folder: string;
  /** Any of them opens the zone; anybody may take it where this is left out. */
  readonly keys?: readonly TsigKey[];
  /** The port of loopback that is told of changes, by the first key where there is one. */
  readonly notify?: number;
}

interface WrittenKey {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

function written(keys: readonly TsigKey[] = []): WrittenKey[] {
  return keys.map(({ name, algorithm, secret }) => ({
    name: formatKeyName(name),
    algorithm,
    secret: Buffer.from(secret).toString('base64'),
  }));
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
  const keys = written(spec.keys);
  const blocks = keys.map(
    ({ name, algorithm, secret }) =>
      `key:\n  name: "${name}"\n  algorithm: ${algorithm}\n  secret: "${secret}"\n`,
  );
  const names = spec.keys === undefined ? ['NOKEY'] : keys.map(({ name }) => name);
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
${blocks.join('')}zone:
  name: "${zone}"
  zonefile: "${file}"
${names.map((name) => `  provide-xfr: 127.0.0.1 ${name}`).join('\n')}
${spec.notify === undefined ? '' : `  notify: 127.0.0.1@${spec.notify} ${names[0]}\n`}  store-ixfr: yes
  create-ixfr: yes
`;
  return launch(spec, text, (path) => ['nsd', '-d', '-c', path], /nsd started/);
}

function startKnot(spec: PrimarySpec): Promise<Running> {
  const { port, zone, file, folder } = spec;
  const keys = written(spec.keys);
  const blocks = keys.map(
    ({ name, algorithm, secret }) => `  - id: ${name}\n    algorithm: ${algorithm}\n    secret: ${secret}\n`,
  );
  const names = keys.map(({ name }) => name).join(', ');
  const text = `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
log:
  - target: stdout
    any: info
database:
  storage: ${folder}
${keys.length > 0 ? `key:\n${blocks.join('')}` : ''}${
  spec.notify === undefined
    ? ''
    : `remote:\n  - id: secondary\n    address: 127.0.0.1@${spec.notify}\n${keys.length > 0 ? `    key: ${keys[0]!.name}\n` : ''}`
}acl:
  - id: anybody
    address: 127.0.0.1
${keys.length > 0 ? `    key: [${names}]\n` : ''}    action: transfer
zone:
  - domain: ${zone}
    file: ${file}
    acl: anybody
${spec.notify === undefined ? '' : '    notify: secondary\n'}    zonefile-load: difference
    zonefile-sync: -1
    semantic-checks: off
`;
  return launch(spec, text, (path) => ['knotd', '-c', path], /server started/);
}

function startBind(spec: PrimarySpec): Promise<Running> {
  const { port, zone, file, folder } = spec;
  const keys = written(spec.keys);
  const clauses = keys.map(
    ({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };\n`,
  );
  const allowed = spec.keys === undefined ? '127.0.0.1;' : keys.map(({ name }) => `key "${name}";`).join(' ');
  const text = `${clauses.join('')}options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  allow-transfer { ${allowed} };
  recursion no;
  ${
    spec.notify === undefined
      ? 'notify no;'
      : `notify explicit; also-notify { 127.0.0.1 port ${spec.notify} ${keys.length > 0 ? `key "${keys[0]!.name}"` : ''}; }; notify-delay 0;`
  }
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
