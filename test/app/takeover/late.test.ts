// A new process that hangs when everything is its own already: the running server goes on, and the new one ends when it
// learns of it. Never do both answer for good.

import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer as createDoor, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDataPlane, findEngine } from '../../../src/app/data-plane/create-data-plane.ts';
import type { PlaneTakeover } from '../../../src/app/data-plane/plane-takeover.ts';
import { createSwarm } from '../../../src/app/data-plane/shared-state.ts';
import { thisMachine } from '../../../src/app/machine.ts';
import { createServer, type Server } from '../../../src/app/serve/serve.ts';
import { createFrameChannel, type FrameChannel, FrameKind } from '../../../src/app/takeover/frames.ts';
import { formatMessage, toHex } from '../../../src/app/takeover/messages.ts';
import { takeoverPaths } from '../../../src/app/takeover/paths.ts';
import { startTakeover } from '../../../src/app/takeover/start-takeover.ts';
import { encodeSnapshot } from '../../../src/core/swarm/snapshot.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { type Clock, systemClock } from '../../../src/io/clock.ts';
import { listenForDescriptors } from '../../../src/io/descriptor-passing/descriptor-socket.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { testConfig } from '../../support/serving.ts';
import { createPlace, expectService, keepConnection, serveForReal } from '../../support/takeover-giver.ts';

const engine = findEngine();

/** For deadlines of ten seconds in one and a quarter. */
const FAST = 8;
const fastClock: Clock = {
  nowSeconds: systemClock.nowSeconds,
  nowMilliseconds: () => systemClock.nowMilliseconds() * FAST,
  schedule: (delayMilliseconds, task) => systemClock.schedule(delayMilliseconds / FAST, task),
};

/** In the place of the server that runs in this folder. */
async function startNext(folder: string, alter: (plane: PlaneTakeover) => void = () => {}): Promise<Server> {
  const config = testConfig(folder, { 'workers.count': '1' });
  const machine = await thisMachine();
  const takeover = await startTakeover({ config, machine, logger: silentLogger });
  expect(takeover).toBeDefined();
  const next = await createServer({
    config,
    machine,
    logger: silentLogger,
    takeover,
    async createDataPlane(options) {
      const plane = await createDataPlane(options);
      alter(plane.takeover!);
      return plane;
    },
  });
  onTestFinished(() => next.stop());
  return next;
}

describe.skipIf(engine.kind !== 'engine')('a new process that has been given everything', () => {
  const forEver = new Promise<never>(() => {});

  it.each<[string, (begin: PlaneTakeover['begin']) => PlaneTakeover['begin']]>([
    ['and does not begin', () => () => forEver],
    [
      'and begins, but does not come to say so',
      (begin) => async (connections) => {
        await begin(connections);
        await forEver;
      },
    ],
  ])('%s in time ends, and the running server answers as before', async (_, hang) => {
    const serving = await serveForReal({ clock: fastClock });
    const ask = keepConnection(serving);
    expect(await ask()).toContain('failure reason');
    const next = await startNext(serving.folder, (plane) => {
      plane.begin = hang(plane.begin.bind(plane));
    });
    await expect(next.start()).rejects.toMatchObject({ name: 'TakeoverError', code: 'refused' });
    expect(next.status().state).toBe('stopped');
    await expectService(serving);
    expect(await ask()).toContain('failure reason');
    const page = await fetch(`http://127.0.0.1:${serving.server.status().admin!.port}/status.json`);
    expect(await page.json()).toMatchObject({ state: 'serving' });
    expect(await readdir(join(serving.folder, 'state'))).not.toContain('swarm.snapshot');
  });
});

/** The old end, without anything to give: ends without a word where it would say that all is the other's. */
async function openScriptedDoor(folder: string, end: (channel: FrameChannel) => Promise<void>) {
  if (engine.kind !== 'engine') throw new Error(engine.reason);
  const { libc } = engine;
  await mkdir(join(folder, 'state'), { mode: 0o700 });
  const paths = takeoverPaths(join(folder, 'state'));
  const listening = listenForDescriptors(libc, paths.descriptors);
  onTestFinished(() => void libc.close(listening));
  const limits = testConfig(folder, {}).tracker.limits;
  const swarm = createSwarm({ settings: DEFAULT_TRACKER_SETTINGS, limits, randomOctets });
  const { connectionKey, table } = swarm;
  async function give(socket: Socket): Promise<void> {
    const channel = createFrameChannel(socket, systemClock);
    if ((await channel.receive(5000))?.kind !== FrameKind.hello) return;
    const [head, ...pieces] = encodeSnapshot(table, { connectionKey, worldSeconds: 1, tableSeconds: 1 });
    const message = { version: 'test', head: toHex(head!), tableSeconds: 1, sockets: [] };
    await channel.send(FrameKind.welcome, formatMessage(message));
    for (const piece of pieces) await channel.send(FrameKind.table, piece);
    await channel.send(FrameKind.tableEnd);
    expect((await channel.receive(20_000))?.kind).toBe(FrameKind.ready);
    await end(channel);
  }
  const door = createDoor((socket) => {
    socket.on('error', () => {});
    void give(socket);
  });
  door.listen(paths.words);
  await once(door, 'listening');
  onTestFinished(() => void door.close());
  return door;
}

describe.skipIf(engine.kind !== 'engine')('a stream that ends without a word', () => {
  it('is no leave to go on where the running server still waits at its door', async () => {
    const { folder } = await createPlace();
    await openScriptedDoor(folder, async (channel) => channel.destroy());
    const next = await startNext(folder);
    await expect(next.start()).rejects.toMatchObject({
      name: 'TakeoverError',
      message: 'the running server goes on: this one took too long',
    });
  });

  it('is one where the running server is gone', async () => {
    const { folder, trackerPort } = await createPlace();
    const door = await openScriptedDoor(folder, async (channel) => {
      door.close();
      channel.destroy();
    });
    const next = await startNext(folder);
    expect((await next.start()).kind).toBe('serving');
    await expectService({ server: next, folder, trackerPort, given: () => false });
  });
});
