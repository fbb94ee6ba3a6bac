// HARDENING 21 over TLS: connections to the HTTPS tracker of a running server that do what connections should not.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectSecured } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { announceRequest, connectHttps } from '../support/https-client.ts';
import { zoneText } from '../support/serving.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { announceHttp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const ADDRESS = '127.0.0.1';
/** What a client that waits for a list of peers does not notice, on a busy machine. */
const AT_ONCE_MILLISECONDS = 1000;
/** The server's deadlines are ten seconds for the first octet and ten for the rest, kept to the second. */
const DEADLINE_MILLISECONDS = 40_000;

const files = createFolder();
let server: ServerProcess;
let port = 0;
let hello: Buffer;
const clients: TcpClient[] = [];
beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  const { certificate, key } = createTestIdentity();
  const paths = { certificate: join(files.path, 'certificate.pem'), key: join(files.path, 'key.pem') };
  writeFileSync(paths.certificate, certificate);
  writeFileSync(paths.key, key);
  const zone = zoneText('tracker.example', `@ A 127.0.0.1\n@ TXT "BITTORRENT TCP:${port}"\n`);
  server = await startServer({
    zones: { 'tracker.example.zone': zone },
    settings: ['--tls-certificate', paths.certificate, '--tls-key', paths.key],
  });
  hello = await captureHello();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  expect(await server?.stop()).toBe(0);
  files.remove();
});

/** What a client of TLS says first. */
async function captureHello(): Promise<Buffer> {
  const listener = createServer().listen(0, ADDRESS);
  await once(listener, 'listening');
  const client = connectSecured({ host: ADDRESS, port: (listener.address() as AddressInfo).port });
  client.on('error', () => {});
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const [octets] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  listener.close();
  return octets;
}

/** Loopback addresses: one client may have no more than its share. */
const neighbour = (index: number): string => `127.0.${10 + (index % 100)}.1`;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function open(localAddress = ADDRESS): Promise<TcpClient> {
  const client = await connectTcp({ address: ADDRESS, port }, { localAddress });
  clients.push(client);
  return client;
}

async function announceHttps(): Promise<string> {
  const client = await connectHttps({ address: ADDRESS, port });
  const answer = await client.ask(announceRequest());
  client.socket.destroy();
  return answer;
}

/** In clear text and over TLS. */
async function isServedAtOnce(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    expect(await announceHttp(ADDRESS, port, { peerPort: 7000 + round })).toContain('8:interval');
    expect(await announceHttps()).toContain('8:interval');
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MILLISECONDS);
  }
}

async function areOver(some: readonly TcpClient[]): Promise<boolean> {
  return await waitUntil(
    () => some.every(({ socket }) => socket.destroyed || socket.readableEnded),
    DEADLINE_MILLISECONDS,
  );
}

/** A record of TLS as its head says (RFC 8446 §5.1). */
function record(length: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x16, 3, 1, length >> 8, length & 0xff]), content]);
}

describe('line 21, over TLS', () => {
  it.each<[string, () => Uint8Array]>([
    ['noise behind its first octet', () => Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2000, 0xa5)])],
    ['a record longer than there are', () => record(65_535, Buffer.alloc(4000, 1))],
    ['a handshake that is no hello', () => record(4, Buffer.from([2, 0, 0, 0]))],
    ['an empty record', () => record(0, Buffer.alloc(100))],
    [
      'a hello of which a length is wrong',
      () => hello.map((octet, at) => (at === 43 ? octet ^ 0xff : octet)),
    ],
    ['a request in clear text behind its head', () => record(100, Buffer.from(announceRequest()))],
  ])('%s ends a connection at once', (_name, octets) =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 50; round++) {
        const client = await open(neighbour(round));
        client.send(octets());
        const startedAt = performance.now();
        expect((await client.ended()).toString('latin1')).not.toContain('HTTP');
        expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MILLISECONDS);
      }
      await isServedAtOnce();
    }),
  );

  it('hellos cut short or come octet by octet, and the silent behind a hello, are closed', () =>
    endure(server, TRAFFIC, async () => {
      const slow = await Promise.all(upTo(50).map((index) => open(neighbour(index))));
      const short = await Promise.all(upTo(50).map((index) => open(neighbour(index))));
      const silent = await Promise.all(upTo(50).map((index) => open(neighbour(index))));
      for (const [index, client] of short.entries()) client.send(hello.subarray(0, 1 + 4 * index));
      for (const client of silent) client.send(hello);
      let sent = 0;
      const dribble = setInterval(() => {
        const at = sent++;
        for (const client of slow) client.send(hello.subarray(at, at + 1));
      }, 500);
      try {
        await isServedAtOnce();
        expect(await areOver([...slow, ...short, ...silent])).toBe(true);
      } finally {
        clearInterval(dribble);
      }
    }));

  it('1000 handshakes begun and left: a newcomer is served at once', () =>
    endure(server, TRAFFIC, async () => {
      const left: TcpClient[] = [];
      for (let first = 0; first < 1000; first += 100) {
        const some = await Promise.all(upTo(100).map((index) => open(neighbour(index))));
        for (const client of some) client.send(hello);
        await Promise.all(some.map((client) => client.received(1)));
        for (const client of some.slice(50)) client.reset();
        left.push(...some);
        if (first % 500 === 0) await isServedAtOnce();
      }
      await isServedAtOnce();
      for (const client of left) client.destroy();
    }));

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused', (version) =>
    endure(server, TRAFFIC, async () => {
      const tls = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      for (let round = 0; round < 20; round++)
        await expect(connectTcp({ address: ADDRESS, port }, { tls })).rejects.toMatchObject({
          code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        });
    }),
  );

  it('a client that negotiates anew is told no, however often', () =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 50; round++) {
        const client = await connectHttps({ address: ADDRESS, port }, { maxVersion: 'TLSv1.2' });
        expect(await client.ask(announceRequest())).toContain('8:interval');
        const refusal = await new Promise<Error | null>((resolve) => {
          client.socket.once('error', resolve);
          client.socket.renegotiate({ rejectUnauthorized: false }, resolve);
        });
        expect(refusal).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
        client.socket.destroy();
      }
      await isServedAtOnce();
    }));

  it('endless heads and pipelining without end are cut off inside of it too', () =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 5; round++) {
        const client = await connectTcp({ address: ADDRESS, port }, { tls: {} });
        client.send('GET /'.padEnd(100_000, 'a'));
        expect((await client.ended()).toString()).toMatch(/^HTTP\/1\.1 431 /);
      }
      const closed = (): Promise<number> => server.metric('portolan_tracker_connections_closed_total');
      const before = await closed();
      const deaf = await Promise.all(upTo(5).map(() => connectTcp({ address: ADDRESS, port }, { tls: {} })));
      const request = 'GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      for (const { socket } of deaf) {
        socket.pause();
        for (let round = 0; round < 5; round++) socket.write(request.repeat(20_000));
      }
      await isServedAtOnce();
      await expect.poll(closed, { timeout: DEADLINE_MILLISECONDS, interval: 500 }).toBe(before + 5);
      for (const { socket } of deaf) socket.destroy();
    }));
});
