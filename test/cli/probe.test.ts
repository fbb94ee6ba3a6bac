// The command against trackers that are right (Portolan's own, npm's) and servers that are wrong in one way each.

import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { setDefaultCACertificates } from 'node:tls';
import { Server as TrackerServer } from 'bittorrent-tracker';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runCaptured } from '../support/captured-io.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { answers, createHostileDns, fails, type HostileDns, txt } from '../support/hostile-dns.ts';
import { serve, zoneText } from '../support/serving.ts';
import { createTestIdentity } from '../support/test-certificate.ts';

let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
});

afterAll(() => dns.close());

interface Row {
  readonly scheme: string;
  readonly port: number;
  readonly family?: number;
  readonly address?: string;
  readonly milliseconds?: number;
  readonly ok: boolean;
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

async function probe(...args: string[]): Promise<{ rows: Row[]; codes: string[]; exitCode: number }> {
  const { stdout, stderr, exitCode } = await runCaptured([
    'probe',
    '--json',
    '--resolver',
    dns.server,
    ...args,
  ]);
  expect(stderr).toBe('');
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  return { rows, codes: rows.flatMap(({ problems }) => problems.map(({ code }) => code)), exitCode };
}

/** A name with these addresses and this record; every other type is answered with nothing. */
function name(host: string, record: string | undefined, addresses: readonly string[]): void {
  dns.on(host, (asked) => {
    const { type } = asked.query.questions![0]!;
    if (type === 'TXT') return answers(...(record === undefined ? [] : [txt(host, record)]))(asked);
    const data = addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
    return answers(...data.map((each) => ({ name: host, type: type as 'A', ttl: 60, data: each })))(asked);
  });
}

async function listening(server: Server, address = '127.0.0.1'): Promise<number> {
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(0, address, () => resolve()));
  return (server.address() as AddressInfo).port;
}

function startHttp(listener: RequestListener, address?: string): Promise<number> {
  const server = createHttpServer(listener);
  onTestFinished(() => server.closeAllConnections());
  return listening(server, address);
}

const replyWith = (body: string, status = 200): RequestListener => {
  return (_, response) => void response.writeHead(status).end(Buffer.from(body, 'latin1'));
};

describe('trackers that are right', () => {
  test("Portolan's own, over both transports and both families, and nothing stays behind", async () => {
    const [port] = await findFreePorts(1);
    const { server } = await serve({
      zones: {
        'own.test.zone': zoneText(
          'own.test',
          `t A 127.0.0.1\nt AAAA ::1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`,
        ),
      },
    });
    name('t.own.test', `BITTORRENT UDP:${port} TCP:${port}`, ['127.0.0.1', '::1']);
    const { rows, codes, exitCode } = await probe('t.own.test');
    expect(rows.map(({ scheme, family, address }) => `${scheme} ${family} ${address}`)).toEqual([
      'udp 4 127.0.0.1',
      'udp 6 ::1',
      'http 4 127.0.0.1',
      'http 6 ::1',
    ]);
    expect({ codes, exitCode }).toEqual({ codes: [], exitCode: 0 });
    expect(rows.every(({ ok, milliseconds }) => ok && milliseconds !== undefined)).toBe(true);
    expect(server.status().swarm).toMatchObject({ peersIpv4: 0, peersIpv6: 0 });
  });

  test("npm's bittorrent-tracker over IPv4", async () => {
    const tracker = new TrackerServer({ udp: true, http: true, ws: false, stats: false });
    onTestFinished(() => new Promise<void>((resolve) => tracker.close(() => resolve())));
    tracker.on('warning', () => {});
    await new Promise<void>((resolve) =>
      tracker.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' }, () => resolve()),
    );
    const ports = [tracker.udp, tracker.http].map((socket) => (socket.address() as AddressInfo).port);
    name('npm.test', `BITTORRENT UDP:${ports[0]} TCP:${ports[1]}`, ['127.0.0.1']);
    expect(await probe('npm.test')).toMatchObject({ codes: [], exitCode: 0 });
  });
});

describe('what is wrong is named', () => {
  test.each<[string, RequestListener, string[]]>([
    ['a page', replyWith('<html>'), ['malformed']],
    ['nothing at all', replyWith(''), ['malformed']],
    ['an error', replyWith('no', 404), ['status']],
    ['a redirect', replyWith('', 302), ['redirect']],
    ['a refusal', replyWith('d14:failure reason2:noe'), ['refused']],
    ['peers of odd size', replyWith('d8:intervali900e5:peers5:abcdee'), ['malformed']],
    ['no peers', replyWith('d8:intervali900ee'), ['no-peers']],
    ['an interval of a second', replyWith('d8:intervali1e5:peers0:e'), ['interval']],
    ['an interval of a year', replyWith('d8:intervali31536000e5:peers0:e'), ['interval']],
    [
      'IPv6 peers where only IPv4 announced',
      replyWith('d8:intervali900e5:peers0:6:peers618:aaaaaaaaaaaaaaaabbe'),
      ['wrong-family'],
    ],
  ])('over HTTP: %s', async (_what, listener, expected) => {
    const port = await startHttp(listener);
    name('wrong.test', `BITTORRENT TCP:${port}`, ['127.0.0.1']);
    expect(await probe('wrong.test')).toMatchObject({ codes: expected, exitCode: 1 });
  });

  test.each([
    ['https://new.test/announce?passkey=secretsecretsecret', 'https://new.test/announce'],
    ['/7kP2mX9qR4tV6wYz/announce', 'http://moved.test:PORT/…/announce'],
    ['udp://new.test:1/announce', undefined],
    [undefined, undefined],
  ])('over HTTP: a redirect to %s', async (location, shown) => {
    const port = await startHttp((_, response) => {
      response.writeHead(301, location === undefined ? {} : { location }).end();
    });
    name('moved.test', `BITTORRENT TCP:${port}`, ['127.0.0.1']);
    const where = shown === undefined ? '' : `, to ${shown.replace('PORT', String(port))}`;
    const { rows } = await probe('moved.test');
    expect(rows[0]!.problems).toEqual([
      { code: 'redirect', message: `it answers with HTTP status 301${where}` },
    ]);
  });

  test.each([
    ['no list of IPv6 peers', 'd8:intervali900e5:peers0:e', ['no-peers6']],
    ['IPv4 peers', 'd8:intervali900e5:peers6:aaaabb6:peers60:e', ['wrong-family']],
  ])('over HTTP on IPv6: %s', async (_what, body, expected) => {
    const port = await startHttp(replyWith(body), '::1');
    name('six.test', `BITTORRENT TCP:${port}`, ['::1']);
    expect(await probe('six.test')).toMatchObject({ codes: expected, exitCode: 1 });
  });

  test('a port that is closed, over both transports', async () => {
    const [port] = await findFreePorts(1);
    name('closed.test', `BITTORRENT UDP:${port} TCP:${port}`, ['127.0.0.1']);
    expect(await probe('closed.test')).toMatchObject({ codes: ['closed', 'closed'], exitCode: 1 });
  });

  test('silence, for no longer than --timeout', async () => {
    const port = await startHttp(() => {});
    name('mute.test', `BITTORRENT TCP:${port}`, ['127.0.0.1']);
    expect(await probe('--timeout', '1s', 'mute.test')).toMatchObject({ codes: ['silence'], exitCode: 1 });
  });

  test('a family without an address, and addresses that cannot be looked up', async () => {
    name('four.test', 'BITTORRENT UDP:9', ['127.0.0.1']);
    expect(await probe('--family', '6', 'four.test')).toMatchObject({ codes: ['no-address'], exitCode: 1 });
    name('none.test', 'BITTORRENT UDP:9', []);
    expect(await probe('none.test')).toMatchObject({ codes: ['no-address'], exitCode: 1 });
    dns.on('broken.test', (asked) =>
      asked.query.questions![0]!.type === 'TXT'
        ? answers(txt('broken.test', 'BITTORRENT UDP:9'))(asked)
        : fails('SERVFAIL')(asked),
    );
    const { codes } = await probe('broken.test');
    expect(codes).toEqual(['lookup-failed', 'lookup-failed']);
  });

  test.each([
    ['denied.test', 'BITTORRENT DENY ALL', 'denied'],
    ['silent.test', undefined, 'nothing-declared'],
  ])('%s has nothing to announce to', async (host, record, code) => {
    name(host, record, ['127.0.0.1']);
    expect(await probe(host)).toMatchObject({ codes: [code], exitCode: 1 });
  });
});

describe('TLS', () => {
  const DAY = 86_400_000;

  async function startHttps(
    options: Parameters<typeof createTestIdentity>[0],
    trusted: boolean,
  ): Promise<string> {
    const { certificate, key } = createTestIdentity(options);
    const server = createHttpsServer({ cert: certificate, key }, replyWith('d8:intervali900e5:peers0:e'));
    const port = await listening(server);
    setDefaultCACertificates(trusted ? [certificate] : []);
    name('tls.test', undefined, ['127.0.0.1']);
    return `https://tls.test:${port}/announce`;
  }

  test.each([
    ['a good certificate', { name: 'tls.test', expires: new Date(Date.now() + 90 * DAY) }, true, []],
    [
      'one for another name',
      { name: 'other.test', expires: new Date(Date.now() + 90 * DAY) },
      true,
      ['tls-name'],
    ],
    [
      'one that has expired',
      { name: 'tls.test', expires: new Date(Date.now() - DAY) },
      true,
      ['tls-expired'],
    ],
    [
      'one that soon will',
      { name: 'tls.test', expires: new Date(Date.now() + 3 * DAY) },
      true,
      ['tls-expires-soon'],
    ],
    ['one of nobody', { name: 'tls.test' }, false, ['tls-untrusted']],
  ])('%s', async (_what, options, trusted, expected) => {
    expect((await probe(await startHttps(options, trusted))).codes).toEqual(expected);
  });

  test('a port that speaks clear HTTP', async () => {
    const port = await startHttp(replyWith(''));
    name('clear.test', undefined, ['127.0.0.1']);
    expect((await probe(`https://clear.test:${port}/`)).codes).toEqual(['not-tls']);
  });
});

test('a URL whose host declares nothing is announced to as it is, its path included', async () => {
  const asked: string[] = [];
  const port = await startHttp((request, response) => {
    asked.push(request.url!);
    response.end('d8:intervali900e5:peers0:e');
  });
  name('plain.test', undefined, ['127.0.0.1']);
  const { exitCode } = await probe(`http://plain.test:${port}/announce?key=v`);
  expect(exitCode).toBe(0);
  expect(asked).toHaveLength(4);
  const events = asked.map((path) => /^\/announce\?key=v&info_hash=[^&]+&.*event=(\w+)/.exec(path)?.[1]);
  expect(events).toEqual(['started', 'started', 'stopped', 'stopped']);
});

test('--info-hash is announced instead of a random one', async () => {
  const asked: string[] = [];
  const port = await startHttp((request, response) => {
    asked.push(request.url!);
    response.end('d8:intervali900e5:peers6:aaaabb6:peers60:e');
  });
  name('known.test', undefined, ['127.0.0.1']);
  await probe(`http://known.test:${port}/announce`, '--info-hash', '61'.repeat(20));
  expect(asked.every((path) => path.includes(`info_hash=${'a'.repeat(20)}&`))).toBe(true);
});

test('prints a line for each address, and under it what is wrong', async () => {
  const port = await startHttp(replyWith('d14:failure reason9:no \u001b[2J!!e'));
  const [closed] = await findFreePorts(1);
  name('text.test', `BITTORRENT TCP:${port} UDP:${closed}`, ['127.0.0.1']);
  const { stdout, exitCode } = await runCaptured(['probe', '--resolver', dns.server, 'text.test']);
  expect(stdout.replace(/\d+ ms/, 'N ms')).toBe(
    [
      `text.test  declares TCP:${port}, UDP:${closed}`,
      `  http ${port}  IPv4  127.0.0.1  wrong  N ms`,
      '    the tracker refuses: no \\u{1b}[2J!!',
      `  udp ${closed}   IPv4  127.0.0.1  wrong`,
      '    the port is closed',
      '',
    ].join('\n'),
  );
  expect(exitCode).toBe(1);
});

test.each([
  [['probe'], 'missing required argument'],
  [['probe', 'wss://tracker.test/'], 'not a host name, nor the URL of a tracker that speaks UDP or HTTP'],
  [['probe', 'tracker.test', '--timeout', '5'], '--timeout takes a duration'],
  [['probe', 'tracker.test', '--family', '5'], 'Allowed choices are 4, 6'],
  [['probe', 'tracker.test', '--info-hash', 'abc'], '--info-hash takes 40 hexadecimal digits'],
])('%j is wrong usage', async (args, message) => {
  const { stderr, exitCode } = await runCaptured(args);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(2);
});
