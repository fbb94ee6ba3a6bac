// Packet workers that die while they change the swarm table, under announces: what is lost, and that the table is sound.

import { createSocket, type Socket } from 'node:dgram';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { lock, takeOver } from '../../src/core/swarm/lock.ts';
import { HEAD, type SwarmShard } from '../../src/core/swarm/shard.ts';
import { type SwarmTable, swarmTotals } from '../../src/core/swarm/table.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { systemClock } from '../../src/io/clock.ts';
import { type Logger, silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { BATCH_SIZE } from '../../src/io/packet-engine/packet-batch.ts';
import { randomOctets } from '../../src/io/random.ts';
import { checkTable } from '../core/swarm/invariants.ts';
import { lockOwner } from '../support/swarm-memory.ts';

const ADDRESS = '127.0.0.1';
const ANNOUNCE = 1;

interface Prepared {
  readonly plane: ThreadedDataPlane;
  readonly table: SwarmTable;
  /** Shards rebuilt after each death inside the table, as the log has them. */
  readonly rebuilt: unknown[];
}

async function prepare(workerCount: number): Promise<Prepared> {
  const rebuilt: unknown[] = [];
  const warn: Logger['warn'] = (_message, fields) => {
    if (fields?.['shards'] !== undefined) rebuilt.push(fields['shards']);
  };
  const plane = new ThreadedDataPlane({
    udpPayload: 1232,
    settings: DEFAULT_TRACKER_SETTINGS,
    clock: systemClock,
    logger: { ...silentLogger, warn },
    randomOctets,
    libc: loadLibc(),
    workerCount,
  });
  onTestFinished(() => plane.stop());
  await plane.ready();
  return { plane, table: plane['state'].table, rebuilt };
}

/** A client with a connection id, that announces one torrent of its own again and again. */
class Announcer {
  sent = 0;
  answered = 0;
  private readonly socket: Socket;
  private readonly packet: Buffer;

  constructor(socket: Socket, torrent: number, connectionId: Buffer) {
    this.socket = socket;
    this.packet = Buffer.alloc(98, torrent);
    connectionId.copy(this.packet, 0);
    this.packet.writeUInt32BE(ANNOUNCE, 8);
    this.packet.write(`-PT0001-${String(torrent).padStart(12, '0')}`, 36, 'latin1');
    this.packet.fill(0, 56, 84);
    this.packet.writeUInt16BE(7000 + torrent, 96);
    socket.on('message', (reply) => {
      if (reply.readUInt32BE(0) === ANNOUNCE) this.answered++;
    });
  }

  announce(): void {
    this.sent++;
    this.socket.send(this.packet);
  }
}

async function openAnnouncer(port: number, torrent: number): Promise<Announcer> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  await new Promise<void>((resolve) => socket.connect(port, ADDRESS, () => resolve()));
  const hello = Buffer.alloc(16);
  hello.writeBigUInt64BE(0x41727101980n);
  const reply = await new Promise<Buffer>((resolve) => {
    socket.once('message', resolve);
    socket.send(hello);
  });
  return new Announcer(socket, torrent, reply.subarray(8, 16));
}

interface Scene {
  readonly announcers: readonly Announcer[];
  /** Announces of all torrents, `rounds` times, and `kill` in the middle. */
  run(rounds: number, kill: () => Promise<void>): Promise<void>;
  lost(): number;
}

async function openScene(plane: ThreadedDataPlane, torrents: number): Promise<Scene> {
  const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'tracker');
  const announcers = await Promise.all(
    Array.from({ length: torrents }, (_, torrent) => openAnnouncer(port, torrent + 1)),
  );
  const sum = (read: (announcer: Announcer) => number): number =>
    announcers.reduce((total, announcer) => total + read(announcer), 0);
  return {
    announcers,
    lost: () => sum(({ sent }) => sent) - sum(({ answered }) => answered),
    async run(rounds, kill) {
      let killed: Promise<void> | undefined;
      for (let round = 0; round < rounds; round++) {
        for (const announcer of announcers) announcer.announce();
        if (round === rounds >>> 1) killed = kill();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await killed;
    },
  };
}

async function killWorker(plane: ThreadedDataPlane, index: number): Promise<void> {
  const dead = plane.workers()[index]!;
  await dead.kill();
  await expect.poll(() => plane.workers()[index], { timeout: 5000, interval: 5 }).not.toBe(dead);
  await plane.workers()[index]!.ready;
}

/** As if the worker were inside. It may be there in fact: then it gets out first, because nobody locks twice. */
function holdAs({ head, owner: own }: SwarmShard, owner: number): void {
  lock(head, HEAD.lock, own);
  expect(takeOver(head, HEAD.lock, own, owner)).toBe(true);
}

/** Looked at when no worker is at an announce that still waited; a lock of the dead would be one more rebuilt part. */
async function expectSound({ plane, table, rebuilt }: Prepared, torrents: number): Promise<void> {
  const before = [...rebuilt];
  await plane.stop();
  expect(rebuilt).toEqual(before);
  expect(table.shards.filter(({ head }) => lockOwner(head, HEAD.lock) !== 0)).toEqual([]);
  expect(swarmTotals(table)).toMatchObject({ torrents, peersIpv4: torrents });
  checkTable(table);
}

describe.skipIf(process.platform !== 'linux')('a packet worker that dies inside a lock', () => {
  test('takes along no torrent, no lock and no more answers than its batch', async () => {
    const torrents = 32;
    const prepared = await prepare(2);
    const { plane, table, rebuilt } = prepared;
    const scene = await openScene(plane, torrents);
    await scene.run(20, async () => {});
    await expect.poll(scene.lost, { timeout: 5000 }).toBe(0);
    expect(plane.swarmTotals()).toMatchObject({ torrents, peersIpv4: torrents });

    const shard = table.shards.find(({ head }) => head[HEAD.torrents]! > 0)!;
    await scene.run(100, async () => {
      const { owner } = plane.workers()[0]!.setup;
      holdAs(shard, owner);
      // Half of a change: what is counted is no longer what is there.
      shard.head[HEAD.seeds]! += 5;
      shard.head[HEAD.torrents]! -= 1;
      await killWorker(plane, 0);
    });
    // One death; it may have been at another part in fact.
    expect(rebuilt).toHaveLength(1);
    await expect
      .poll(() => lockOwner(shard.head, HEAD.lock), { timeout: 5000 })
      .not.toBe(plane.workers()[0]!.setup.owner);
    await expect.poll(scene.lost, { timeout: 5000 }).toBeLessThanOrEqual(BATCH_SIZE);

    const { answered: before } = scene.announcers[0]!;
    await scene.run(10, async () => {});
    await expect.poll(() => scene.announcers[0]!.answered, { timeout: 5000 }).toBeGreaterThan(before);
    await expectSound(prepared, torrents);
  });

  test('or anywhere else leaves a sound table behind', async () => {
    const torrents = 64;
    const kills = 6;
    const prepared = await prepare(3);
    const { plane, rebuilt } = prepared;
    const scene = await openScene(plane, torrents);
    for (let kill = 0; kill < kills; kill++) await scene.run(40, () => killWorker(plane, kill % 3));
    await scene.run(10, async () => {});
    await expect.poll(scene.lost, { timeout: 5000 }).toBeLessThanOrEqual(kills * BATCH_SIZE);
    expect(rebuilt.length).toBeLessThanOrEqual(kills);
    await expectSound(prepared, torrents);
  });
});

test('a stop frees what a worker held that had to be ended, so that a snapshot has all of the table', async () => {
  const { plane, table, rebuilt } = await prepare(1);
  const shard = table.shards[0]!;
  holdAs(shard, plane.workers()[0]!.setup.owner);
  await plane.stop();
  expect(lockOwner(shard.head, HEAD.lock)).toBe(0);
  expect(rebuilt).toEqual([1]);
  checkTable(plane.swarm.table);
});
