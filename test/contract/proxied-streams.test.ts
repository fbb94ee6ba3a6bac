// What both HTTP servers do with connections of proxies: whose they are, the PROXY header says.

import { afterEach, describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../src/core/counters.ts';
import { formatIpAddress } from '../../src/core/net/ip-address.ts';
import { parsePrefix } from '../../src/core/net/prefix.ts';
import { textToOctets } from '../../src/core/octets/text.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createConnectionLimits } from '../../src/io/streams/connection-limits.ts';
import type { HttpStreamHandler } from '../../src/io/streams/http-protocol.ts';
import { HTTP_STREAM_LIMITS, type HttpStreamOptions } from '../../src/io/streams/http-stream.ts';
import type { StreamServer } from '../../src/io/streams/stream-server.ts';
import { HTTP_SERVERS } from '../support/http-servers.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { binaryHeader, IPV4_ADDRESSES, IPV6_ADDRESSES } from '../support/proxy-headers.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';

const PROXY = '127.0.0.1';
const STRANGER = '127.0.0.2';
const RULE = { networks: [parsePrefix(PROXY)!], sendsProxyHeader: true, field: undefined };
const REQUEST = 'GET / HTTP/1.1\r\n\r\n';
const LINE = 'PROXY TCP4 192.0.2.1 203.0.113.9 56324 80\r\n';
/** What a source is answered with, padded: replies of one length. */
const REPLY_OCTETS = 24;

const respond: HttpStreamHandler = (_head, _start, _end, { family, octets, port }, _localPort, reply) => {
  const address = formatIpAddress(octets.slice(0, family === 4 ? 4 : 16));
  reply.set(textToOctets(`${address} ${port}`.padEnd(REPLY_OCTETS)), 0);
  return { length: REPLY_OCTETS, keepAlive: true };
};

const servers: StreamServer[] = [];
const clients: TcpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const onLinux = process.platform === 'linux';

describe.each(HTTP_SERVERS)('$kind behind a proxy', ({ open }) => {
  async function start(options: Partial<HttpStreamOptions> = {}) {
    const counters = createCounters();
    const common = { address: PROXY, port: 0, respond, clock: systemClock, counters, proxies: RULE };
    const server = await open({ ...common, ...options });
    servers.push(server);
    return { server, counters };
  }

  async function connect(server: StreamServer, localAddress = PROXY): Promise<TcpClient> {
    const client = await connectTcp(server, { localAddress });
    clients.push(client);
    return client;
  }

  /** The source that the first request, or one of several, is answered with. */
  async function sourceOf(client: TcpClient, octets: Uint8Array | string, requests = 1): Promise<string> {
    client.send(octets);
    const received = await client.received(requests * REPLY_OCTETS);
    return received
      .subarray((requests - 1) * REPLY_OCTETS)
      .toString()
      .trim();
  }

  const withRequest = (header: Uint8Array | string): Buffer =>
    Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)]);

  const HEADERS = [
    ['version 1', LINE, '192.0.2.1 56324'],
    ['version 2', binaryHeader('2111', IPV4_ADDRESSES, '04 0003 000000'), '192.0.2.1 56324'],
    ['version 2 over IPv6', binaryHeader('2121', IPV6_ADDRESSES), '2001:db8::1 56324'],
  ] as const;

  it.each(HEADERS)(
    'answers whom %s names, for all requests of the connection',
    async (_name, header, source) => {
      const { server, counters } = await start();
      const client = await connect(server);
      expect(await sourceOf(client, withRequest(header))).toBe(source);
      expect(await sourceOf(client, REQUEST, 2)).toBe(source);
      expect(counters[Counter.httpProxyRefused]).toBe(0);
    },
  );

  it.each(HEADERS)('%s may come in pieces of any size', async (_name, header, source) => {
    const { server } = await start();
    const octets = withRequest(header);
    for (const size of [1, 7, header.length - 1, header.length, header.length + 1]) {
      const client = await connect(server);
      for (let at = 0; at < octets.length; at += size) {
        client.send(octets.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await sourceOf(client, '')).toBe(source);
    }
  });

  it('a header as long as is allowed, with a request in the same segments, is read to its end', async () => {
    const { server } = await start();
    const header = binaryHeader('2111', IPV4_ADDRESSES, '04 0fe1', '00'.repeat(0xfe1));
    const client = await connect(server);
    expect(await sourceOf(client, Buffer.concat([header, Buffer.from(REQUEST.repeat(300))]), 300)).toBe(
      '192.0.2.1 56324',
    );
  });

  it.each([
    ['LOCAL', binaryHeader('2000')],
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'],
  ])('%s leaves the connection its own', async (_name, header) => {
    const { server } = await start();
    expect(await sourceOf(await connect(server), withRequest(header))).toMatch(/^127\.0\.0\.1 /);
  });

  it.each([
    ['a request without a header', REQUEST],
    ['a malformed header', 'PROXY TCP4 client.example 203.0.113.9 1 2\r\n'],
    ['a header that is too long', binaryHeader('2111', IPV4_ADDRESSES, '00'.repeat(5000))],
    ['a second header', `${LINE}${LINE}`],
  ])('%s closes the connection of a proxy, and is counted', async (_name, octets) => {
    const { server, counters } = await start();
    const client = await connect(server);
    client.send(octets);
    expect((await client.ended()).length).toBe(0);
    await expect.poll(() => counters[Counter.httpProxyRefused]).toBe(1);
    await expect.poll(() => server.connections()).toBe(0);
  });

  describe.each([
    ['of a stranger', { localAddress: STRANGER, proxies: RULE }],
    ['where the proxies send none', { localAddress: PROXY, proxies: { ...RULE, sendsProxyHeader: false } }],
    ['where there are no proxies', { localAddress: PROXY, proxies: undefined }],
  ])('a header %s', (_name, { localAddress, proxies }) => {
    it
      .skipIf(!onLinux && localAddress === STRANGER)
      .each([...HEADERS, ['the start of a line', 'PROXY ', '']] as const)(
      'is refused without a word, and counted: %s',
      async (_header, header) => {
        const { server, counters } = await start({ proxies });
        const client = await connect(server, localAddress);
        client.send(header);
        expect((await client.ended()).length).toBe(0);
        await expect.poll(() => counters[Counter.httpProxyRefused]).toBe(1);
        expect(
          await sourceOf(
            await connect(server, localAddress),
            proxies?.sendsProxyHeader && localAddress === PROXY ? withRequest(LINE) : REQUEST,
          ),
        ).toContain(localAddress);
      },
    );
  });

  it.each([
    ['nothing', '', 0],
    ['half a header', LINE.slice(0, 20), 1],
    ['half a header of version 2', binaryHeader('2111', IPV4_ADDRESSES).subarray(0, 20), 1],
  ])('closes a proxy that sends %s', async (_name, octets, timeouts) => {
    const clock = createManualClock();
    const { server, counters } = await start({ clock });
    const client = await connect(server);
    await expect.poll(() => server.connections()).toBe(1);
    for (const octet of Buffer.from(octets)) {
      client.send(Uint8Array.of(octet));
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    // However busy it is, the time is that of its opening.
    await clock.advance(HTTP_STREAM_LIMITS.requestMilliseconds / 1000 - 1);
    expect(server.connections()).toBe(1);
    await clock.advance(2);
    expect((await client.ended()).length).toBe(0);
    expect(counters[Counter.httpTimeouts]).toBe(timeouts);
  });

  it('closes a header that is cut off by the end of the stream', async () => {
    const { server } = await start();
    const client = await connect(server);
    client.socket.end(LINE.slice(0, 20));
    expect((await client.ended()).length).toBe(0);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('gives each client of a proxy its share of the connections, and the proxy none of its own', async () => {
    const { server, counters } = await start({ connections: createConnectionLimits(100, 2) });
    const waiting: TcpClient[] = [];
    for (let n = 0; n < 5; n++) waiting.push(await connect(server));
    await expect.poll(() => server.connections()).toBe(5);
    for (const [n, client] of waiting.entries())
      expect(await sourceOf(client, withRequest(LINE.replace('192.0.2.1', `192.0.2.${n}`)))).toContain(
        `192.0.2.${n}`,
      );
    expect(counters[Counter.httpRejectedConnections]).toBe(0);
    const greedy: TcpClient[] = [];
    for (let n = 0; n < 4; n++) {
      greedy.push(await connect(server));
      await sourceOf(greedy[n]!, withRequest(LINE.replace('192.0.2.1', '192.0.2.77')));
    }
    await Promise.all([greedy[0]!.ended(), greedy[1]!.ended()]);
    expect(counters[Counter.httpRejectedConnections]).toBe(2);
    expect(server.connections()).toBe(7);
    expect(await sourceOf(waiting[0]!, REQUEST, 2)).toContain('192.0.2.0');
  });

  it('does not shed the connections of a proxy that names its clients in requests', async () => {
    const proxies = { ...RULE, sendsProxyHeader: false, field: 'x-forwarded-for' };
    const { server, counters } = await start({ connections: createConnectionLimits(6, 2), proxies });
    const kept: TcpClient[] = [];
    for (let n = 0; n < 6; n++) {
      kept.push(await connect(server));
      await sourceOf(kept[n]!, REQUEST);
    }
    expect(server.connections()).toBe(6);
    // The cap on all of them is for proxies, too.
    await sourceOf(await connect(server), REQUEST);
    await kept[0]!.ended();
    expect(counters[Counter.httpRejectedConnections]).toBe(1);
  });

  it('ends a connection that has said no more than whose it is when it closes', async () => {
    const clock = createManualClock();
    const { server } = await start({ clock });
    const client = await connect(server);
    expect(await sourceOf(client, withRequest(LINE))).toBe('192.0.2.1 56324');
    const named = await connect(server);
    named.send(LINE);
    const half = await connect(server);
    half.send(LINE.slice(0, 20));
    // They have been read once another, who came later, is answered.
    await sourceOf(await connect(server), withRequest(LINE));
    const closed = server.close();
    half.send(LINE.slice(20));
    await Promise.all([client, named, half].map((connection) => connection.ended()));
    await closed;
  });

  it('ends a connection whose header has not come when it closes', async () => {
    const { server } = await start();
    const [silent, half] = [await connect(server), await connect(server)];
    half.send(LINE.slice(0, 9));
    await expect.poll(() => server.connections()).toBe(2);
    await server.close();
    await Promise.all([silent.ended(), half.ended()]);
  });
});
