// A tracker that is stopped and started again: who was there is there, and what stands in the way of that is one line.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { createSwarm } from '../../../src/app/data-plane/shared-state.ts';
import { createServer } from '../../../src/app/serve/serve.ts';
import { openSwarmSnapshot } from '../../../src/app/serve/swarm-snapshot.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { prepareServer, serve, zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { announceHttp, announceUdp, exchange } from '../../support/tracker-clients.ts';

const isRoot = process.getuid?.() === 0;

function zonesAt(port: number) {
  const hosts = `t A 127.0.0.1\nt AAAA ::1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`;
  return { 't.zone': zoneText('example', hosts) };
}

/** BEP 15. */
async function connectionIdFrom(port: number): Promise<Buffer> {
  const hello = Buffer.alloc(16);
  hello.writeBigUInt64BE(0x41727101980n);
  return (await exchange('127.0.0.1', port, hello))!.subarray(8, 16);
}

/** Complete, incomplete and downloads of the torrent that the clients of test/support announce. */
async function scrapeWith(id: Buffer, port: number): Promise<number[]> {
  const packet = Buffer.alloc(36);
  id.copy(packet);
  packet.writeUInt32BE(2, 8);
  packet.fill(0x61, 16);
  const reply = (await exchange('127.0.0.1', port, packet))!;
  expect(reply.readUInt32BE(0)).toBe(2);
  return [8, 16, 12].map((at) => reply.readUInt32BE(at));
}

describe('a tracker that is started again', () => {
  it('has its peers, and knows connection ids of before', async () => {
    const [port] = await findFreePorts(1);
    const first = await serve({ zones: zonesAt(port!) });
    expect(await announceUdp('127.0.0.1', port!, 1)).toBe(1);
    expect(await announceUdp('::1', port!, 2)).toBe(2);
    expect(await announceHttp('127.0.0.1', port!, { peerPort: 3 })).toContain('10:incompletei3e');
    const id = await connectionIdFrom(port!);
    const file = join(first.folder, 'state', 'swarm.snapshot');
    await first.server.stop();
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const second = await serve({ zones: {}, folder: first.folder });
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect(await scrapeWith(id, port!)).toEqual([0, 3, 0]);
    // The client of before, not one more.
    expect(await announceUdp('127.0.0.1', port!, 1)).toBe(3);
    expect(second.server.status().swarm).toMatchObject({
      torrents: 1,
      peersIpv4: 2,
      peersIpv6: 1,
      leechers: 3,
    });
  });

  it('has forgotten them where the setting says so, and deletes what an earlier setting has left', async () => {
    const [port] = await findFreePorts(1);
    const first = await serve({ zones: zonesAt(port!) });
    await announceUdp('127.0.0.1', port!, 1);
    await first.server.stop();
    const settings = { 'tracker.snapshot': 'false' };
    const second = await serve({ zones: {}, folder: first.folder, settings });
    expect(await announceUdp('127.0.0.1', port!, 2)).toBe(1);
    await second.server.stop();
    expect(await readdir(join(first.folder, 'state'))).not.toContain('swarm.snapshot');
  });

  it('keeps them through a start that fails', async () => {
    const [port] = await findFreePorts(1);
    const first = await serve({ zones: zonesAt(port!) });
    await announceUdp('127.0.0.1', port!, 1);
    await first.server.stop();
    await rm(join(first.folder, 'zones', 't.zone'));
    const { started } = await serve({ zones: {}, folder: first.folder });
    expect(started.kind).toBe('nothing-served');
    await serve({ zones: zonesAt(port!), folder: first.folder });
    expect(await announceUdp('127.0.0.1', port!, 2)).toBe(2);
  });

  it('has its peers where something failed to close', async () => {
    const [port] = await findFreePorts(1);
    const log: string[] = [];
    const first = await serve({
      zones: zonesAt(port!),
      dataPlane: { close: () => Promise.reject(new Error('a worker has died')) },
      logger: { ...silentLogger, error: (line, fields) => log.push(`${line} (${fields?.error?.message})`) },
    });
    await announceUdp('127.0.0.1', port!, 1);
    await first.server.stop();
    expect(log).toEqual(['closing DNS failed: please report this (a worker has died)']);
    expect(first.server.status().state).toBe('stopped');
    await serve({ zones: {}, folder: first.folder });
    expect(await announceUdp('127.0.0.1', port!, 2)).toBe(2);
  });

  it('keeps them where the threads cannot be started', async () => {
    const one = await saved();
    const { config, machine, logger } = one.options;
    const createDataPlane = () => Promise.reject(new Error('no threads'));
    await expect(createServer({ config, machine, logger, createDataPlane })).rejects.toThrow('no threads');
    expect(await nextLife(one)).toBe(3);
  });

  it('leaves no file where the tracker never had anybody', async () => {
    const [port] = await findFreePorts(1);
    const { server, folder } = await prepareServer({ zones: zonesAt(port!) });
    await server.stop();
    expect(await readdir(folder)).not.toContain('state');
  });
});

/** A swarm with `peers` in its own state folder, and what is logged of its snapshots. */
async function scene(peers = 3) {
  const folder = await temporaryFolder();
  const state = join(folder, 'state');
  await mkdir(state, { mode: 0o700 });
  const result = readConfig({ flags: {}, workingDirectory: folder });
  if (result.kind === 'wrong') throw new Error(result.problems.join());
  const clock = createManualClock();
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message.replaceAll(folder, ''));
  const options = {
    config: result.config,
    settings: DEFAULT_TRACKER_SETTINGS,
    machine: { clock, randomOctets, localAddresses: () => [], hasFamily: () => true },
    logger: { ...silentLogger, info: log, warn: log, error: log },
    isTakeover: false,
  };
  const swarm = createSwarm({
    settings: options.settings,
    limits: result.config.tracker.limits,
    randomOctets,
  });
  const request = createAnnounceRequest();
  request.octets = new Uint8Array(40);
  request.peerIdOffset = 20;
  request.family = 4;
  for (let port = 1; port <= peers; port++) {
    request.octets[39] = port;
    request.port = port;
    announce(
      { table: swarm.table, settings: DEFAULT_TRACKER_SETTINGS },
      request,
      clock.nowSeconds(),
      createAnnounceReply(),
    );
  }
  const dataPlane = { swarm, swarmSeconds: () => clock.nowSeconds() };
  const file = join(state, 'swarm.snapshot');
  return { options, dataPlane, state, file, lines, clock };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** Peers that the next life knows. */
async function nextLife({ options }: Scene): Promise<number | undefined> {
  const { swarm } = await openSwarmSnapshot(options);
  return swarm === undefined ? undefined : swarmTotals(swarm.table).peersIpv4;
}

async function saved(peers?: number): Promise<Scene> {
  const one = await scene(peers);
  const { save } = await openSwarmSnapshot(one.options);
  await save(one.dataPlane);
  expect(one.lines.splice(0)).toEqual(['the peers are kept for the next start']);
  return one;
}

describe('the file of peers', () => {
  it('is read once', async () => {
    const one = await saved();
    expect(await nextLife(one)).toBe(3);
    expect(one.lines).toEqual(['the peers of before the restart are known']);
    expect(await readdir(one.state)).toEqual([]);
    expect(await nextLife(one)).toBeUndefined();
    expect(one.lines).toHaveLength(1);
  });

  it('is gone where the server ends with no torrent', async () => {
    const empty = await scene(0);
    const { save } = await openSwarmSnapshot(empty.options);
    await writeFile(empty.file, 'keys of an earlier life');
    await save(empty.dataPlane);
    expect(await readdir(empty.state)).toEqual([]);
  });

  it('is deleted unread where a running server has the peers, and written at the end as always', async () => {
    const one = await saved();
    const { swarm, save } = await openSwarmSnapshot({ ...one.options, isTakeover: true });
    expect(swarm).toBeUndefined();
    expect(one.lines).toEqual([]);
    expect(await readdir(one.state)).toEqual([]);
    await save(one.dataPlane);
    expect(await nextLife(one)).toBe(3);
  });

  it('is forgotten peer by peer', async () => {
    const one = await saved();
    await one.clock.advance(2700 + 60);
    expect(await nextLife(one)).toBe(0);
  });

  it.each<[string, string, (one: Scene) => Promise<void>]>([
    ['torn', 'is damaged', async ({ file }) => truncate(file, (await stat(file)).size - 5)],
    ['torn in its head', 'is damaged', ({ file }) => truncate(file, 40)],
    ['empty', 'is no snapshot', ({ file }) => truncate(file, 0)],
    ['foreign', 'is no snapshot', ({ file }) => writeFile(file, 'Dear operator,\n'.repeat(100))],
    ['longer', 'is damaged', ({ file }) => writeFile(file, 'and more', { flag: 'a' })],
    [
      'of a later version',
      'is of another version of this program',
      async ({ file }) => {
        const octets = await readFile(file);
        octets[19] = 2;
        await writeFile(file, octets);
      },
    ],
  ])('is ignored and deleted where it is %s', async (_, reason, damage) => {
    const one = await saved();
    await damage(one);
    expect(await nextLife(one)).toBeUndefined();
    expect(one.lines).toEqual([
      `the peers of before the restart are not known: /state/swarm.snapshot ${reason}, and is deleted`,
    ]);
    expect(await readdir(one.state)).toEqual([]);
  });

  it('is left alone where it is a folder, and nothing is half-written beside it', async () => {
    const one = await scene();
    await mkdir(one.file);
    expect(await nextLife(one)).toBeUndefined();
    const { save } = await openSwarmSnapshot(one.options);
    await save(one.dataPlane);
    expect(one.lines.map((line) => line.replace(/:.*:/, ':'))).toEqual([
      'the peers of before the restart are not known: it is not a regular file',
      'the peers of before the restart are not known: it is not a regular file',
      'the peers are not kept for the next start: it is not a regular file',
    ]);
    expect(await readdir(one.state)).toEqual(['swarm.snapshot']);
  });

  it('leaves nothing of one that was killed while it wrote', async () => {
    const one = await saved();
    await writeFile(join(one.state, '.swarm.snapshot.1a2b3c.tmp'), 'portolan swarm');
    await writeFile(join(one.state, '.ledger.json.1a2b3c.tmp'), '{}');
    expect(await nextLife(one)).toBe(3);
    expect(await readdir(one.state)).toEqual(['.ledger.json.1a2b3c.tmp']);
  });

  it('leaves a process that lives what it writes, and a dead one nothing', async () => {
    const one = await saved();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const ended = once(other, 'exit');
    onTestFinished(() => void other.kill('SIGKILL'));
    const name = `.swarm.snapshot.${other.pid}.1a2b3c.tmp`;
    await writeFile(join(one.state, name), 'portolan swarm');
    await writeFile(join(one.state, `.swarm.snapshot.${process.pid}.1a2b3c.tmp`), 'of an earlier life');
    expect(await nextLife(one)).toBe(3);
    expect(await readdir(one.state)).toEqual([name]);
    other.kill('SIGKILL');
    await ended;
    await nextLife(one);
    expect(await readdir(one.state)).toEqual([]);
  });

  it.skipIf(isRoot)('is a line in the log where there is no permission', async () => {
    const one = await scene();
    await chmod(one.state, 0o500);
    onTestFinished(() => chmod(one.state, 0o700));
    await (await openSwarmSnapshot(one.options)).save(one.dataPlane);
    expect(one.lines).toEqual([
      'the peers are not kept for the next start: cannot write /state/swarm.snapshot: no permission; give this user access to it',
    ]);
  });

  it('that takes too long to read is taken as far as it came', async () => {
    const one = await saved();
    await truncate(one.file, (await stat(one.file)).size - 5);
    let milliseconds = 0;
    const slow = { ...one.clock, nowMilliseconds: () => (milliseconds += 61_000) };
    const options = { ...one.options, machine: { ...one.options.machine, clock: slow } };
    expect(await nextLife({ ...one, options })).toBe(3);
    expect(one.lines).toEqual(['the peers of before the restart are known']);
  });

  it('is given up where the disk takes too long', async () => {
    const one = await scene();
    const { clock } = one;
    let milliseconds = 0;
    const slow = { ...clock, nowMilliseconds: () => (milliseconds += 40_000) };
    const options = { ...one.options, machine: { ...one.options.machine, clock: slow } };
    await (await openSwarmSnapshot(options)).save(one.dataPlane);
    expect(one.lines).toEqual([
      'the peers are not kept for the next start: cannot write /state/swarm.snapshot: the disk takes more than 60 s',
    ]);
    expect(await readdir(one.state)).toEqual([]);
  });
});
