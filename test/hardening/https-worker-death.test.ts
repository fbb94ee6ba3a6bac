// Workers that die with connections over TLS, on their way or open: none is left behind, and a successor goes on.

import { readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import type { Listener } from '../../src/core/net/endpoint.ts';
import { announceRequest, connectHttps, type HttpsClient } from '../support/https-client.ts';
import { openHttpsPlane } from '../support/https-plane.ts';
import { announceHttp } from '../support/tracker-clients.ts';

const ADDRESS = '127.0.0.1';

async function connect(listener: Listener): Promise<HttpsClient> {
  const client = await connectHttps(listener);
  onTestFinished(() => void client.socket.destroy());
  return client;
}

/** Each has had an answer, and stays until the server or the test ends it. */
async function connectMany(listener: Listener, count: number): Promise<HttpsClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => connect(listener)));
  for (const client of clients) expect(await client.ask(announceRequest())).toContain('8:interval');
  return clients;
}

/** `index`: of a packet worker; -1: the stream worker. Resolves when the successor takes commands. */
async function killAndReplace(plane: ThreadedDataPlane, index: number): Promise<void> {
  const dead = plane.workers().at(index)!;
  await dead.kill();
  await expect.poll(() => plane.workers().at(index), { timeout: 5000, interval: 5 }).not.toBe(dead);
  await plane.workers().at(index)!.ready;
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe.skipIf(process.platform !== 'linux')('a worker that dies', () => {
  test('and speaks TLS loses its connections, and its successor takes those that have come meanwhile', async () => {
    const { plane, listener } = await openHttpsPlane();
    const clients = await connectMany(listener, 8);
    const replaced = killAndReplace(plane, -1);
    const newcomers = await connectMany(listener, 8);
    await replaced;
    await Promise.all(clients.map((client) => client.ended()));
    for (const client of newcomers) expect(await client.ask(announceRequest())).toContain('8:interval');
  });

  test('and only accepted them leaves connections over TLS as they are', async () => {
    const { plane, listener } = await openHttpsPlane();
    const clients = await connectMany(listener, 8);
    for (const worker of [0, 1]) {
      await killAndReplace(plane, worker);
      for (const client of clients) expect(await client.ask(announceRequest())).toContain('8:interval');
      expect(await announceHttp(ADDRESS, listener.port)).toContain('8:interval');
    }
    await connectMany(listener, 8);
  });

  test('leaves no descriptor behind', async () => {
    const { plane, listener } = await openHttpsPlane();
    await killAndReplace(plane, -1);
    const before = countDescriptors();
    for (const worker of [-1, 0, -1]) {
      const clients = await connectMany(listener, 20);
      await killAndReplace(plane, worker);
      for (const { socket } of clients) socket.destroy();
    }
    await expect.poll(countDescriptors, { timeout: 5000 }).toBeLessThanOrEqual(before);
  });

  test('and is the last to stop leaves nothing that waits', async () => {
    const before = countDescriptors();
    const { plane, listener } = await openHttpsPlane();
    await plane.workers().at(-1)!.kill();
    const refused = Promise.allSettled(Array.from({ length: 10 }, () => connectHttps(listener)));
    await plane.stop();
    await refused;
    await expect.poll(countDescriptors, { timeout: 5000 }).toBeLessThanOrEqual(before);
  });
});
