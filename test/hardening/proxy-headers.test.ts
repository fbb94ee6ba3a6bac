// HARDENING 22: PROXY headers from who is no proxy, and what no proxy should send, to the HTTP tracker of a running server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { announceRequest } from '../support/https-client.ts';
import { binaryHeader, IPV4_ADDRESSES, SIGNATURE } from '../support/proxy-headers.ts';
import { zoneText } from '../support/serving.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { announceHttp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const ADDRESS = '127.0.0.1';
const PROXY = '127.0.0.9';
/** What a client that waits for a list of peers does not notice, on a busy machine. */
const AT_ONCE_MILLISECONDS = 1000;
/** The server's deadline is ten seconds, kept to the second. */
const DEADLINE_MILLISECONDS = 30_000;
const CONNECTIONS = 1000;
const LINE = 'PROXY TCP4 192.0.2.66 203.0.113.9 56324 80\r\n';
const VICTIM = '\xc0\0\x02\x42';

let server: ServerProcess;
let port = 0;
const clients: TcpClient[] = [];
beforeAll(async () => {
  [port] = (await findFreePorts(1)) as [number];
  const zone = zoneText('tracker.example', `@ A 127.0.0.1\n@ TXT "BITTORRENT TCP:${port}"\n`);
  server = await startServer({
    zones: { 'tracker.example.zone': zone },
    settings: ['--tracker-proxies', PROXY, '--tracker-proxy-protocol', 'on'],
  });
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  expect(await server?.stop()).toBe(0);
});

async function open(localAddress: string): Promise<TcpClient> {
  const client = await connectTcp({ address: ADDRESS, port }, { localAddress });
  clients.push(client);
  return client;
}

/** Loopback addresses: one client may have no more than its share. */
const neighbour = (index: number): string => `127.0.${10 + (index % 100)}.1`;
const refused = (): Promise<number> => server.metric('portolan_tracker_proxy_refused_total');

/** For clients without a proxy, and for those behind it. */
async function isServedAtOnce(): Promise<void> {
  const startedAt = performance.now();
  const direct = await announceHttp(ADDRESS, port, { peerPort: 7000 });
  expect(direct).toContain('8:interval');
  expect(direct).not.toContain(VICTIM);
  const client = await open(PROXY);
  client.send(`PROXY TCP4 192.0.2.1 203.0.113.9 1 80\r\n${announceRequest({ peerPort: 7001, close: true })}`);
  const proxied = (await client.ended()).toString('latin1');
  expect(proxied).toContain('11:external ip4:\xc0\0\x02\x01');
  expect(proxied).not.toContain(VICTIM);
  expect(performance.now() - startedAt).toBeLessThan(2 * AT_ONCE_MILLISECONDS);
}

/** Sends it from there on so many connections, each followed by an announce, and gets nothing for it. */
async function isRefused(
  octets: Uint8Array,
  from: (index: number) => string,
  connections: number,
): Promise<void> {
  const before = await refused();
  for (let first = 0; first < connections; first += 100) {
    const some = await Promise.all(
      Array.from({ length: Math.min(100, connections) }, (_, index) => open(from(first + index))),
    );
    for (const client of some) client.send(octets);
    for (const client of some) expect((await client.ended()).length).toBe(0);
  }
  expect(await waitUntil(async () => (await refused()) === before + connections, AT_ONCE_MILLISECONDS)).toBe(
    true,
  );
}

const withAnnounce = (header: Uint8Array | string): Buffer =>
  Buffer.concat([Buffer.from(header), Buffer.from(announceRequest({ peerPort: 7066 }))]);

describe('line 22', () => {
  it.each([
    ['of version 1', withAnnounce(LINE)],
    ['of version 2', withAnnounce(binaryHeader('2111', IPV4_ADDRESSES))],
    ['LOCAL', withAnnounce(binaryHeader('2000'))],
    ['UNKNOWN', withAnnounce('PROXY UNKNOWN\r\n')],
    ['longer than any', binaryHeader('2111', '00'.repeat(60_000))],
  ])('a header of a stranger, %s, is refused and never believed', (_name, octets) =>
    endure(server, TRAFFIC, async () => {
      await isRefused(octets, neighbour, 50);
      await isServedAtOnce();
    }),
  );

  it(`${CONNECTIONS} connections of strangers that send nothing but "PROXY "`, () =>
    endure(server, TRAFFIC, async () => {
      await isRefused(Buffer.from('PROXY '), neighbour, CONNECTIONS);
      await isServedAtOnce();
    }));

  it.each([
    ['that is a request', Buffer.from(announceRequest())],
    ['that is a TLS hello', Buffer.from('16030102', 'hex')],
    ['longer than any', binaryHeader('2111', IPV4_ADDRESSES, '00'.repeat(60_000))],
    ['that says so of itself', Buffer.from(`${SIGNATURE}2111ffff`, 'hex')],
    ['without an end', Buffer.from('PROXY TCP4 '.padEnd(200_000, '1'))],
    ['with addresses cut short', binaryHeader('2121', IPV4_ADDRESSES)],
    ['with a wrong checksum', withAnnounce(binaryHeader('2111', IPV4_ADDRESSES, '03 0004 00000000'))],
    ['twice', withAnnounce(LINE + LINE)],
  ])('a header of a proxy %s closes the connection', (_name, octets) =>
    endure(server, TRAFFIC, async () => {
      await isRefused(octets, () => PROXY, 50);
      await isServedAtOnce();
    }),
  );

  it(`${CONNECTIONS} connections of a proxy with half a header are closed in time, and others are served meanwhile`, () =>
    endure(server, TRAFFIC, async () => {
      const before = await refused();
      const halves = [
        LINE.slice(0, 6),
        LINE.slice(0, 30),
        Buffer.from(SIGNATURE, 'hex'),
        binaryHeader('2111', IPV4_ADDRESSES).subarray(0, 27),
      ];
      const half: TcpClient[] = [];
      for (let first = 0; first < CONNECTIONS; first += 100) {
        const some = await Promise.all(Array.from({ length: 100 }, () => open(PROXY)));
        for (const [index, client] of some.entries()) client.send(halves[index % halves.length]!);
        half.push(...some);
        if (first % 500 === 0) await isServedAtOnce();
      }
      await isServedAtOnce();
      const isOver = (): boolean => half.every(({ socket }) => socket.destroyed || socket.readableEnded);
      expect(isOver()).toBe(false);
      expect(await waitUntil(isOver, DEADLINE_MILLISECONDS)).toBe(true);
      for (const client of half) expect((await client.ended()).length).toBe(0);
      expect(await refused()).toBe(before);
    }));
});
