// HARDENING 25: what strangers and pages of others send to the admin address of a running server, on which the rewriting
// service and its page are. What each request means is for test/app; here is what many of them cost.

import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const HOSTILE = '<img src=x onerror=alert(1)><script>alert(1)</script>\u001b[31m\u202e';
/** Far more than any route takes, and than the system's buffers hold. */
const ENOUGH_OCTETS = 64 * 1024 * 1024;
const CONNECTIONS = 20;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({
    settings: ['--rewriter-rate-limit', '0', '--rewriter-resolvers', '127.0.0.1:1'],
  });
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

const open = (): Promise<TcpClient> => connectTcp({ address: '127.0.0.1', port: server.adminPort });

/** The whole answer to one request. */
async function ask(head: string, body = ''): Promise<string> {
  const client = await open();
  client.send(Buffer.from(`${head}\r\nconnection: close\r\n\r\n${body}`, 'latin1'));
  return (await client.ended()).toString('latin1');
}

const get = (path: string, fields = 'host: localhost'): Promise<string> =>
  ask(`GET ${path} HTTP/1.1\r\n${fields}`);
const post = (path: string, type: string, body: string): Promise<string> =>
  ask(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}`,
    Buffer.from(body).toString('latin1'),
  );

/** Sends chunks until the server is done with it; how many octets went. */
async function pour(
  path: string,
  type: string,
  chunk: string,
  { reads }: { reads: boolean },
): Promise<number> {
  const client = await open();
  const { socket } = client;
  if (!reads) socket.pause();
  client.send(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`,
  );
  const framed = `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  let sent = 0;
  while (!socket.destroyed && socket.writable && sent < ENOUGH_OCTETS) {
    sent += framed.length;
    if (socket.write(framed)) continue;
    const over = new AbortController();
    const quiet = setTimeout(() => over.abort(), 1000);
    await Promise.race(['drain', 'close'].map((event) => once(socket, event, { signal: over.signal }))).catch(
      () => undefined,
    );
    clearTimeout(quiet);
    if (over.signal.aborted) break;
    over.abort();
  }
  socket.destroy();
  return sent;
}

const all = <Value>(task: () => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: CONNECTIONS }, task));

describe('line 25', () => {
  it.each([
    ['/v1/rewrite', 'application/x-bittorrent'],
    ['/v1/rewrite', 'application/json'],
    ['/v1/rewrite', 'text/plain'],
    ['/v1/rewrite', 'application/octet-stream'],
    ['/rewrite', 'application/x-www-form-urlencoded'],
    ['/nothing', 'text/plain'],
  ])('bodies without end at %s as %s are cut off', (path, type) =>
    endure(server, TRAFFIC, async () => {
      const sent = await all(() => pour(path, type, 'x'.repeat(65_536), { reads: true }));
      expect(Math.max(...sent)).toBeLessThan(ENOUGH_OCTETS);
      expect(await get('/v1/preference/127.0.0.1')).toMatch(/^HTTP\/1\.1 200 /);
    }),
  );

  it.each([
    ['/v1/rewrite', 'text/plain', 200],
    ['/rewrite', 'application/x-www-form-urlencoded', 400],
  ])(
    'bodies at %s as %s whose every octet is a chunk of its own hold their octets only',
    (path, type, status) =>
      endure(server, TRAFFIC, async () => {
        const chunks = '1\r\nx\r\n'.repeat(10_000);
        const answers = await Promise.all(
          Array.from({ length: 4 }, async () => {
            const client = await open();
            client.send(
              `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`,
            );
            for (let sent = 0; sent < 40; sent++)
              if (!client.socket.write(chunks)) await once(client.socket, 'drain');
            client.send('0\r\n\r\n');
            const answer = await client.received(1);
            client.destroy();
            return answer.toString();
          }),
        );
        for (const answer of answers) expect(answer.split(' ')[1]).toBe(String(status));
      }),
  );

  it('streams without end whose answers nobody reads stand still, and hold nothing', () =>
    endure(server, TRAFFIC, async () => {
      const lines = 'udp://192.0.2.1:1/announce\n'.repeat(2000);
      const sent = await all(() => pour('/v1/rewrite', 'application/x-ndjson', lines, { reads: false }));
      expect(Math.max(...sent)).toBeLessThan(ENOUGH_OCTETS);
    }));

  it('a line without end in a stream is told of, and costs its octets only', () =>
    endure(server, TRAFFIC, async () => {
      const client = await open();
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
      client.send(
        'POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n',
      );
      for (let sent = 0; sent < 500; sent++)
        if (!client.socket.write(chunk)) await once(client.socket, 'drain');
      client.send('1\r\n\n\r\n0\r\n\r\n');
      const answer = (await client.ended()).toString();
      expect(answer.match(/"line-too-long"/g)).toHaveLength(1);
      expect(answer).toContain('"line":1');
    }));

  it.each(['image/png', 'multipart/form-data; boundary=a', 'application/xml', 'text/html', 'no type'])(
    'a body of %s is refused',
    (type) =>
      endure(server, TRAFFIC, async () => {
        for (const answer of await all(() => post('/v1/rewrite', type, HOSTILE))) {
          expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|15) /);
          expect(answer).not.toContain('<script>');
        }
      }),
  );

  it.each([
    '/../../etc/passwd',
    '/rewrite/../../../package.json',
    '/rewrite/..%2f..%2fpackage.json',
    '/rewrite/%2e%2e%2f%2e%2e%2fpackage.json',
    '/rewrite/..\\..\\package.json',
    '/%2e%2e/state',
    '/rewrite/%00',
    '/v1/problems/__proto__',
  ])('there is nothing at %s', async (path) => {
    const answer = await get(path);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toMatch(/root:|"dependencies"/);
  });

  it.each(['%0d%0aset-cookie:%20a=b', '%0aset-cookie: a=b', '%E5%98%8A%E5%98%8Dset-cookie:a', '%00%0d%0a'])(
    'no octet of a URL that ends in %s becomes a header',
    async (octets) => {
      const url = `http%3A%2F%2F192.0.2.1%2F${octets}`;
      for (const type of ['text/plain', 'application/json']) {
        const answer = await get(
          `/v1/rewrite?url=${url.replaceAll(' ', '%20')}`,
          `host: localhost\r\naccept: ${type}`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 (?:200|400) /);
        expect(answer.split('\r\n\r\n')[0]).not.toMatch(/set-cookie/i);
      }
    },
  );

  it('what a person is shown holds no markup and no escape of a stranger', async () => {
    const form = await post(
      '/rewrite',
      'application/x-www-form-urlencoded',
      `text=${encodeURIComponent(`udp://192.0.2.1:1/${HOSTILE}\n${HOSTILE}`)}`,
    );
    expect(form).toMatch(/^HTTP\/1\.1 200 /);
    expect(form).toContain('&lt;script&gt;');
    expect(form).not.toMatch(/<script>|<img src=x|onerror=alert\(1\)>/);
    const report = await post(
      '/v1/rewrite',
      'application/json',
      JSON.stringify({ url: `udp://h.example:1/${HOSTILE}` }),
    );
    expect(report).toMatch(/^HTTP\/1\.1 200 /);
    expect(report).not.toContain('\u001b');
    expect(report.toLowerCase()).toContain('content-type: application/json');
  });

  const PATHS = ['/', '/rewrite', '/status.json', '/metrics', '/v1/preference/a.example', '/v1/openapi.json'];
  it.each([
    ['a page elsewhere that fetches', 'host: localhost\r\norigin: https://evil.example', 403],
    ['one that says it is none', 'host: localhost\r\norigin: null', 403],
    [
      'one in a frame',
      'host: localhost\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: iframe',
      403,
    ],
    [
      'an image',
      'host: localhost\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\nsec-fetch-dest: image',
      403,
    ],
    ['a name that was made to lead here', 'host: evil.example', 421],
    ['one that looks like ours', 'host: localhost.evil.example', 421],
    ['one that ends like an address', 'host: evil.127.0.0.1.example', 421],
  ])('%s gets nothing, wherever it asks', (_what, fields, status) =>
    endure(server, TRAFFIC, async () => {
      for (const path of PATHS) {
        const answer = await get(path, fields);
        expect(answer, path).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(answer.toLowerCase(), path).not.toContain('access-control-allow-origin');
      }
    }),
  );

  it('connections that are opened and left do not keep newcomers out for long', () =>
    endure(server, TRAFFIC, async () => {
      const left = await Promise.all(Array.from({ length: 200 }, open));
      for (const { send } of left) send('POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-le');
      expect(await get('/v1/preference/127.0.0.1')).toMatch(/^HTTP\/1\.1 200 /);
      const isOver = (): boolean => left.every(({ socket }) => socket.destroyed || socket.readableEnded);
      expect(await waitUntil(isOver, 30_000)).toBe(true); // ten seconds for a head, looked for each second
    }));
});
