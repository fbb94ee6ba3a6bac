// What any data plane does at a tracker port with a certificate: clear HTTP and HTTPS, told apart by the first octet.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { DataPlane } from '../../src/app/data-plane/data-plane.ts';
import { createLocalDataPlane } from '../../src/app/data-plane/local-data-plane.ts';
import { ThreadedDataPlane } from '../../src/app/data-plane/threaded-data-plane.ts';
import { Counter } from '../../src/core/counters.ts';
import type { Listener } from '../../src/core/net/endpoint.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import type { ZoneImage } from '../../src/core/zone/image/image.ts';
import { systemClock } from '../../src/io/clock.ts';
import { silentLogger } from '../../src/io/log.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../src/io/random.ts';
import { imageOf } from '../support/authority-of.ts';
import { announceRequest, connectHttps, type HttpsClient } from '../support/https-client.ts';
import { connectTcp } from '../support/tcp-client.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { announceHttp } from '../support/tracker-clients.ts';

const common = {
  udpPayload: 1232,
  settings: DEFAULT_TRACKER_SETTINGS,
  clock: systemClock,
  logger: silentLogger,
  randomOctets,
};
const ADDRESS = '127.0.0.1';
const identity = createTestIdentity({ serial: 1 });

const onLinux = process.platform === 'linux';
const IMPLEMENTATIONS = [
  { name: 'on the event loop', create: async () => createLocalDataPlane(common) },
  ...(onLinux
    ? [
        { name: 'on two packet workers', create: () => createThreaded(2) },
        { name: 'on the stream worker alone', create: () => createThreaded(1, true) },
      ]
    : []),
];

async function createThreaded(workerCount: number, withoutStreamLoop = false): Promise<DataPlane> {
  const plane = new ThreadedDataPlane({ ...common, libc: loadLibc(), workerCount, withoutStreamLoop });
  await plane.ready();
  return plane;
}

function zone(plane: DataPlane): ZoneImage {
  const lines = [
    '$TTL 60',
    '@ SOA ns host 1 1 1 1 1',
    '@ NS ns',
    'ns A 127.0.0.1',
    't TXT "BITTORRENT TCP:7"',
  ];
  return imageOf(`${lines.join('\n')}\n`, 'example.', { seed: plane.seed });
}

describe.each(IMPLEMENTATIONS)('a tracker port with a certificate, $name,', ({ create }) => {
  async function start(address = ADDRESS): Promise<{ plane: DataPlane; listener: Listener }> {
    const plane = await create();
    onTestFinished(() => plane.stop());
    await plane.identify(identity);
    return { plane, listener: await plane.open({ transport: 'tcp', address, port: 0 }, 'tracker') };
  }

  async function connect(
    listener: Listener,
    options: Parameters<typeof connectHttps>[1] = {},
  ): Promise<HttpsClient> {
    const client = await connectHttps(listener, options);
    onTestFinished(() => void client.socket.destroy());
    return client;
  }

  test.each([ADDRESS, '::1'])('serves one swarm in clear text and over TLS on %s', async (address) => {
    const { plane, listener } = await start(address);
    expect(await announceHttp(address, listener.port, { peerPort: 7001 })).toContain('10:incompletei1e');
    const client = await connect(listener);
    expect(await client.ask(announceRequest({ peerPort: 7002 }))).toContain('10:incompletei2e');
    expect(plane.sockets().map(({ traffic }) => traffic?.announces)).toEqual([2]);
    expect(await announceHttp(address, listener.port, { peerPort: 7003 })).toContain('10:incompletei3e');
    const counters = plane.readCounters();
    const family = address.includes(':') ? Counter.httpAnnouncesIpv6 : Counter.httpAnnouncesIpv4;
    expect(counters[family]).toBe(3);
    expect(plane.sockets().map(({ traffic }) => traffic)).toEqual([{ announces: 3, scrapes: 0 }]);
  });

  test.skipIf(!onLinux)('takes the address of the connection for that of the client', async () => {
    const { listener } = await start();
    const first = await connect(listener, { localAddress: '127.0.0.7' });
    expect(await first.ask(announceRequest({ peerPort: 0x1122 }))).toContain('11:external ip4:\x7f\0\0\x07');
    const second = await connect(listener, { localAddress: '127.0.0.8' });
    expect(await second.ask(announceRequest())).toContain('5:peers6:\x7f\0\0\x07\x11\x22');
  });

  test('proves who it is, and speaks HTTP/1.1', async () => {
    const { listener } = await start();
    const client = await connect(listener, {
      ca: identity.certificate,
      servername: 'ns.test',
      rejectUnauthorized: true,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    expect(client.socket.alpnProtocol).toBe('http/1.1');
    await expect(connectHttps(listener, { ALPNProtocols: ['h2'] })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    });
  });

  test('names URLs as they were asked for', async () => {
    const { plane, listener } = await start();
    await plane.publish({ images: [zone(plane)], draining: [] });
    const announce = await (await connect(listener)).ask(announceRequest({ host: 't.example' }));
    expect(announce).toContain('announce to https://t.example:7/announce');
    const { port } = listener;
    expect(await announceHttp(ADDRESS, port, { host: 't.example' })).toContain('http://t.example:7/announce');
    const page = await (await connect(listener)).ask('GET / HTTP/1.1\r\nHost: t.example\r\n\r\n');
    expect(page).toContain('https://t.example:7/announce');
  });

  test('keeps connections, answers what is sent at once in order, and ends when it is asked to', async () => {
    const { listener } = await start();
    const client = await connect(listener);
    for (let round = 0; round < 20; round++)
      expect(await client.ask(announceRequest({ peerPort: 7000 + round }))).toContain(
        `10:incompletei${round + 1}e`,
      );
    const requests = [announceRequest({ peerPort: 8001 }), announceRequest({ peerPort: 8002, close: true })];
    client.socket.write(requests.join(''));
    const replies = await client.ended();
    expect(replies.match(/incompletei\d+e/g)).toEqual(['incompletei21e', 'incompletei22e']);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('goes on with a session over %s', async (version) => {
    const { listener } = await start();
    const only = { minVersion: version, maxVersion: version };
    const first = await connect(listener, only);
    await first.ask(announceRequest());
    const session = await first.session();
    for (let round = 0; round < 8; round++) {
      const again = await connect(listener, { ...only, session });
      expect(again.socket.isSessionReused()).toBe(true);
      expect(await again.ask(announceRequest())).toContain('8:interval');
    }
  });

  test('takes another certificate for handshakes to come, and leaves connections as they are', async () => {
    const { plane, listener } = await start();
    const before = await connect(listener);
    await before.ask(announceRequest());
    await plane.identify(createTestIdentity({ serial: 2 }));
    const after = await connect(listener);
    const serials = [before, after].map(({ socket }) => socket.getPeerCertificate().serialNumber);
    expect(serials).toEqual(['01', '02']);
    for (const client of [before, after]) expect(await client.ask(announceRequest())).toContain('8:interval');
  });

  test('ends its connections when it is closed, and is free then', async () => {
    const { plane, listener } = await start();
    const client = await connect(listener);
    await client.ask(announceRequest());
    await plane.close(listener);
    expect(await client.ended()).toBe('');
    await expect(connectTcp(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const again = await plane.open(listener, 'tracker');
    expect(await (await connect(again)).ask(announceRequest())).toContain('8:interval');
  });

  test('is for many clients at once', async () => {
    const { listener } = await start();
    const announce = async (peerPort: number): Promise<string> => {
      const client = await connect(listener, { localAddress: ADDRESS });
      return await client.ask(announceRequest({ peerPort, close: true }));
    };
    const replies = await Promise.all(Array.from({ length: 100 }, (_, index) => announce(9000 + index)));
    for (const reply of replies) expect(reply).toContain('8:interval');
  });
});

describe.each(IMPLEMENTATIONS)('a tracker port without a certificate, $name,', ({ create }) => {
  test('ends a connection that begins with a TLS hello at once', async () => {
    const plane = await create();
    onTestFinished(() => plane.stop());
    const listener = await plane.open({ transport: 'tcp', address: ADDRESS, port: 0 }, 'tracker');
    await expect(connectHttps(listener)).rejects.toThrow();
    expect(await announceHttp(ADDRESS, listener.port)).toContain('8:interval');
  });
});
