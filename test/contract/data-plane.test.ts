// What any data plane does, told to the one on this thread's event loop and to those on worker threads.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DataPlane } from '../../src/app/data-plane/data-plane.ts';
import { createLocalDataPlane } from '../../src/app/data-plane/local-data-plane.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { Counter } from '../../src/core/counters.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import type { ZoneImage } from '../../src/core/zone/image/image.ts';
import { BindError } from '../../src/io/bind-error.ts';
import { systemClock } from '../../src/io/clock.ts';
import { silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../src/io/random.ts';
import { imageOf } from '../support/authority-of.ts';
import { encodeQuery } from '../support/dns-message.ts';
import { announceHttp, announceUdp, askTcp, askUdp, getHttp } from '../support/tracker-clients.ts';

const common = {
  udpPayload: 1232,
  settings: DEFAULT_TRACKER_SETTINGS,
  clock: systemClock,
  logger: silentLogger,
  randomOctets,
};

const IMPLEMENTATIONS = [
  { name: 'on the event loop', create: async () => createLocalDataPlane(common) },
  { name: 'on one packet worker', create: () => createThreaded(1) },
  { name: 'on two packet workers', create: () => createThreaded(2) },
];

async function createThreaded(workerCount: number): Promise<DataPlane> {
  const plane = new ThreadedDataPlane({ ...common, libc: loadLibc(), workerCount });
  await plane.ready();
  return plane;
}

function zone(plane: DataPlane, serial: number): ZoneImage {
  const lines = [
    '$TTL 60',
    `@ SOA ns host ${serial} 1 1 1 1`,
    '@ NS ns',
    'ns A 127.0.0.1',
    `v TXT "${serial}"`,
  ];
  return imageOf(`${lines.join('\n')}\n`, 'example.', { seed: plane.seed });
}

describe.each(IMPLEMENTATIONS)('a data plane $name', ({ create }) => {
  async function start(): Promise<DataPlane> {
    const plane = await create();
    onTestFinished(() => plane.stop());
    return plane;
  }

  test.each(['127.0.0.1', '::1'])('answers DNS over UDP and TCP on %s', async (address) => {
    const plane = await start();
    await plane.publish({ images: [zone(plane, 1)], draining: [] });
    const query = { name: 'v.example', type: 'TXT' };
    const udp = await plane.open({ transport: 'udp', address, port: 0 }, 'dns');
    const tcp = await plane.open({ transport: 'tcp', address, port: 0 }, 'dns');
    expect((await askUdp(address, udp.port, query)).answer).toEqual(['v.example. 60 IN TXT "1"']);
    expect((await askTcp(address, tcp.port, query)).answer).toEqual(['v.example. 60 IN TXT "1"']);
    const counters = plane.readCounters();
    expect([counters[Counter.dnsUdpQueries], counters[Counter.dnsTcpQueries]]).toEqual([1, 1]);
  });

  test('answers from what is published, once publishing has resolved', async () => {
    const plane = await start();
    const { port } = await plane.open({ transport: 'udp', address: '127.0.0.1', port: 0 }, 'dns');
    for (let serial = 1; serial <= 20; serial++) {
      await plane.publish({ images: [zone(plane, serial)], draining: [] });
      const { answer } = await askUdp('127.0.0.1', port, { name: 'v.example', type: 'TXT' });
      expect(answer).toEqual([`v.example. 60 IN TXT "${serial}"`]);
    }
  });

  test('keeps one swarm for UDP and HTTP and both families', async () => {
    const plane = await start();
    const open = (transport: 'udp' | 'tcp', address: string) =>
      plane.open({ transport, address, port: 0 }, 'tracker');
    const udp4 = await open('udp', '127.0.0.1');
    const udp6 = await open('udp', '::1');
    const http4 = await open('tcp', '127.0.0.1');
    expect(await announceUdp('127.0.0.1', udp4.port, 7001)).toBe(1);
    expect(await announceUdp('::1', udp6.port, 7002)).toBe(2);
    expect(await announceHttp('127.0.0.1', http4.port, { peerPort: 7003 })).toContain('10:incompletei3e');
    expect(plane.swarmTotals()).toMatchObject({ torrents: 1, peersIpv4: 2, peersIpv6: 1 });
    const counters = plane.readCounters();
    expect(counters[Counter.udpAnnouncesIpv4]! + counters[Counter.udpAnnouncesIpv6]!).toBe(2);
    expect(counters[Counter.httpAnnouncesIpv4]).toBe(1);
  });

  test('counts announces by the socket that they came to, and over HTTP by the host that they named', async () => {
    const plane = await start();
    const open = (transport: 'udp' | 'tcp', address: string) =>
      plane.open({ transport, address, port: 0 }, 'tracker');
    const sockets = [await open('udp', '127.0.0.1'), await open('udp', '::1')];
    const [first, second] = [await open('tcp', '127.0.0.1'), await open('tcp', '127.0.0.1')];
    const dns = await plane.open({ transport: 'udp', address: '127.0.0.1', port: 0 }, 'dns');
    const record = `TXT "BITTORRENT TCP:${first.port} TCP:${second.port}"`;
    const lines = ['$TTL 60', '@ SOA ns host 1 1 1 1 1', '@ NS ns', 'ns A 127.0.0.1'];
    const hosts = [`t ${record}`, `*.w ${record}`, `other ${record}`];
    const image = imageOf(`${[...lines, ...hosts].join('\n')}\n`, 'example.', { seed: plane.seed });
    await plane.publish({ images: [image], draining: [], hosts: ['t.example', '*.w.example'] });

    for (const port of [7001, 7002]) await announceUdp('127.0.0.1', sockets[0]!.port, port);
    await announceUdp('::1', sockets[1]!.port);
    for (const host of ['t.example', 'T.example.', 'a.w.example', 'other.example', 'foreign.test'])
      await announceHttp('127.0.0.1', first.port, { host });
    await announceHttp('127.0.0.1', second.port, { host: 't.example' });
    await announceHttp('127.0.0.1', second.port);
    await getHttp('127.0.0.1', second.port, `/scrape?info_hash=${'a'.repeat(20)}`, { host: 'b.w.example' });

    const counted = new Map(plane.sockets().map(({ listener, traffic }) => [listener.port, traffic]));
    expect([...sockets, first, second].map(({ port }) => counted.get(port))).toEqual([
      { announces: 2, scrapes: 0 },
      { announces: 1, scrapes: 0 },
      { announces: 5, scrapes: 0 },
      { announces: 2, scrapes: 1 },
    ]);
    expect(counted.get(dns.port)).toBeUndefined();
    expect([...plane.hostTraffic()]).toEqual([
      ['t.example', { announces: 3, scrapes: 0 }],
      ['*.w.example', { announces: 1, scrapes: 1 }],
    ]);
  });

  test('begins anew with the counts of a socket that is opened again, and of a host that comes back', async () => {
    const plane = await start();
    const lines = ['$TTL 60', '@ SOA ns host 1 1 1 1 1', '@ NS ns', 'ns A 127.0.0.1'];
    const socket = await plane.open({ transport: 'tcp', address: '127.0.0.1', port: 0 }, 'tracker');
    const record = `t TXT "BITTORRENT TCP:${socket.port}"`;
    const image = imageOf(`${[...lines, record].join('\n')}\n`, 'example.', { seed: plane.seed });
    const publish = (hosts: readonly string[]) => plane.publish({ images: [image], draining: [], hosts });
    await publish(['t.example']);
    await announceHttp('127.0.0.1', socket.port, { host: 't.example' });
    await plane.close(socket);
    expect(plane.sockets()).toEqual([]);
    await publish(['u.example']);
    expect([...plane.hostTraffic().keys()]).toEqual(['u.example']);
    await publish(['t.example']);
    await plane.open(socket, 'tracker');
    await announceHttp('127.0.0.1', socket.port, { host: 't.example' });
    expect(plane.sockets().map(({ traffic }) => traffic)).toEqual([{ announces: 1, scrapes: 0 }]);
    expect(plane.hostTraffic().get('t.example')).toEqual({ announces: 1, scrapes: 0 });
  });

  test('knows what its UDP sockets may hold', async () => {
    const plane = await start();
    for (const [transport, service] of [
      ['udp', 'dns'],
      ['udp', 'tracker'],
      ['tcp', 'tracker'],
    ] as const) {
      await plane.open({ transport, address: '127.0.0.1', port: 0 }, service);
    }
    const [dns, udp, tcp] = plane.sockets().map(({ receiveBuffer }) => receiveBuffer);
    expect(dns!.grantedOctets).toBeGreaterThan(1024);
    expect(dns!.grantedOctets).toBeLessThanOrEqual(dns!.wantedOctets);
    expect(udp).toEqual(dns);
    expect(tcp).toBeUndefined();
  });

  test('refuses a port that another program holds, even one that would share it', async () => {
    const plane = await start();
    const datagram = createSocket({ type: 'udp4', reusePort: true });
    const stream = createServer();
    onTestFinished(() => void datagram.close());
    onTestFinished(() => void stream.close());
    await new Promise<void>((resolve) => datagram.bind(0, '127.0.0.1', resolve));
    stream.listen(0, '127.0.0.1');
    await once(stream, 'listening');
    const taken = [
      { transport: 'udp', address: '127.0.0.1', port: datagram.address().port },
      { transport: 'tcp', address: '127.0.0.1', port: (stream.address() as { port: number }).port },
    ] as const;
    for (const listener of taken) {
      const error = await plane.open(listener, 'tracker').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BindError);
      expect(error).toMatchObject({ code: 'address-in-use', ...listener });
    }
  });

  test('frees a port that is closed, and answers what came before', async () => {
    const plane = await start();
    await plane.publish({ images: [zone(plane, 1)], draining: [] });
    const listener = await plane.open({ transport: 'udp', address: '127.0.0.1', port: 0 }, 'dns');
    const client = createSocket('udp4');
    onTestFinished(() => void client.close());
    client.connect(listener.port, '127.0.0.1');
    await once(client, 'connect');
    const answers = collect(client, 50);
    for (let id = 0; id < 50; id++) await sendQuery(client, id);
    await plane.close(listener);
    expect((await answers).size).toBe(50);
    const again = await plane.open(listener, 'dns');
    expect(again.port).toBe(listener.port);
  });

  test('stops twice, and its ports are free', async () => {
    const plane = await create();
    const listener = await plane.open({ transport: 'udp', address: '127.0.0.1', port: 0 }, 'dns');
    await Promise.all([plane.stop(), plane.stop()]);
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(listener.port, '127.0.0.1', resolve);
    });
    expect(socket.address().port).toBe(listener.port);
  });
});

describe('a data plane whose worker dies', () => {
  test.each([0, 1])('has another answer on the same sockets: packet worker %i', async (index) => {
    const plane = (await createThreaded(2)) as ThreadedDataPlane;
    onTestFinished(() => plane.stop());
    await plane.publish({ images: [zone(plane, 5)], draining: [] });
    const { port } = await plane.open({ transport: 'udp', address: '127.0.0.1', port: 0 }, 'dns');
    const dead = plane.workers()[index]!;
    await dead.kill();
    // From many source ports, so that both workers' sockets are asked.
    const asked = Array.from({ length: 32 }, () =>
      askUdp('127.0.0.1', port, { name: 'v.example', type: 'TXT' }),
    );
    for (const { answer } of await Promise.all(asked)) expect(answer).toEqual(['v.example. 60 IN TXT "5"']);
    expect(plane.workers()[index]).not.toBe(dead);
  });

  test('opens its TCP ports again', async () => {
    const plane = (await createThreaded(1)) as ThreadedDataPlane;
    onTestFinished(() => plane.stop());
    await plane.publish({ images: [zone(plane, 6)], draining: [] });
    const { port } = await plane.open({ transport: 'tcp', address: '127.0.0.1', port: 0 }, 'dns');
    await plane.workers().at(-1)!.kill();
    await plane.workers().at(-1)!.ready;
    await plane.publish({ images: [zone(plane, 7)], draining: [] });
    const { answer } = await askTcp('127.0.0.1', port, { name: 'v.example', type: 'TXT' });
    expect(answer).toEqual(['v.example. 60 IN TXT "7"']);
  });
});

/** Resolves with the ids of `count` answers. */
function collect(client: Socket, count: number): Promise<Set<number>> {
  const ids = new Set<number>();
  return new Promise((resolve) => {
    client.on('message', (message) => {
      ids.add(message.readUInt16BE(0));
      if (ids.size === count) resolve(ids);
    });
  });
}

function sendQuery(client: Socket, id: number): Promise<void> {
  const query = encodeQuery({ name: 'v.example', type: 'TXT', id });
  return new Promise((resolve, reject) => client.send(query, (error) => (error ? reject(error) : resolve())));
}
