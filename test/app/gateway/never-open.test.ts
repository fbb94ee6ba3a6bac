// HARDENING 26: what is no announce of an allowed client to a tracker on the Internet goes nowhere.

import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTargets } from '../../../src/app/gateway/targets.ts';
import { createTunnels } from '../../../src/app/gateway/tunnel.ts';
import { decodeBencode } from '../../support/decode-bencode.ts';
import { answers } from '../../support/hostile-dns.ts';
import { announceOf, startGateway } from './gateway-under-test.ts';

/** Something on loopback that counts who comes. */
async function startVictim(): Promise<{ port: number; visits(): number }> {
  let visits = 0;
  const server = createServer((_, response) => void response.end('d8:intervali900ee'));
  server.on('connection', () => void visits++);
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

function reasonOf(body: string): string {
  return Buffer.from(decodeBencode(body)['failure reason'] as Uint8Array).toString();
}

describe('only announces and scrapes are carried', () => {
  const announce = `/announce?${announceOf()}`;
  test.each([
    ['the gateway itself', `GET ${announce} HTTP/1.1`, 400, 'this is a proxy'],
    ['a page', 'GET http://HOST/ HTTP/1.1', 403, 'announces and scrapes only'],
    [
      'a page with an info-hash',
      `GET http://HOST/admin?${announceOf()} HTTP/1.1`,
      403,
      'announces and scrapes only',
    ],
    [
      'a page behind an announce',
      `GET http://HOST/announce/../admin?${announceOf()} HTTP/1.1`,
      403,
      'announces',
    ],
    ['a page below an announce', `GET http://HOST/announce/a/b?${announceOf()} HTTP/1.1`, 403, 'announces'],
    ['a folder above an announce', `GET http://HOST/announce/..?${announceOf()} HTTP/1.1`, 403, 'announces'],
    ['a passkey without info-hash', 'GET http://HOST/announce/key HTTP/1.1', 403, 'no info_hash'],
    ['an announce without info-hash', 'GET http://HOST/announce HTTP/1.1', 403, 'no info_hash'],
    ['a full scrape', 'GET http://HOST/scrape HTTP/1.1', 403, 'no info_hash'],
    ['a short info-hash', 'GET http://HOST/scrape?info_hash=aaaa HTTP/1.1', 403, 'not 20 octets'],
    ['POST', `POST http://HOST${announce} HTTP/1.1\r\ncontent-length: 0`, 405, 'GET'],
    ['DELETE', `DELETE http://HOST${announce} HTTP/1.1`, 405, 'GET'],
    ['HEAD', `HEAD http://HOST${announce} HTTP/1.1`, 405, undefined],
    ['a body', `GET http://HOST${announce} HTTP/1.1\r\ncontent-length: 5`, 400, 'no body'],
    ['a body in pieces', `GET http://HOST${announce} HTTP/1.1\r\ntransfer-encoding: chunked`, 400, 'no body'],
    ['https in clear', `GET https://HOST${announce} HTTP/1.1`, 403, 'CONNECT only'],
    ['another scheme', `GET ftp://HOST${announce} HTTP/1.1`, 403, 'http URLs only'],
    ['udp', `GET udp://HOST${announce} HTTP/1.1`, 403, 'http URLs only'],
    ['a fragment', `GET http://HOST${announce}#x HTTP/1.1`, 400, 'malformed'],
    ['octets outside ASCII', `GET http://HOST${announce}&x=\xff HTTP/1.1`, 400, undefined],
    ['CONNECT', 'CONNECT HOST HTTP/1.1', 405, undefined],
  ])('%s is refused', async (_what, line, status, reason) => {
    const victim = await startVictim();
    const { raw, gateway } = await startGateway();
    const head = line.replace('HOST', `127.0.0.1:${victim.port}`);
    const reply = await raw(`${head}\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(/^allow: GET\r$/m.test(reply)).toBe(status === 405);
    if (reason !== undefined) expect(reasonOf(reply.slice(reply.indexOf('\r\n\r\n') + 4))).toContain(reason);
    expect(victim.visits()).toBe(0);
    expect(gateway.counts().requests).toBe(0);
  });

  test.each([
    ['HTTP/0.9', `GET http://127.0.0.1/announce?${announceOf()}\r\n\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03'],
    [
      'a header that splits',
      `GET http://x.test/announce?${announceOf()} HTTP/1.1\r\nhost: x\r\na: b\rc: d\r\n\r\n`,
    ],
    ['a head without end', `GET http://x.test/announce HTTP/1.1\r\n${'a: b\r\n'.repeat(10_000)}`],
    ['a URL without end', `GET http://x.test/announce?${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`],
  ])('%s closes the connection, and the next client is served', async (_what, octets) => {
    const { raw, get, gateway } = await startGateway();
    expect(await raw(octets)).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/);
    expect(gateway.counts().requests).toBe(0);
    expect((await get('http://x.test/')).status).toBe(403);
  });
});

describe('only clients of the list are served', () => {
  test('others are cut off', async () => {
    const { get, gateway } = await startGateway({ allow: ['127.0.0.1'] });
    await expect(get('http://x.test/', { localAddress: '127.0.0.2' })).rejects.toThrow();
    expect(gateway.counts().refused).toBe(1);
    expect((await get('http://x.test/')).status).toBe(403);
  });
});

describe('only trackers on the Internet are connected', () => {
  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['100.64.0.1'],
    ['169.254.169.254'],
    ['192.168.0.1'],
    ['192.0.2.1'],
    ['224.0.0.1'],
    ['0.0.0.0'],
    ['::1'],
    ['::'],
    ['::ffff:127.0.0.1'],
    ['fe80::1'],
    ['fd00::1'],
    ['ff02::1'],
    ['2001:db8::1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
  ])('a name or URL that leads to %s is refused', async (address) => {
    const { name, get } = await startGateway({ allowPrivate: [] });
    name('inside.test', undefined, [address]);
    const literal = address.includes(':') ? `[${address}]` : address;
    for (const host of ['inside.test', literal]) {
      const { body } = await get(`http://${host}:6969/announce?${announceOf()}`);
      expect(reasonOf(body)).toBe('the gateway does not connect to the address of the tracker');
    }
  });

  test.each([
    ['127.1', 'malformed'],
    ['0x7f.1', 'malformed'],
    ['2130706433', 'malformed'],
    ['0177.0.0.1', 'malformed'],
    ['localhost', 'does not connect'],
    ['LOCALHOST.', 'does not connect'],
  ])('another way to write this machine, %s, is refused', async (host, reason) => {
    const victim = await startVictim();
    const { name, get } = await startGateway({ allowPrivate: [] });
    name('localhost', undefined, ['127.0.0.1', '::1']);
    const { body } = await get(`http://${host}:${victim.port}/announce?${announceOf()}`);
    expect(reasonOf(body)).toContain(reason);
    expect(victim.visits()).toBe(0);
  });

  test('a declared UDP endpoint and a tunnel are judged the same', async () => {
    const { name, get, raw } = await startGateway({ allowPrivate: [], allowConnect: true });
    name('inside.test', 'BITTORRENT UDP:6969', ['10.0.0.1']);
    expect(reasonOf((await get(`http://inside.test/announce?${announceOf()}`)).body)).toContain(
      'does not connect',
    );
    expect(await raw('CONNECT inside.test:443 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /);
  });

  test('ports of other protocols are not connected, whatever a record declares', async () => {
    const { name, get } = await startGateway();
    name('mail.test', 'BITTORRENT TCP:25 UDP:53');
    expect(reasonOf((await get(`http://mail.test/announce?${announceOf()}`)).body)).toContain(
      'another protocol',
    );
  });

  test('nor the gateway itself, nor the admin address, whatever is allowed', async () => {
    const victim = await startVictim();
    const { get, port, gateway } = await startGateway({ admin: `127.0.0.1:${victim.port}` });
    for (const forbidden of [port, victim.port]) {
      const { body } = await get(`http://127.0.0.1:${forbidden}/announce?${announceOf()}`);
      expect(reasonOf(body)).toContain('does not connect');
    }
    expect(victim.visits()).toBe(0);
    expect(gateway.counts().requests).toBe(2);
  });

  test('a wildcard that the gateway listens at is every address of this machine', async () => {
    const { get, port } = await startGateway(
      { listen: '0.0.0.0:0', allowPrivate: ['0.0.0.0/0'] },
      { localAddresses: () => ['127.0.0.1', '127.0.0.3'] },
    );
    for (const address of ['127.0.0.1', '127.0.0.3', '0.0.0.0']) {
      const { body } = await get(`http://${address}:${port}/announce?${announceOf()}`);
      expect(reasonOf(body)).toContain('does not connect');
    }
  });

  test('a name that changes its address between look and leap is connected where it was judged', async () => {
    const victim = await startVictim();
    const { dns, get } = await startGateway({ allowPrivate: ['127.0.0.9'] });
    // First an address that is allowed and that nobody listens at, then what must not be reached.
    dns.on('rebind.test', (asked) => {
      const { type } = asked.query.questions![0]!;
      if (type !== 'A') return answers()(asked);
      const earlier = dns.asked('rebind.test').length;
      const data = earlier <= 3 ? '127.0.0.9' : '127.0.0.1';
      return answers({ name: 'rebind.test', type: 'A', ttl: 0, data })(asked);
    });
    for (const letter of ['b', 'c', 'd']) {
      await get(`http://rebind.test:${victim.port}/announce?${announceOf(letter)}`);
    }
    expect(victim.visits()).toBe(0);
  });

  test('of several addresses those that are allowed are connected, and a changed answer is judged again', async () => {
    let asked = 0;
    let now = 0;
    const targets = createTargets({
      addresses: {
        async lookup(_host, family) {
          if (family === 6) return { kind: 'none' };
          return { kind: 'addresses', addresses: asked++ === 0 ? ['10.0.0.1', '1.1.1.1'] : ['10.0.0.1'] };
        },
        close() {},
      },
      allowPrivate: [],
      isForbidden: () => false,
      clock: { nowMilliseconds: () => now },
    });
    expect(await targets.find('x.test', 80)).toEqual({
      kind: 'targets',
      targets: [{ address: '1.1.1.1', port: 80 }],
    });
    now = 61_000;
    expect(await targets.find('x.test', 80)).toMatchObject({ kind: 'none' });
  });
});

describe('CONNECT', () => {
  test.each([
    ['CONNECT tracker.test:80 HTTP/1.1', 403, 'port 443 only'],
    ['CONNECT tracker.test:22 HTTP/1.1', 403, 'port 443 only'],
    ['CONNECT tracker.test HTTP/1.1', 400, ''],
    ['CONNECT user@tracker.test:443 HTTP/1.1', 403, 'port 443 only'],
    ['CONNECT tracker.test:443/x HTTP/1.1', 403, 'port 443 only'],
    ['CONNECT denied.test:443 HTTP/1.1', 403, 'no tracker'],
    ['CONNECT tracker.test:443 HTTP/1.1', 502, 'does not answer'],
  ])('%s, allowed, gets %i', async (line, status, message) => {
    const { name, raw } = await startGateway({ allowConnect: true, timeout: '1s' });
    name('tracker.test', undefined, ['127.0.0.77']); // nobody listens there
    name('denied.test', 'BITTORRENT DENY ALL');
    const reply = await raw(`${line}\r\nhost: x\r\n\r\n`);
    expect(reply).toMatch(status === 400 ? /^HTTP\/1.1 4\d\d / : new RegExp(`^HTTP/1.1 ${status} `));
    expect(reply).toContain(message);
  });

  test.each([false, true])(
    'a client that was refused and keeps its half open is let go (allowed: %s)',
    async (allowConnect) => {
      const { port, gateway } = await startGateway({ allowConnect });
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      const octets: Buffer[] = [];
      client.on('error', () => {}).on('data', (chunk: Buffer) => octets.push(chunk));
      client.write('CONNECT tracker.test:80 HTTP/1.1\r\nhost: x\r\n\r\n');
      await expect.poll(() => client.readableEnded || client.destroyed).toBe(true);
      expect(Buffer.concat(octets).toString()).toMatch(/^HTTP\/1.1 40[35] /);
      await gateway.stop();
      client.destroy();
    },
  );

  test('octets go both ways, from the first on, and both ends close together', async () => {
    const echo = createTcpServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => new Promise<void>((resolve) => void echo.close(() => resolve())));
    const { port } = echo.address() as AddressInfo;
    const tunnels = createTunnels({
      isAllowed: true,
      resolver: { lookupPreference: async () => ({ kind: 'silent', reason: 'no-record', ttlSeconds: 60 }) },
      targets: { find: async () => ({ kind: 'targets', targets: [{ address: '127.0.0.1', port }] }) },
      timeoutMilliseconds: 5000,
    });
    const proxy = createServer().on('connect', (request, socket, head) =>
      tunnels.open(request, socket, head),
    );
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => new Promise<void>((resolve) => void proxy.close(() => resolve())));
    const client = connect((proxy.address() as AddressInfo).port, '127.0.0.1');
    let received = '';
    client.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    client.write('CONNECT tracker.test:443 HTTP/1.1\r\nhost: x\r\n\r\nhello');
    await expect.poll(() => received).toMatch(/^HTTP\/1.1 200 .*\r\n\r\nhello$/s);
    tunnels.close();
    await expect.poll(() => client.closed).toBe(true);
    await expect
      .poll(() => new Promise((resolve) => echo.getConnections((_, count) => resolve(count))))
      .toBe(0);
  });
});

test('a client that dribbles, and one that never speaks, hold nobody up', async () => {
  const { port, get } = await startGateway();
  const idle = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
  for (const socket of idle) socket.write('GET http://x');
  expect((await get('http://x.test/')).status).toBe(403);
  for (const socket of idle) socket.destroy();
});

test('stopping ends what is under way, and can be done twice', async () => {
  const { name, get, gateway } = await startGateway();
  const mute = createTcpServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => void mute.close());
  name('mute.test', undefined);
  const waiting = get(`http://mute.test:${(mute.address() as AddressInfo).port}/announce?${announceOf()}`);
  await expect.poll(() => gateway.counts().requests).toBe(1);
  await Promise.all([gateway.stop(), gateway.stop()]);
  await expect(waiting).rejects.toThrow();
});
