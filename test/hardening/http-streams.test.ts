// HARDENING 21: connections to the HTTP tracker of a running server that do what connections should not. What a request
// may hold is for test/core/tracker/http.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { announceHttp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const ADDRESS = '127.0.0.1';
/** What a client that waits for a list of peers does not notice, on a busy machine. */
const AT_ONCE_MILLISECONDS = 1000;
/** The server's deadlines are ten and fifteen seconds, kept to the second. */
const DEADLINE_MILLISECONDS = 40_000;
/** Of 100,000, what the descriptors of a test's process allow: more than twice what the server keeps. */
const LEFT_CONNECTIONS = 10_000;

let server: ServerProcess;
let port = 0;
const clients: TcpClient[] = [];
beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  const zone = zoneText('tracker.example', `@ A 127.0.0.1\n@ TXT "BITTORRENT TCP:${port}"\n`);
  server = await startServer({ zones: { 'tracker.example.zone': zone } });
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  expect(await server?.stop()).toBe(0);
});

async function open(localAddress = ADDRESS): Promise<TcpClient> {
  const client = await connectTcp({ address: ADDRESS, port }, { localAddress });
  clients.push(client);
  return client;
}

/** Loopback addresses: one client may have no more than its share. */
const neighbour = (index: number): string => `127.0.${10 + (index % 100)}.1`;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function isServedAtOnce(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    expect(await announceHttp(ADDRESS, port, { peerPort: 7000 + round })).toContain('8:interval');
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MILLISECONDS);
  }
}

async function lastWords(octets: string): Promise<{ text: string; milliseconds: number }> {
  const client = await open();
  const startedAt = performance.now();
  client.send(Buffer.from(octets, 'latin1'));
  const text = (await client.ended()).toString('latin1');
  return { text, milliseconds: performance.now() - startedAt };
}

describe('line 21', () => {
  it.each([
    ['a TLS hello', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s on a clear port is closed at once', (_name, octets) =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 50; round++) {
        const { text, milliseconds } = await lastWords(octets);
        expect(text).toBe('');
        expect(milliseconds).toBeLessThan(AT_ONCE_MILLISECONDS);
      }
    }),
  );

  it.each([
    ['line', 'GET /'.padEnd(200_000, 'a')],
    ['fields', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(30_000)}`],
  ])('an endless %s gets 431', (_name, octets) =>
    endure(server, TRAFFIC, async () => {
      for (let round = 0; round < 20; round++)
        expect((await lastWords(octets)).text).toMatch(/^HTTP\/1\.1 431 /);
    }),
  );

  it(`${LEFT_CONNECTIONS} connections opened and left, half of them in the middle of a head: a newcomer is served at once`, () =>
    endure(server, TRAFFIC, async () => {
      const left: TcpClient[] = [];
      for (let first = 0; first < LEFT_CONNECTIONS; first += 100) {
        const some = await Promise.all(upTo(100).map((index) => open(neighbour(index))));
        for (const client of some.slice(50)) client.send('GET /announce HTTP/1.1\r\nHo');
        left.push(...some);
        if (first % 1000 === 0) await isServedAtOnce();
      }
      await isServedAtOnce();
      for (const client of left) client.destroy();
    }));

  it('heads that come octet by octet, pipelining without end and the idle are closed, and none costs much', () =>
    endure(server, TRAFFIC, async () => {
      const request = 'GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      const deaf = await Promise.all(upTo(5).map(() => open('127.0.3.1')));
      for (const { socket } of deaf) {
        socket.pause();
        for (let round = 0; round < 10; round++) socket.write(request.repeat(20_000));
      }
      const slow = await Promise.all(upTo(100).map((index) => open(neighbour(index))));
      const idle = await Promise.all(upTo(100).map((index) => open(neighbour(index))));
      let sent = 0;
      const dribble = setInterval(() => {
        const octet = request[sent++ % request.length]!;
        for (const client of slow) client.send(octet);
      }, 1000);
      try {
        await isServedAtOnce();
        const isOver = (): boolean =>
          [...slow, ...idle].every(({ socket }) => socket.destroyed || socket.readableEnded);
        expect(await waitUntil(isOver, DEADLINE_MILLISECONDS)).toBe(true);
      } finally {
        clearInterval(dribble);
      }
      const areDeafGone = (): boolean => deaf.every(({ socket }) => socket.destroyed || !socket.writable);
      for (const { socket } of deaf) socket.resume();
      expect(await waitUntil(areDeafGone, DEADLINE_MILLISECONDS)).toBe(true);
    }));
});
