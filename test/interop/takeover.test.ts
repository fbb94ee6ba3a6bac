// A new process in the place of a running one, while clients ask without a pause: nothing is lost, and nobody forgotten.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../../src/io/packet-engine/layout.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { type LoadReport, openTrackerClient, startLoad } from '../support/takeover-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { until } from './portolan-server.ts';
import { portolan, type Running, start, waitUntilReady } from './programs.ts';

const NAME = 'tracker.example';

interface Place {
  readonly folder: string;
  readonly trackerPort: number;
  readonly dnsPort: number;
  readonly adminPort: number;
}

const running: Running[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function createPlace(): Promise<Place> {
  const folder = await temporaryFolder();
  const [trackerPort, dnsPort, adminPort] = (await findFreePorts(3)) as [number, number, number];
  mkdirSync(join(folder, 'zones'));
  writeFileSync(
    join(folder, 'zones', `${NAME}.zone`),
    `$ORIGIN ${NAME}.
$TTL 300
@ SOA ns hostmaster 1 3600 600 604800 60
@ NS ns
ns A 127.0.0.1
@ A 127.0.0.1
@ TXT "BITTORRENT UDP:${trackerPort} TCP:${trackerPort}"
`,
  );
  const { certificate, key } = createTestIdentity();
  writeFileSync(join(folder, 'chain.pem'), certificate);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  configure({ folder, trackerPort, dnsPort, adminPort }, 2);
  return { folder, trackerPort, dnsPort, adminPort };
}

function configure({ folder, dnsPort, adminPort }: Place, workers: number): void {
  writeFileSync(
    join(folder, 'portolan.toml'),
    `zones = ["zones"]
state = "state"
[admin]
listen = "127.0.0.1:${adminPort}"
[workers]
count = ${workers}
[dns]
listen = ["127.0.0.1:${dnsPort}"]
[tls]
certificate = "chain.pem"
key = "key.pem"
`,
  );
}

/** Another one, in the place of the one that runs where there is one. */
function startServer({ folder }: Place): Running {
  const server = start([...portolan, 'serve', '--takeover', '--config', join(folder, 'portolan.toml')]);
  running.push(server);
  return server;
}

const exitCode = (server: Running): Promise<number | null> =>
  new Promise((resolve) => {
    if (server.child.exitCode !== null) resolve(server.child.exitCode);
    else server.child.once('exit', resolve);
  });

/** Resolves when the new one answers and the old one has ended, by itself and with 0. */
async function takeOver(place: Place, old: Running): Promise<Running> {
  await until('the door opens', async () => existsSync(join(place.folder, 'state', 'takeover.sock')));
  const next = startServer(place);
  expect(await exitCode(old), old.output() + next.output()).toBe(0);
  await expect.poll(() => old.output()).toMatch(/"msg":"stopped: another process goes on"}\n$/);
  await waitUntilReady(next, `127.0.0.1:${place.adminPort}`);
  return next;
}

async function swarm({ adminPort }: Place): Promise<{ peersIpv4: number; seeds: number; torrents: number }> {
  const reply = await fetch(`http://127.0.0.1:${adminPort}/status.json`, {
    headers: { connection: 'close' },
  });
  const { swarm } = (await reply.json()) as { swarm: { peersIpv4: number; seeds: number; torrents: number } };
  return swarm;
}

/** What a process tells its service manager (sd_notify(3)), line by line. */
function openNotifySocket(path: string): { read(): string[]; close(): void } {
  const libc = loadLibc();
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const name = new Uint8Array(110);
  name[0] = AF_UNIX;
  name.set(new TextEncoder().encode(path), 2);
  if (libc.bind(descriptor, name, name.length) !== 0) throw new Error('no socket');
  const octets = new Uint8Array(4096);
  return {
    read() {
      const lines: string[] = [];
      for (;;) {
        const length = libc.read(descriptor, octets, octets.length);
        if (length <= 0) return lines;
        lines.push(...new TextDecoder().decode(octets.subarray(0, length)).split('\n'));
      }
    },
    close: () => void libc.close(descriptor),
  };
}

function expectNothingLost({ udp, kept, fresh, secured, dns, faults }: LoadReport): void {
  expect(faults).toEqual([]);
  expect({ udp: udp.asked - udp.answered, fresh: fresh.asked - fresh.answered }).toEqual({
    udp: 0,
    fresh: 0,
  });
  expect(secured.asked - secured.answered).toBe(0);
  expect({ kept: kept.asked - kept.answered, closed: kept.closed }).toEqual({ kept: 0, closed: 0 });
  expect(dns.asked - dns.answered).toBe(0);
  for (const { asked } of [udp, kept, fresh, secured, dns]) expect(asked).toBeGreaterThan(100);
}

describe('a takeover', () => {
  it('loses no packet, no connection and no peer, five times in a row', async () => {
    const place = await createPlace();
    let server = startServer(place);
    expect(await server.line(/no running server offers a takeover/, 20)).toContain('starts as always');
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    const load = await startLoad({ ...place, name: NAME });
    for (let round = 0; round < 5; round++) server = await takeOver(place, server);
    const report = await load.stop();
    expectNothingLost(report);
    const { peersIpv4, seeds } = await swarm(place);
    expect({ peers: peersIpv4, seeds }).toEqual({ peers: report.peers, seeds: report.seeds });
  });

  it('goes on as if nothing had been where the new process is killed in the middle', async () => {
    const place = await createPlace();
    const server = startServer(place);
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    await until('the door opens', async () => existsSync(join(place.folder, 'state', 'takeover.sock')));
    const load = await startLoad({ ...place, name: NAME });
    const next = startServer(place);
    await server.line(/a takeover begins/, 20);
    next.child.kill('SIGKILL');
    await server.line(/a takeover did not come about/, 20);
    await wait(500);
    const report = await load.stop();
    expectNothingLost(report);
    const { peersIpv4, seeds } = await swarm(place);
    expect({ peers: peersIpv4, seeds }).toEqual({ peers: report.peers, seeds: report.seeds });
    await takeOver(place, server);
  });

  it('answers with what it was given where the old process is killed in the middle', async () => {
    const place = await createPlace();
    const server = startServer(place);
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    await until('the door opens', async () => existsSync(join(place.folder, 'state', 'takeover.sock')));
    const client = await openTrackerClient(place.trackerPort);
    const next = startServer(place);
    await server.line(/a takeover begins/, 20);
    server.child.kill('SIGKILL');
    await next.line(/ended in the middle of the takeover/, 20);
    await waitUntilReady(next, `127.0.0.1:${place.adminPort}`);
    // The connection id is the old process's, and so is the socket.
    expect((await client.announce()).readUInt32BE(0)).toBe(1);
    client.close();
  });

  it('closes the addresses that the new configuration leaves out, and opens its own', async () => {
    const place = await createPlace();
    const server = startServer(place);
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    const [dnsPort, adminPort] = (await findFreePorts(2)) as [number, number];
    const moved = { ...place, dnsPort, adminPort };
    configure(moved, 2);
    await takeOver(moved, server);
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${place.adminPort}/readyz`)).rejects.toThrow();
    const client = await openTrackerClient(place.trackerPort);
    expect((await client.announce()).readUInt32BE(0)).toBe(1);
    client.close();
  });

  it('tells the service manager which process is the main one now', async () => {
    const place = await createPlace();
    const told = openNotifySocket(join(place.folder, 'notify.sock'));
    process.env['NOTIFY_SOCKET'] = join(place.folder, 'notify.sock');
    const server = startServer(place);
    delete process.env['NOTIFY_SOCKET'];
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    const next = await takeOver(place, server);
    expect(told.read().filter((line) => /^(MAINPID|STOPPING|READY)/.test(line))).toEqual([
      'READY=1',
      `MAINPID=${next.child.pid}`,
    ]);
    told.close();
  });

  it('goes on where the new configuration serves nothing', async () => {
    const place = await createPlace();
    const server = startServer(place);
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    await until('the door opens', async () => existsSync(join(place.folder, 'state', 'takeover.sock')));
    const load = await startLoad({ ...place, name: NAME });
    mkdirSync(join(place.folder, 'none'));
    const config = join(place.folder, 'portolan.toml');
    const empty = start([
      ...portolan,
      'serve',
      '--takeover',
      '--config',
      config,
      '--zones',
      join(place.folder, 'none'),
    ]);
    running.push(empty);
    expect(await exitCode(empty)).toBe(1);
    await server.line(/a takeover did not come about/, 20);
    await wait(300);
    expectNothingLost(await load.stop());
  });

  it.each([
    [2, 3],
    [3, 1],
    [1, 2],
  ])('takes what %i workers had with %i', async (before, after) => {
    const place = await createPlace();
    configure(place, before);
    const server = startServer(place);
    await waitUntilReady(server, `127.0.0.1:${place.adminPort}`);
    const load = await startLoad({ ...place, name: NAME });
    await wait(300);
    configure(place, after);
    await takeOver(place, server);
    await wait(300);
    expectNothingLost(await load.stop());
  });
});
