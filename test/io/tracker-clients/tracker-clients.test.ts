// Both clients against Portolan's own tracker, npm's bittorrent-tracker, and servers that are none.

import { createSocket } from 'node:dgram';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Server as TrackerServer } from 'bittorrent-tracker';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatHex, textToOctets } from '../../../src/core/octets/text.ts';
import type { AnnounceQuery } from '../../../src/core/tracker/client/announce-query.ts';
import { formatAnnounceQuery, MAX_REPLY_OCTETS } from '../../../src/core/tracker/client/http-messages.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { randomOctets } from '../../../src/io/random.ts';
import {
  announceHttp,
  type HttpResult,
  type HttpTarget,
} from '../../../src/io/tracker-clients/http-tracker-client.ts';
import type { Reached } from '../../../src/io/tracker-clients/reached.ts';
import { createUdpTrackers, type UdpTrackers } from '../../../src/io/tracker-clients/udp-trackers.ts';
import { heldOctets } from '../../support/held-octets.ts';

const QUERY: AnnounceQuery = {
  infoHash: new Uint8Array(20).fill(0x61),
  peerId: textToOctets('-PT0001-abcdefghijkl'),
  port: 6881,
  uploaded: 0n,
  downloaded: 0n,
  left: 1000n,
  event: 'started',
  numwant: 50,
  key: '0000002a',
};
const LONG = 10_000;
const HERE = { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' };

const announceUdp: UdpTrackers['announce'] = (tracker, query, options) => {
  const trackers = createUdpTrackers({ clock: systemClock, randomOctets });
  onTestFinished(() => trackers.close());
  return trackers.announce(tracker, query, options);
};

function udpOptions(timeoutMilliseconds = LONG, signal = new AbortController().signal) {
  const urlData = textToOctets('/announce');
  return { urlData, timeoutMilliseconds, signal };
}

function httpOptions(timeoutMilliseconds = LONG, signal = new AbortController().signal) {
  return { userAgent: 'test', clock: systemClock, timeoutMilliseconds, signal };
}

function target(port: number, path = `/announce?${formatAnnounceQuery(QUERY)}`): HttpTarget {
  return { address: '127.0.0.1', port, hostname: 'tracker.example', isSecure: false, path };
}

async function startTracker(): Promise<{ udp: number; http: number }> {
  const server = new TrackerServer({ udp: true, http: true, ws: false, stats: false });
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  server.on('warning', () => {});
  await new Promise<void>((resolve) => server.listen(0, HERE, () => resolve()));
  return {
    udp: (server.udp.address() as AddressInfo).port,
    http: (server.http.address() as AddressInfo).port,
  };
}

/** In hexadecimal. This tracker lists the asker, too. */
function peersOf(reached: Reached<HttpResult>): string {
  if (reached.kind !== 'answered' || reached.result.kind !== 'announced') throw new Error('no list');
  return formatHex(reached.result.peers ?? new Uint8Array(0));
}

async function startHttp(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}

describe("npm's bittorrent-tracker", () => {
  test('is understood over UDP', async () => {
    const { udp } = await startTracker();
    const at = { address: '127.0.0.1', port: udp };
    await announceUdp(
      at,
      { ...QUERY, port: 7000, peerId: textToOctets('-PT0001-zzzzzzzzzzzz') },
      udpOptions(),
    );
    const reached = await announceUdp(at, QUERY, udpOptions());
    expect(reached).toMatchObject({
      kind: 'answered',
      result: { kind: 'announced', leechers: 2, seeders: 0 },
    });
    expect(peersOf(reached)).toMatch(/^7f000001(1b58|1ae1)/);
  });

  test('is understood over HTTP', async () => {
    const { http } = await startTracker();
    const other = formatAnnounceQuery({ ...QUERY, port: 7000, peerId: textToOctets('-PT0001-zzzzzzzzzzzz') });
    await announceHttp(target(http, `/announce?${other}`), httpOptions());
    const reached = await announceHttp(target(http), httpOptions());
    expect(reached).toMatchObject({
      kind: 'answered',
      result: { kind: 'announced', leechers: 2, seeders: 0 },
    });
    expect(peersOf(reached)).toMatch(/^7f000001(1b58|1ae1)/);
  });
});

describe('over UDP, what is no tracker', () => {
  test('is silence when nothing answers, and asked again meanwhile', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    let heard = 0;
    const abort = new AbortController();
    socket.on('message', () => {
      if (++heard === 2) abort.abort();
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const at = { address: '127.0.0.1', port: socket.address().port };
    expect(await announceUdp(at, QUERY, udpOptions(LONG, abort.signal))).toEqual({ kind: 'silence' });
    expect(await announceUdp(at, QUERY, udpOptions(20))).toEqual({ kind: 'silence' });
  });

  test('is unreachable when the port is closed', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    expect(await announceUdp({ address: '127.0.0.1', port }, QUERY, udpOptions())).toEqual({
      kind: 'unreachable',
      code: 'ECONNREFUSED',
    });
  });

  test('is unreachable when the system will not connect to it', async () => {
    const broadcast = { address: '255.255.255.255', port: 6969 };
    expect(await announceUdp(broadcast, QUERY, udpOptions())).toEqual({
      kind: 'unreachable',
      code: 'EACCES',
    });
  });

  test('nothing is sent for who has given up before', async () => {
    const at = { address: '127.0.0.1', port: 9 };
    expect(await announceUdp(at, QUERY, udpOptions(LONG, AbortSignal.abort()))).toEqual({ kind: 'silence' });
  });
});

describe('over HTTP, what is no tracker', () => {
  test.each<[string, RequestListener, object]>([
    ['a page', (_, response) => void response.end('<html>'), { kind: 'malformed' }],
    ['an error', (_, response) => void response.writeHead(404).end('no'), { kind: 'status', status: 404 }],
    [
      'another place',
      (_, response) => void response.writeHead(302, { location: '/' }).end(),
      { kind: 'status', status: 302 },
    ],
    [
      'a reason with an error',
      (_, response) => void response.writeHead(403).end('d14:failure reason2:noe'),
      { kind: 'refused', reason: 'no' },
    ],
    [
      'a body without end',
      (_, response) => {
        response.end(Buffer.alloc(MAX_REPLY_OCTETS + 1, 0x30));
      },
      { kind: 'malformed', message: 'the body is larger than 1048576 octets' },
    ],
    [
      'a body that is not packed as it says',
      (_, response) => void response.setHeader('content-encoding', 'deflate').end('d8:intervali900ee'),
      { kind: 'malformed', message: 'the body is not packed as its Content-Encoding says' },
    ],
  ])('%s is told apart', async (_what, listener, result) => {
    const port = await startHttp(listener);
    expect(await announceHttp(target(port), httpOptions())).toMatchObject({ kind: 'answered', result });
  });

  test('a name is spoken to by its name, at the address that was chosen', async () => {
    let host: string | undefined;
    const port = await startHttp((asked, response) => {
      host = asked.headers.host;
      response.end('d8:intervali60ee');
    });
    await announceHttp(target(port), httpOptions());
    expect(host).toBe(`tracker.example:${port}`);
  });

  test('is silence when nothing comes, and unreachable when the port is closed or hangs up', async () => {
    const silent = await startHttp(() => {});
    expect(await announceHttp(target(silent), httpOptions(30))).toEqual({ kind: 'silence' });
    expect(await announceHttp(target(silent), httpOptions(LONG, AbortSignal.abort()))).toEqual({
      kind: 'silence',
    });
    const rude = createTcpServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', () => resolve()));
    const { port } = rude.address() as AddressInfo;
    expect(await announceHttp(target(port), httpOptions())).toEqual({
      kind: 'unreachable',
      code: 'ECONNRESET',
    });
    await new Promise<void>((resolve) => rude.close(() => resolve()));
    expect(await announceHttp(target(port), httpOptions())).toEqual({
      kind: 'unreachable',
      code: 'ECONNREFUSED',
    });
  });
});

test('a body that comes octet by octet is held in not much more than its octets', async () => {
  const octets = 200_000;
  const sent = Promise.withResolvers<void>();
  const hostile = createTcpServer((socket) => {
    socket.on('error', () => {});
    const chunks = '1\r\nd\r\n'.repeat(octets);
    socket.once('data', () =>
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`, () => sent.resolve()),
    );
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => void hostile.close(() => resolve())));
  const { port } = hostile.address() as AddressInfo;
  const abort = new AbortController();
  const before = heldOctets();
  const waiting = announceHttp(target(port), httpOptions(LONG, abort.signal));
  await sent.promise;
  // What the kernel has of it is read meanwhile: up to 64 KiB a turn.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  const held = heldOctets() - before;
  abort.abort();
  expect(await waiting).toEqual({ kind: 'silence' });
  expect(held).toBeLessThan(20 * octets);
});
