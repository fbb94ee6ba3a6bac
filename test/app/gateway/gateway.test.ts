// Where announces go, and what comes back: against Portolan's own tracker, and trackers that a test writes.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_REPLY_OCTETS } from '../../../src/core/tracker/client/http-messages.ts';
import { decodeBencode } from '../../support/decode-bencode.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { answers, fails, txt } from '../../support/hostile-dns.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';
import { NOBODY, startUdpTracker } from '../../support/scripted-udp-tracker.ts';
import { serve, zoneText } from '../../support/serving.ts';
import { announceOf, startGateway } from './gateway-under-test.ts';

const EMPTY = 'd8:intervali900e5:peers0:e';

async function startHttp(listener: RequestListener, address = '127.0.0.1'): Promise<number> {
  const server = createServer(listener);
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, address, () => resolve()));
  return (server.address() as AddressInfo).port;
}

/** Keeps what it was asked, and answers the same to all. */
async function startTracker(body = EMPTY, status = 200): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const port = await startHttp((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    response.writeHead(status).end(Buffer.from(body, 'latin1'));
  });
  return { port, asked };
}

/** Moves the time on until the promise is settled; returns the seconds that it took. */
async function advanceUntil(clock: ManualClock, promise: Promise<unknown>): Promise<number> {
  const startedAt = clock.nowMilliseconds();
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  const settled = async (): Promise<boolean> => {
    if (!isSettled) await clock.advance(0.25);
    return isSettled;
  };
  await expect.poll(settled, { timeout: 10_000, interval: 5 }).toBe(true);
  return (clock.nowMilliseconds() - startedAt) / 1000;
}

const hexOf = (octets: unknown): string => Buffer.from(octets as Uint8Array).toString('hex');

describe('HTTP to UDP', () => {
  test('an announce reaches both families of the tracker, and the lists of both come back', async () => {
    const [port] = await findFreePorts(1);
    await serve({
      zones: {
        'own.test.zone': zoneText('own.test', `t A 127.0.0.1\nt AAAA ::1\nt TXT "BITTORRENT UDP:${port}"`),
      },
    });
    const { name, get } = await startGateway();
    name('t.own.test', `BITTORRENT UDP:${port}`, ['127.0.0.1', '::1']);
    await get(`http://t.own.test:1/announce?${announceOf('b', '&event=started')}`);
    const { status, body } = await get(`http://t.own.test:1/announce?${announceOf('c', '&event=started')}`);
    expect(status).toBe(200);
    const reply = decodeBencode(body);
    expect(reply).toMatchObject({ complete: 0, incomplete: 2 });
    const portOfB = (7000 + 98).toString(16);
    expect(hexOf(reply['peers'])).toBe(`7f000001${portOfB}`);
    expect(hexOf(reply['peers6'])).toBe(`${'00'.repeat(15)}01${portOfB}`);
    const scraped = await get(`http://t.own.test:1/scrape?info_hash=${'a'.repeat(20)}`);
    expect(scraped.body).toBe(
      `d5:filesd20:${'a'.repeat(20)}d8:completei0e10:downloadedi0e10:incompletei2eeee`,
    );
    await get(`http://t.own.test:1/announce?${announceOf('b', '&event=stopped')}`);
    await get(`http://t.own.test:1/announce?${announceOf('c', '&event=stopped')}`);
    expect((await get(`http://t.own.test:1/scrape?info_hash=${'a'.repeat(20)}`)).body).toContain(
      'incompletei0e',
    );
  });

  test('what BEP 15 has no field for goes along as URL data (BEP 41)', async () => {
    const tracker = await startUdpTracker();
    const { name, get } = await startGateway();
    name('udp.test', `BITTORRENT UDP:${tracker.port}`);
    await get(`http://udp.test/k/announce?${announceOf('b', '&ip=192.0.2.7&passkey=secret&key=0000002a')}`);
    const [request] = tracker.requests;
    expect(request!.subarray(98).toString('latin1')).toBe('\x02\x27/k/announce?ip=192.0.2.7&passkey=secret');
    expect(request!.readUInt32BE(88)).toBe(42);
  });

  test('an error packet becomes a failure reason', async () => {
    const tracker = await startUdpTracker();
    tracker.reply = () => 'not yours';
    const { name, get } = await startGateway();
    name('udp.test', `BITTORRENT UDP:${tracker.port}`);
    expect(await get(`http://udp.test/announce?${announceOf()}`)).toMatchObject({
      status: 200,
      body: 'd14:failure reason9:not yourse',
    });
  });

  test('a family that is silent holds nothing up for long, and is left out the next time', async () => {
    const tracker = await startUdpTracker();
    const silent = await startUdpTracker('::1', tracker.port);
    silent.reply = () => undefined;
    const clock = createManualClock();
    const { name, get } = await startGateway({ timeout: '60s' }, { clock });
    name('half.test', `BITTORRENT UDP:${tracker.port}`, ['127.0.0.1', '::1']);
    const first = get(`http://half.test/announce?${announceOf()}`);
    await expect.poll(() => [tracker, silent].map(({ requests }) => requests.length)).toEqual([1, 1]);
    const waited = await advanceUntil(clock, first);
    expect((await first).body).toContain('5:peers0:');
    // The silent one has a third of the time, and what the other said waits for it no longer than a second.
    expect(waited).toBeLessThan(20);
    await clock.advance(20);
    const heard = silent.actions.length;
    expect((await get(`http://half.test/announce?${announceOf('c')}`)).body).toContain('5:peers0:');
    expect([tracker.requests.length, silent.actions.length]).toEqual([2, heard]);
  });
});

describe('HTTP to HTTP', () => {
  test('path, query and reply are carried octet for octet', async () => {
    const reply = `d8:intervali900e5:peers6:\xff\x00abcd10:tracker id3:x\xe9ye`;
    const { port, asked } = await startTracker(reply);
    const { name, get } = await startGateway();
    name('web.test', `BITTORRENT TCP:${port}`);
    const query = `${announceOf('b', '&ip=192.0.2.7')}&x=%2F%zz`.replace('%zz', '%7e');
    const { status, body } = await get(`http://web.test:9/k/announce.php?${query}`);
    expect({ status, body }).toEqual({ status: 200, body: reply });
    expect(asked).toEqual([`web.test:${port} /k/announce.php?${query}`]);
  });

  test('line ends behind a reply are no harm', async () => {
    const { port } = await startTracker(`${EMPTY}\r\n`);
    const { name, get } = await startGateway();
    name('web.test', `BITTORRENT TCP:${port}`);
    expect((await get(`http://web.test/announce?${announceOf()}`)).body).toBe(`${EMPTY}\r\n`);
  });

  test('a passkey may stand behind announce and scrape', async () => {
    const { port, asked } = await startTracker();
    const { name, get } = await startGateway();
    name('own.test', `BITTORRENT TCP:${port}`);
    const paths = [
      `/announce/7kP2mX9qR4tV6wYz?${announceOf()}`,
      `/scrape/7kP2mX9qR4tV6wYz?info_hash=${'a'.repeat(20)}`,
    ];
    for (const path of paths) expect((await get(`http://own.test:1${path}`)).body).toBe(EMPTY);
    expect(asked).toEqual(paths.map((path) => `own.test:${port} ${path}`));
  });

  test('the name of the client and its password go along, and nothing else of its head', async () => {
    const heads: NodeJS.Dict<string | string[]>[] = [];
    const port = await startHttp((request, response) => {
      heads.push(request.headers);
      response.end(EMPTY);
    });
    const { name, get } = await startGateway();
    name('web.test', `BITTORRENT TCP:${port}`);
    const headers = {
      'user-agent': 'qBittorrent/5',
      authorization: 'Basic eA==',
      cookie: 'a=b',
      'proxy-authorization': 'Basic eQ==',
      'x-forwarded-for': '192.0.2.7',
    };
    await get(`http://web.test/announce?${announceOf()}`, { headers });
    expect(heads[0]).toEqual({
      host: `web.test:${port}`,
      'user-agent': 'qBittorrent/5',
      'accept-encoding': 'identity',
      authorization: 'Basic eA==',
      connection: 'keep-alive',
    });
  });

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync], // without the wrapper of zlib
  ])('what is packed by %s is unpacked', async (encoding, pack) => {
    const port = await startHttp((_, response) => {
      response.setHeader('content-encoding', encoding).end(pack(EMPTY));
    });
    const { name, get } = await startGateway();
    name('web.test', `BITTORRENT TCP:${port}`);
    expect((await get(`http://web.test/announce?${announceOf()}`)).body).toBe(EMPTY);
  });

  test('an IPv6 address is taken where no other answers', async () => {
    const port = await startHttp((_, response) => void response.end(EMPTY), '::1');
    const { name, get } = await startGateway();
    name('web.test', `BITTORRENT TCP:${port}`, ['127.0.0.1', '::1']);
    expect((await get(`http://web.test/announce?${announceOf()}`)).body).toBe(EMPTY);
  });
});

describe('the preference decides', () => {
  test('the first declared endpoint that answers gets the announce, in order, and a dead one costs once', async () => {
    const silent = await startUdpTracker();
    silent.reply = () => undefined;
    const { port, asked } = await startTracker();
    const [closed] = await findFreePorts(1);
    const clock = createManualClock();
    const { name, get } = await startGateway({ timeout: '60s' }, { clock });
    name('order.test', `BITTORRENT TCP:${closed} UDP:${silent.port} TCP:${port}`);
    const first = get(`http://order.test/announce?${announceOf()}`);
    await expect.poll(() => silent.requests.length).toBe(1);
    expect(asked).toEqual([]);
    expect(await advanceUntil(clock, first)).toBeGreaterThanOrEqual(20);
    expect((await first).body).toBe(EMPTY);
    const heard = silent.actions.length;
    expect((await get(`http://order.test/announce?${announceOf('c')}`)).body).toBe(EMPTY);
    expect({ asked: asked.length, heard: silent.actions.length }).toEqual({ asked: 2, heard });
  });

  test('denied is never, and nobody is asked', async () => {
    const { port, asked } = await startTracker();
    const { name, get, gateway } = await startGateway();
    name('denied.test', 'BITTORRENT DENY ALL');
    const { status, body } = await get(`http://denied.test:${port}/announce?${announceOf()}`);
    expect(status).toBe(200);
    expect(body).toBe('d14:failure reason45:the host says that it has no tracker (BEP 34)8:retry in5:nevere');
    expect(asked).toEqual([]);
    expect(gateway.counts()).toMatchObject({ requests: 1, denied: 1 });
  });

  test.each(['silent', 'conflict', 'failed'])('%s: the URL as it is', async (outcome) => {
    const { port, asked } = await startTracker();
    const { dns, get } = await startGateway();
    dns.on('same.test', (each) => {
      const { type } = each.query.questions![0]!;
      if (type === 'A') return answers({ name: 'same.test', type: 'A', ttl: 60, data: '127.0.0.1' })(each);
      if (type === 'AAAA' || outcome === 'silent') return answers()(each);
      if (outcome === 'failed') return fails('SERVFAIL')(each);
      return answers(txt('same.test', 'BITTORRENT UDP:1'), txt('same.test', 'BITTORRENT UDP:2'))(each);
    });
    expect((await get(`http://same.test:${port}/announce?${announceOf()}`)).body).toBe(EMPTY);
    expect(asked).toEqual([`same.test:${port} /announce?${announceOf()}`]);
  });

  test('an address has no preference', async () => {
    const { port } = await startTracker();
    const { get } = await startGateway();
    expect((await get(`http://127.0.0.1:${port}/announce?${announceOf()}`)).body).toBe(EMPTY);
  });
});

describe('what is no tracker', () => {
  test.each<[string, RequestListener, string]>([
    ['a page', (_, response) => void response.end('<html>'), 'what answers is no tracker'],
    ['a word', (_, response) => void response.end('down for maintenance'), 'what answers is no tracker'],
    ['a reply cut off', (_, response) => void response.end(EMPTY.slice(0, -1)), 'what answers is no tracker'],
    ['nothing', (_, response) => void response.end(), 'what answers is no tracker'],
    [
      'an error',
      (_, response) => void response.writeHead(500).end('no'),
      'the tracker answers with HTTP status 500',
    ],
    ['who hangs up', (request) => void request.socket.destroy(), 'the tracker cannot be reached'],
    ['silence', () => {}, 'the tracker does not answer'],
    [
      'half a reply',
      (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('d8:inter'),
      'the tracker does not answer',
    ],
    [
      'a body without end',
      (_, response) => {
        const more = setInterval(() => response.write(Buffer.alloc(65_536, 0x64)), 1);
        response.on('close', () => clearInterval(more));
      },
      'the answer of the tracker is too large',
    ],
    [
      'a bomb',
      (_, response) =>
        void response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(2 * MAX_REPLY_OCTETS))),
      'the answer of the tracker is too large',
    ],
    [
      'a bomb without a wrapper',
      (_, response) =>
        void response
          .setHeader('content-encoding', 'deflate')
          .end(deflateRawSync(Buffer.alloc(2 * MAX_REPLY_OCTETS))),
      'the answer of the tracker is too large',
    ],
    ...['gzip', 'deflate'].map((encoding): [string, RequestListener, string] => [
      `what is called ${encoding} and is not`,
      (_, response) => void response.setHeader('content-encoding', encoding).end(EMPTY),
      'the answer of the tracker is packed wrongly',
    ]),
    ...['file:///etc/passwd', 'udp://x.test:1', 'http://', '', '/\xff'].map(
      (location): [string, RequestListener, string] => [
        `a redirect to ${location}`,
        (_, response) => void response.writeHead(302, { location }).end(),
        'the tracker redirects to nowhere',
      ],
    ),
  ])('%s is a failure with a reason', async (_what, listener, reason) => {
    const port = await startHttp(listener);
    const { name, get } = await startGateway({ timeout: '3s' });
    name('wrong.test', `BITTORRENT TCP:${port}`);
    const { status, body } = await get(`http://wrong.test/announce?${announceOf()}`);
    expect({ status, body }).toEqual({ status: 200, body: `d14:failure reason${reason.length}:${reason}e` });
  });

  test('the next endpoint gets its chance', async () => {
    const page = await startHttp((_, response) => void response.end('down for maintenance'));
    const moved = await startHttp(
      (_, response) => void response.writeHead(301, { location: 'http://x.test/' }).end(),
    );
    const { port } = await startTracker();
    const { name, get } = await startGateway();
    name('second.test', `BITTORRENT TCP:${page} TCP:${moved} TCP:${port}`);
    expect((await get(`http://second.test/announce?${announceOf()}`)).body).toBe(EMPTY);
  });

  test('a redirect is handed to the client, and not followed', async () => {
    const { port, asked } = await startTracker();
    const location = `http://127.0.0.1:${port}/announce?${announceOf()}`;
    const moved = await startHttp((_, response) => void response.writeHead(302, { location }).end());
    const { name, get } = await startGateway();
    name('moved.test', undefined);
    const { status, headers } = await get(`http://moved.test:${moved}/announce?${announceOf()}`);
    expect({ status, location: headers['location'], asked }).toEqual({ status: 302, location, asked: [] });
  });

  test.each([
    ['/other/announce?a=1', 'http://moved.test:PORT/other/announce?a=1'],
    ['other/announce', 'http://moved.test:PORT/k/other/announce'],
    ['../x/./announce', 'http://moved.test:PORT/x/announce'],
    ['?a=1', 'http://moved.test:PORT/k/announce?a=1'],
    ['//other.test/announce', 'http://other.test/announce'],
    ['HTTP://Other.test:80/a/../announce', 'HTTP://Other.test:80/a/../announce'],
  ])('a redirect to %s leads to %s', async (location, expected) => {
    const moved = await startHttp((_, response) => void response.writeHead(307, { location }).end());
    const { name, get } = await startGateway();
    name('moved.test', undefined);
    const { status, headers } = await get(`http://moved.test:${moved}/k/announce?${announceOf()}`);
    expect({ status, location: headers['location'] }).toEqual({
      status: 307,
      location: expected.replace('PORT', String(moved)),
    });
  });

  test('the redirect of the first that has one is handed over where nothing better answers', async () => {
    const moved = await startHttp(
      (_, response) => void response.writeHead(302, { location: '/first' }).end(),
    );
    const other = await startHttp(
      (_, response) => void response.writeHead(301, { location: '/second' }).end(),
    );
    const page = await startHttp((_, response) => void response.end('<html>'));
    const [closed] = await findFreePorts(1);
    const { name, get } = await startGateway();
    name('moved.test', `BITTORRENT TCP:${closed} TCP:${moved} TCP:${other} TCP:${page}`);
    const { status, headers } = await get(`http://moved.test/announce?${announceOf()}`);
    expect({ status, location: headers['location'] }).toEqual({
      status: 302,
      location: `http://moved.test:${moved}/first`,
    });
  });

  test('a host without address, and one that cannot be looked up', async () => {
    const { name, dns, get } = await startGateway();
    name('empty.test', undefined, []);
    dns.on('broken.test', fails('SERVFAIL'));
    expect((await get(`http://empty.test/announce?${announceOf()}`)).body).toContain('has no address');
    expect((await get(`http://broken.test/announce?${announceOf()}`)).body).toContain('cannot be looked up');
  });
});

describe('identical announces in flight', () => {
  test('of one client are one, of two clients, or of two peers, are two', async () => {
    const asked: string[] = [];
    const held: (() => void)[] = [];
    const port = await startHttp((request, response) => {
      asked.push(request.url!);
      held.push(() => response.end(EMPTY));
    });
    const { name, get, gateway } = await startGateway();
    name('many.test', `BITTORRENT TCP:${port}`);
    const url = `http://many.test/announce?${announceOf()}`;
    const replies = [
      get(url),
      get(url),
      get(url, { localAddress: '127.0.0.2' }),
      get(`http://many.test/announce?${announceOf('c')}`),
      get(`${url}&event=stopped`),
      get(url, { headers: { 'user-agent': 'another' } }),
    ];
    await expect.poll(() => gateway.counts().requests).toBe(6);
    await expect.poll(() => asked.length).toBe(5);
    for (const release of held) release();
    for (const { body } of await Promise.all(replies)) expect(body).toBe(EMPTY);
    expect(asked).toHaveLength(5);
    expect(gateway.counts()).toMatchObject({ coalesced: 1, carriedOverHttp: 6 });
    const later = get(url);
    await expect.poll(() => asked.length).toBe(6);
    held.at(-1)!();
    expect((await later).body).toBe(EMPTY);
  });
});

test('what is too much is refused at once, and what is under way goes on', async () => {
  const tracker = await startUdpTracker();
  let released = false;
  tracker.reply = () => (released ? NOBODY : undefined);
  const { name, get } = await startGateway({ timeout: '9s' });
  name('busy.test', `BITTORRENT UDP:${tracker.port}`);
  const ask = (index: number) => get(`http://busy.test/announce?${announceOf()}&x=${index}`);
  const first = Array.from({ length: 256 }, (_, index) => ask(index));
  await expect.poll(() => tracker.requests.length).toBeGreaterThanOrEqual(256);
  expect(await ask(256)).toMatchObject({ status: 503, body: expect.stringContaining('too many announces') });
  released = true;
  for (const { body } of await Promise.all(first)) expect(body).toContain('5:peers0:');
});
