// The server under full load while its zone is edited again and again: no answer wrong, none missing, memory flat.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readResidentOctets } from '../bench/cpu-time.ts';
import { portolan, type Running, start, waitUntilReady } from '../interop/programs.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { Control } from './checked-dns.ts';
import type { LoadReport, LoadSetup } from './load-thread.ts';
import { APEX, type ZonePorts, zoneText } from './zone-versions.ts';

export interface SoakOptions {
  /** How long, with an edit every second; 0 when `reloads` says how many. */
  readonly seconds: number;
  /** How many edits, each as soon as the one before is served; 0 when `seconds` says how long. */
  readonly reloads: number;
  readonly workers: number;
  readonly log: (line: string) => void;
}

export interface SoakReport {
  readonly seconds: number;
  readonly reloads: number;
  readonly dnsAnswers: number;
  readonly announces: number;
  /** DNS answers that are not those of the authority on one thread. */
  readonly wrong: number;
  readonly wrongShown: readonly string[];
  /** Announces that were answered with an error. */
  readonly refused: number;
  /** Requests without an answer after five seconds. */
  readonly unanswered: number;
  /** Datagrams that the kernel dropped for want of room, of all programs of the machine (/proc/net/snmp, snmp6). */
  readonly droppedByKernel: number;
  /** Longest time from saving the zone to its being served everywhere. */
  readonly slowestReloadMilliseconds: number;
  /** Resident octets of the server after each edit. */
  readonly resident: readonly number[];
}

/** Edits after which memory must be what it stays. */
export const SETTLING_RELOADS = 10;
/** Answers of the version before may still be on their way when all workers have taken the new one. */
const GRACE_MILLISECONDS = 500;
const EDIT_MILLISECONDS = 1000;
const RELOAD_LIMIT_MILLISECONDS = 20_000;
const STRETCH_SECONDS = 5;
const SWARM = { torrents: 200, peers: 20_000 };

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const folder = createFolder();
  const ports = await findFreePorts(7);
  const zonePorts: ZonePorts = { tracker: ports[2]!, passing: ports.slice(3) };
  const zoneFile = join(folder.path, 'zones', `${APEX}.zone`);
  mkdirSync(join(folder.path, 'zones'));
  const server = startServer(folder.path, zoneFile, { ports, zonePorts, workers: options.workers });
  try {
    const admin = `127.0.0.1:${ports[1]}`;
    await waitUntilReady(server, admin);
    return await runSoak(options, { server, admin, zoneFile, zonePorts, dnsPort: ports[0]! });
  } finally {
    await server.stop();
    folder.remove();
  }
}

interface Place {
  readonly ports: readonly number[];
  readonly zonePorts: ZonePorts;
  readonly workers: number;
}

function startServer(folder: string, zoneFile: string, { ports, zonePorts, workers }: Place): Running {
  writeFileSync(zoneFile, zoneText(1, zonePorts));
  const configuration = join(folder, 'portolan.toml');
  writeFileSync(
    configuration,
    `zones = [${JSON.stringify(join(folder, 'zones'))}]
state = ${JSON.stringify(join(folder, 'state'))}
[dns]
listen = ["127.0.0.1:${ports[0]}", "[::1]:${ports[0]}"]
[admin]
listen = "127.0.0.1:${ports[1]}"
[workers]
count = ${workers}
[log]
level = "warn"
`,
  );
  return start([...portolan, 'serve', '--config', configuration] as never);
}

interface Served {
  readonly server: Running;
  readonly admin: string;
  readonly zoneFile: string;
  readonly zonePorts: ZonePorts;
  readonly dnsPort: number;
}

async function runSoak(options: SoakOptions, served: Served): Promise<SoakReport> {
  const control = new Int32Array(new SharedArrayBuffer(Control.cells * 4));
  control.set([1, 1, 0]);
  const reports: LoadReport[] = [];
  const droppedBefore = readDropped();
  const loads = startLoads(options, served, control, reports);
  const startedAt = performance.now();
  const { resident, slowest } = await edit(options, served, control);
  const seconds = (performance.now() - startedAt) / 1000;
  Atomics.store(control, Control.isOver, 1);
  const announces = (await Promise.all(loads)).flatMap(({ kind, results }) =>
    kind === 'announces' ? results : [],
  );
  const sum = (read: (report: LoadReport) => number, of: readonly LoadReport[] = reports) =>
    of.reduce((total, report) => total + read(report), 0);
  const dns = reports.filter((report) => !announces.includes(report));
  return {
    seconds,
    reloads: resident.length,
    dnsAnswers: sum(({ result }) => result.answers, dns),
    announces: sum(({ result }) => result.answers, announces),
    wrong: sum(({ result }) => result.errors, dns),
    wrongShown: dns.flatMap(({ wrong }) => wrong),
    refused: sum(({ result }) => result.errors, announces),
    unanswered: sum(({ result }) => result.timeouts),
    droppedByKernel: readDropped() - droppedBefore,
    slowestReloadMilliseconds: slowest,
    resident,
  };
}

/** Each resolves when its thread has ended; rejects when the thread could not load the server. */
function startLoads(
  { seconds }: SoakOptions,
  { dnsPort, zonePorts }: Served,
  control: Int32Array,
  reports: LoadReport[],
): Promise<{ kind: LoadSetup['kind']; results: LoadReport[] }>[] {
  const stretchSeconds = Math.min(STRETCH_SECONDS, Math.max(1, seconds / 4 || STRETCH_SECONDS));
  const shared = { control, zonePorts, seconds: stretchSeconds, swarm: SWARM };
  const setups: LoadSetup[] = [
    { ...shared, kind: 'dns', address: '127.0.0.1', port: dnsPort },
    { ...shared, kind: 'dns', address: '::1', port: dnsPort },
    { ...shared, kind: 'announces', address: '127.0.0.1', port: zonePorts.tracker },
  ];
  return setups.map((setup) => {
    const worker = new Worker(new URL('load-thread.ts', import.meta.url), { workerData: setup });
    const results: LoadReport[] = [];
    worker.on('message', (report: LoadReport) => {
      results.push(report);
      reports.push(report);
    });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve({ kind: setup.kind, results }));
    });
  });
}

async function edit(
  { seconds, reloads, log }: SoakOptions,
  served: Served,
  control: Int32Array,
): Promise<{ resident: number[]; slowest: number }> {
  const end = performance.now() + seconds * 1000;
  const resident: number[] = [];
  /** When each version was served by all workers; the answers of the one before end some time later. */
  const servedAt: number[] = [];
  let oldest = 1;
  let slowest = 0;
  for (let version = 2; reloads > 0 ? version < reloads + 2 : performance.now() < end; version++) {
    const savedAt = performance.now();
    while (savedAt - (servedAt[oldest + 1] ?? savedAt) >= GRACE_MILLISECONDS) oldest++;
    Atomics.store(control, Control.oldest, oldest);
    Atomics.store(control, Control.newest, version);
    await save(version, served);
    servedAt[version] = performance.now();
    slowest = Math.max(slowest, performance.now() - savedAt);
    resident.push(readResidentOctets([served.server.child.pid!]));
    if (version % 50 === 0) log(`version ${version}: ${Math.round(resident.at(-1)! / 2 ** 20)} MiB`);
    if (reloads > 0) continue;
    await pause(GRACE_MILLISECONDS);
    oldest = version;
    Atomics.store(control, Control.oldest, oldest);
    await pause(EDIT_MILLISECONDS - (performance.now() - savedAt));
  }
  return { resident, slowest };
}

/** Resolves when the version is served by every worker. */
async function save(version: number, { server, admin, zoneFile, zonePorts }: Served): Promise<void> {
  writeFileSync(`${zoneFile}.new`, zoneText(version, zonePorts));
  renameSync(`${zoneFile}.new`, zoneFile);
  server.child.kill('SIGHUP');
  const limit = performance.now() + RELOAD_LIMIT_MILLISECONDS;
  for (;;) {
    const status = (await (await fetch(`http://${admin}/status.json`)).json()) as {
      zones: { serial: number }[];
    };
    if (status.zones[0]?.serial === version) return;
    if (performance.now() > limit) throw new Error(`version ${version} is not served:\n${server.output()}`);
    await pause(5);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

/** UDP receive queues that overflowed since the machine started, both families. */
function readDropped(): number {
  const ipv4 = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'));
  const column = ipv4[0]?.split(' ').indexOf('RcvbufErrors') ?? -1;
  const ipv6 = /^Udp6RcvbufErrors\s+(\d+)$/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))?.[1] ?? 0;
  return Number(ipv4[1]?.split(' ')[column] ?? 0) + Number(ipv6);
}

/** What the report says is wrong, a sentence each. */
export function findFaults({
  wrong,
  wrongShown,
  refused,
  unanswered,
  droppedByKernel,
  resident,
}: SoakReport): string[] {
  const settled = resident[SETTLING_RELOADS - 1] ?? Number.POSITIVE_INFINITY;
  const last = resident.at(-1) ?? 0;
  return [
    ...(wrong > 0 ? [`${wrong} answers were wrong: ${wrongShown.join('; ')}`] : []),
    ...(refused > 0 ? [`${refused} announces were refused`] : []),
    ...(unanswered > droppedByKernel
      ? [`${unanswered} requests were not answered, and the kernel dropped ${droppedByKernel} datagrams only`]
      : []),
    ...(last > settled * 1.1
      ? [`memory grew from ${settled} octets after ${SETTLING_RELOADS} edits to ${last}`]
      : []),
  ];
}
