import { afterEach, describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import { formatIpAddress } from '../../../src/core/net/ip-address.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { systemClock } from '../../../src/io/clock.ts';
import type { HttpStreamHandler } from '../../../src/io/streams/http-protocol.ts';
import { HTTP_STREAM_LIMITS } from '../../../src/io/streams/http-stream.ts';
import type { StreamServer } from '../../../src/io/streams/stream-server.ts';
import { HTTP_SERVERS } from '../../support/http-servers.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { connectTcp, type TcpClient } from '../../support/tcp-client.ts';

const servers: StreamServer[] = [];
const clients: TcpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Replies `<request line>`; `/close` is the last of its connection. */
const echo: HttpStreamHandler = (head, start, end, _source, _localPort, reply) => {
  const line = Buffer.from(head.subarray(start, end)).toString('latin1').split(/\r?\n/)[0];
  const text = `<${line}>`;
  reply.set(textToOctets(text), 0);
  return { length: text.length, keepAlive: !text.includes('/close') };
};

describe.each(HTTP_SERVERS)('$kind', (kind) => {
  async function open(respond = echo, counters = createCounters()): Promise<StreamServer> {
    const server = await kind.open({
      address: '127.0.0.1',
      port: 0,
      respond,
      clock: systemClock,
      counters,
    });
    servers.push(server);
    return server;
  }

  async function connectTo(server: StreamServer): Promise<TcpClient> {
    const client = await connectTcp(server);
    clients.push(client);
    return client;
  }

  /** What the server sends before it closes the connection by itself. */
  async function lastWords(octets: string): Promise<string> {
    const client = await connectTo(await open());
    client.send(Buffer.from(octets, 'latin1'));
    return (await client.ended()).toString('latin1');
  }

  describe('requests', () => {
    it.each([
      ['CR LF', 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['lone LF', 'GET /a HTTP/1.1\nHost: x\n\n'],
      ['LF and CR LF mixed', 'GET /a HTTP/1.1\nHost: x\r\n\n'],
      ['no field at all', 'GET /a HTTP/1.1\r\n\r\n'],
      ['empty lines before it', '\r\n\r\n\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ])('end with %s', async (_name, request) => {
      const client = await connectTo(await open());
      client.send(request + request);
      expect((await client.received(34)).toString()).toBe('<GET /a HTTP/1.1><GET /a HTTP/1.1>');
    });

    it('come with who sent them, where and when', async () => {
      const seen: unknown[] = [];
      const respond: HttpStreamHandler = (head, start, end, source, localPort, reply, nowSeconds) => {
        seen.push([formatIpAddress(source.octets.subarray(0, 4)), source.port, localPort, nowSeconds]);
        return echo(head, start, end, source, localPort, reply, nowSeconds);
      };
      const clock = createManualClock(77);
      const server = await kind.open({ address: '127.0.0.1', port: 0, respond, clock });
      servers.push(server);
      const client = await connectTo(server);
      client.send('GET / HTTP/1.0\r\n\r\n');
      await client.received(1);
      expect(seen).toEqual([['127.0.0.1', client.socket.localPort, server.port, 77]]);
    });

    it('are answered up to the last one of the connection, and no further', async () => {
      const close = 'GET /close HTTP/1.1\r\n\r\n';
      expect(await lastWords(`GET /a HTTP/1.1\r\n\r\n${close}${close}`)).toBe(
        '<GET /a HTTP/1.1><GET /close HTTP/1.1>',
      );
    });
  });

  describe('what is not a request', () => {
    it.each([
      ['a TLS hello', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
      ['a BitTorrent handshake', '\x13BitTorrent protocol'],
      ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['NUL', '\0'],
    ])('%s is closed without a word', async (_name, octets) => {
      expect(await lastWords(octets)).toBe('');
    });

    it.each([
      ['HTTP/0.9', 'GET /announce\r\n'],
      ['another version', 'GET /announce HTTP/3.0\r\n'],
      ['another protocol', 'OPTIONS rtsp://x RTSP/1.0\r\n'],
      ['a version without a request', 'HTTP/1.1\r\n'],
    ])('%s gets 400', async (_name, octets) => {
      expect(await lastWords(octets)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    });

    it('is told from what came before it, which is still answered', async () => {
      expect(await lastWords('GET /a HTTP/1.1\r\n\r\nGET\r\n')).toMatch(
        /^<GET \/a HTTP\/1\.1>HTTP\/1\.1 400 /,
      );
    });
  });

  describe('the bound on a head', () => {
    const limit = HTTP_STREAM_LIMITS.maxHeadOctets;
    const head = (length: number): string => `${'GET / HTTP/1.1\r\nX: '.padEnd(length - 4, 'x')}\r\n\r\n`;

    it('takes one of exactly that length', async () => {
      const client = await connectTo(await open());
      client.send(head(limit));
      expect((await client.received(5)).toString()).toBe('<GET / HTTP/1.1>');
    });

    it.each([
      ['one octet more', head(limit + 1)],
      ['an endless line', 'GET /'.padEnd(200_000, 'a')],
      ['endless fields', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(30_000)}`],
    ])('answers 431 to %s', async (_name, octets) => {
      const counters = createCounters();
      const client = await connectTo(await open(echo, counters));
      client.send(octets);
      expect((await client.ended()).toString()).toMatch(
        /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/,
      );
      expect(counters[Counter.httpErrors]).toBe(1);
    });

    it('holds when the head comes octet by octet', async () => {
      const server = await open();
      const client = await connectTo(server);
      for (const octet of 'GET / HTTP/1.1\r\nHost: x\r\n\r\n') {
        client.send(octet);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.received(5)).toString()).toBe('<GET / HTTP/1.1>');
    });
  });

  it('closes the connection when the handler throws, and serves the others', async () => {
    const server = await open((head, ...rest) => {
      if (head.includes(0x21)) throw new TypeError('bug');
      return echo(head, ...rest);
    });
    const bad = await connectTo(server);
    bad.send('GET /! HTTP/1.1\r\n\r\n');
    expect((await bad.ended()).length).toBe(0);
    const good = await connectTo(server);
    good.send('GET /a HTTP/1.1\r\n\r\n');
    expect((await good.received(17)).toString()).toBe('<GET /a HTTP/1.1>');
  });
});
