// Workers that die or hang, under load and at the wrong moments: what is lost, what is said, and that it is made good.

import { createSocket, type Socket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DataPlane } from '../../src/app/data-plane/data-plane.ts';
import { createRestartPause } from '../../src/app/data-plane/restart-pause.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { Counter } from '../../src/core/counters.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { Header, type ZoneImage } from '../../src/core/zone/image/image.ts';
import { systemClock } from '../../src/io/clock.ts';
import { type Logger, silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { BATCH_SIZE } from '../../src/io/packet-engine/packet-batch.ts';
import { randomOctets } from '../../src/io/random.ts';
import { imageOf } from '../support/authority-of.ts';
import { encodeQuery } from '../support/dns-message.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { announceHttp, askTcp, askUdp } from '../support/tracker-clients.ts';

const QUERY = { name: 'v.example', type: 'TXT' };
const ADDRESS = '127.0.0.1';

interface Prepared {
  readonly plane: ThreadedDataPlane;
  /** Reasons of deaths, and the pauses after them, as the log has them. */
  readonly deaths: { reason: unknown; pauseMilliseconds: unknown }[];
}

async function prepare(
  workerCount: number,
  patience: { stopMilliseconds?: number; answerMilliseconds?: number } = {},
): Promise<Prepared> {
  const deaths: Prepared['deaths'] = [];
  const error: Logger['error'] = (message, fields) => {
    const { reason, pauseMilliseconds } = fields ?? {};
    if (message.includes('died')) deaths.push({ reason, pauseMilliseconds });
  };
  const plane = new ThreadedDataPlane({
    udpPayload: 1232,
    settings: DEFAULT_TRACKER_SETTINGS,
    clock: systemClock,
    logger: { ...silentLogger, error },
    randomOctets,
    libc: loadLibc(),
    workerCount,
    ...patience,
  });
  onTestFinished(() => plane.stop());
  await plane.ready();
  return { plane, deaths };
}

function zone(plane: DataPlane, text: string): ZoneImage {
  const lines = ['$TTL 60', '@ SOA ns host 1 1 1 1 1', '@ NS ns', 'ns A 127.0.0.1', `v TXT "${text}"`];
  return imageOf(`${lines.join('\n')}\n`, 'example.', { seed: plane.seed });
}

/** Whoever takes this for a zone throws. */
function poison(): ZoneImage {
  return { buffer: new SharedArrayBuffer(64) } as unknown as ZoneImage;
}

/** A zone in which the search for a name never ends. */
function endless(plane: DataPlane): ZoneImage {
  const image = zone(plane, 'never');
  const words = new Uint32Array(image.buffer);
  const [slots, slotMask] = [words[Header.slots]! >>> 2, words[Header.slotMask]!];
  const node = words.find((_, index) => index > slots && (index - slots) % 2 === 1 && words[index] !== 0)!;
  for (let slot = 0; slot <= slotMask; slot++) {
    words[slots + slot * 2] = 1;
    words[slots + slot * 2 + 1] = node;
  }
  return image;
}

function answerOf(text: string): string[] {
  return [`v.example. 60 IN TXT "${text}"`];
}

/** As many as both workers' sockets are sure to be among. */
async function askMany(port: number, text: string): Promise<void> {
  const asked = Array.from({ length: 32 }, () => askUdp(ADDRESS, port, QUERY));
  for (const { answer } of await Promise.all(asked)) expect(answer).toEqual(answerOf(text));
}

async function openClients(count: number): Promise<Socket[]> {
  const clients = Array.from({ length: count }, () => createSocket('udp4'));
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  for (const client of clients) {
    await new Promise<void>((resolve) => client.bind(0, ADDRESS, resolve));
    client.setRecvBufferSize(1024 * 1024);
  }
  return clients;
}

/** Has a worker search for a name without end. */
async function hang(plane: DataPlane, client: Socket, port: number): Promise<void> {
  client.send(encodeQuery(QUERY), port, ADDRESS);
  await expect.poll(() => plane.readCounters()[Counter.dnsUdpQueries]).toBe(1);
}

describe.skipIf(process.platform !== 'linux')('a worker', () => {
  test('killed under load loses no more than the batch at hand, and has a successor at once', async () => {
    const { plane, deaths } = await prepare(2);
    await plane.publish({ images: [zone(plane, 'here')], draining: [] });
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    const clients = await openClients(8);
    const kills = 3;
    const rounds = 300;
    let answers = 0;
    for (const client of clients) client.on('message', () => answers++);
    const successions: Promise<void>[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const client of clients) client.send(encodeQuery({ ...QUERY, id: round }), port, ADDRESS);
      if (round % 100 === 50) successions.push(killAndReplace(plane, successions.length % 2));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await Promise.all(successions);
    await askMany(port, 'here');
    const lost = (): number => rounds * clients.length - answers;
    await expect.poll(lost).toBeLessThanOrEqual(kills * BATCH_SIZE);
    const reason = 'it was ended from outside';
    // The one that is killed for the second time within seconds waits a moment first.
    expect(deaths).toEqual([0, 0, 250].map((pauseMilliseconds) => ({ reason, pauseMilliseconds })));
  });

  test('that throws is replaced, the log says why, and one that always throws is not reborn without end', async () => {
    const { plane, deaths } = await prepare(1);
    await plane.publish({ images: [zone(plane, 'before')], draining: [] });
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    await plane.publish({ images: [poison()], draining: [] });
    await expect.poll(() => deaths.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    expect(deaths.map(({ reason }) => reason)).toContain('not a zone image');
    expect(deaths.some(({ pauseMilliseconds }) => Number(pauseMilliseconds) >= 250)).toBe(true);
    await plane.publish({ images: [zone(plane, 'after')], draining: [] });
    await expect
      .poll(async () => (await askUdp(ADDRESS, port, QUERY)).answer, { timeout: 15_000 })
      .toEqual(answerOf('after'));
  });

  test('that hangs is ended and replaced when it takes no command', async () => {
    const { plane, deaths } = await prepare(1, { answerMilliseconds: 1000 });
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    await plane.publish({ images: [endless(plane)], draining: [] });
    const [client] = await openClients(1);
    await hang(plane, client!, port);
    await plane.publish({ images: [zone(plane, 'again')], draining: [] });
    expect(deaths.map(({ reason }) => reason)).toEqual(['it took no command and was ended']);
    await askMany(port, 'again');
  });

  test('that hangs does not keep the others from stopping', async () => {
    const { plane } = await prepare(2, { stopMilliseconds: 200 });
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    await plane.publish({ images: [endless(plane)], draining: [] });
    const [client] = await openClients(1);
    await hang(plane, client!, port);
    await plane.stop();
    const again = createSocket('udp4');
    onTestFinished(() => void again.close());
    await new Promise<void>((resolve, reject) => again.once('error', reject).bind(port, ADDRESS, resolve));
    expect(again.address().port).toBe(port);
  });

  test('that dies while ports are opened and zones published takes neither along', async () => {
    const { plane } = await prepare(2);
    const ports: number[] = [];
    for (let round = 0; round < 4; round++) {
      const killed = plane.workers()[round % 2]!.kill();
      const [{ port }] = await Promise.all([
        plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns'),
        plane.publish({ images: [zone(plane, `round ${round}`)], draining: [] }),
        killed,
      ]);
      ports.push(port);
      for (const open of ports) await askMany(open, `round ${round}`);
    }
  });

  test('that had TCP and dies while a port is opened has it opened by its successor', async () => {
    const { plane } = await prepare(1);
    await plane.publish({ images: [zone(plane, 'tcp')], draining: [] });
    const killed = plane.workers().at(-1)!.kill();
    const { port } = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'dns');
    await killed;
    expect((await askTcp(ADDRESS, port, QUERY)).answer).toEqual(answerOf('tcp'));
  });

  test('that is being replaced does not keep the server from stopping', async () => {
    const { plane } = await prepare(2);
    const { port } = await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    await plane.workers()[0]!.kill();
    const killed = plane.workers()[1]!.kill();
    await Promise.all([plane.stop(), killed]);
    const again = createSocket('udp4');
    onTestFinished(() => void again.close());
    await new Promise<void>((resolve, reject) => again.once('error', reject).bind(port, ADDRESS, resolve));
    expect(again.address().port).toBe(port);
  });

  test('that had HTTP connections loses them, and its port answers on', async () => {
    const { plane } = await prepare(2);
    const listener = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'tracker');
    const clients = await openHttpConnections(listener.port, 16);
    for (const worker of [0, 1]) {
      const replaced = killAndReplace(plane, worker);
      // Whichever worker gets it: one that is dead leaves it to its successor.
      for (let peer = 0; peer < 8; peer++) {
        const peerPort = 7000 + 8 * worker + peer;
        expect(await announceHttp(ADDRESS, listener.port, { peerPort })).toContain('8:interval');
      }
      await replaced;
    }
    await Promise.all(clients.map((client) => client.ended()));
    await plane.close(listener);
    await expect(connectTcp(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('leaves no descriptor behind, those of connections included', async () => {
    const { plane } = await prepare(1);
    await plane.open({ transport: 'udp', address: ADDRESS, port: 0 }, 'dns');
    const { port } = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'tracker');
    await killAndReplace(plane, 0);
    const before = countDescriptors();
    for (let round = 0; round < 2; round++) {
      const clients = await openHttpConnections(port, 20);
      await killAndReplace(plane, 0);
      await Promise.all(clients.map((client) => client.ended()));
    }
    await expect.poll(countDescriptors).toBeLessThanOrEqual(before);
  });
});

/** Each has had an answer, and stays until the server or the test ends it. */
async function openHttpConnections(port: number, count: number): Promise<TcpClient[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, () => connectTcp({ address: ADDRESS, port })),
  );
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  for (const client of clients) {
    client.send('GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect((await client.received(1)).toString()).toMatch(/^HTTP\/1\.1 200 /);
  }
  return clients;
}

/** Resolves when the successor takes commands. */
async function killAndReplace(plane: ThreadedDataPlane, index: number): Promise<void> {
  const dead = plane.workers()[index]!;
  await dead.kill();
  await expect.poll(() => plane.workers()[index], { timeout: 5000, interval: 5 }).not.toBe(dead);
  await plane.workers()[index]!.ready;
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('the pause before a successor starts', () => {
  const short = { reason: '', wasReady: true, livedMilliseconds: 100 };
  test.each([
    ['an accident', [{ ...short, livedMilliseconds: 60_000 }], [0]],
    ['the first early death', [short], [0]],
    ['one early death after the other', [short, short, short, short], [0, 250, 500, 1000]],
    ['a death at birth', [{ ...short, wasReady: false }], [500]],
    [
      'a long life in between',
      [short, short, { ...short, livedMilliseconds: 10_000 }, short],
      [0, 250, 0, 0],
    ],
    ['a hundred deaths', Array(100).fill(short), expect.arrayContaining([30_000])],
  ])('after %s', (_what, deaths, pauses) => {
    expect(deaths.map(createRestartPause())).toEqual(pauses);
  });
});
