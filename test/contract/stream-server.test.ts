// What all stream front ends keep: DNS over TCP, DNS over TLS and the HTTP tracker are protocols on one kind of
// connection.

import { createServer } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Counter, createCounters } from '../../src/core/counters.ts';
import { textToOctets } from '../../src/core/octets/text.ts';
import { BindError } from '../../src/io/bind-error.ts';
import { type Clock, systemClock } from '../../src/io/clock.ts';
import { hasFamily } from '../../src/io/interfaces.ts';
import { createConnectionLimits } from '../../src/io/streams/connection-limits.ts';
import { DNS_STREAM_LIMITS, openDnsStream } from '../../src/io/streams/dns-stream.ts';
import type { HttpStreamHandler } from '../../src/io/streams/http-protocol.ts';
import { HTTP_STREAM_LIMITS, openHttpStream } from '../../src/io/streams/http-stream.ts';
import type { StreamLimits } from '../../src/io/streams/stream-connections.ts';
import type { StreamServer, StreamServerOptions } from '../../src/io/streams/stream-server.ts';
import { createTlsServer, type TlsServer } from '../../src/io/streams/tls-server.ts';
import { HTTP_SERVERS, type HttpServerKind } from '../support/http-servers.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { createTestIdentity } from '../support/test-certificate.ts';

interface Setup {
  readonly address?: string;
  readonly port?: number;
  readonly clock?: Clock;
  readonly limits?: Partial<StreamLimits>;
  readonly connections?: NonNullable<StreamServerOptions['connections']>;
  readonly counters?: ReturnType<typeof createCounters>;
  readonly tls?: TlsServer;
}

/** A front end whose request `n` is answered with the text of `n`, padded to a fixed length. */
interface Subject {
  readonly name: string;
  readonly limits: StreamLimits;
  readonly rejected: number;
  readonly timedOut: number;
  readonly isSecured?: boolean;
  open(setup: Setup, replyOctets: number, onRequest: () => void): Promise<StreamServer>;
  request(n: number): Uint8Array;
  /** Octets that a reply of `replyOctets` takes on the wire. */
  replyLength(replyOctets: number): number;
  /** The numbers answered. */
  numbers(received: Buffer): number[];
}

const dns: Subject = {
  name: 'DNS over TCP',
  limits: DNS_STREAM_LIMITS,
  rejected: Counter.dnsDropped,
  timedOut: Counter.dnsDropped,
  open: ({ address = '127.0.0.1', port = 0, clock = systemClock, ...setup }, replyOctets, onRequest) =>
    openDnsStream({
      ...setup,
      address,
      port,
      clock,
      dropCounter: Counter.dnsDropped,
      answer(request, offset, length, _source, reply, replyOffset) {
        onRequest();
        const number = Buffer.from(request.subarray(offset, offset + length))
          .toString('latin1')
          .trim();
        reply.set(textToOctets(number.padEnd(replyOctets)), replyOffset);
        return replyOctets;
      },
    }),
  request: (n) => textToOctets(`\0\x0c${String(n).padEnd(12)}`),
  replyLength: (replyOctets) => 2 + replyOctets,
  numbers(received) {
    const numbers: number[] = [];
    for (let at = 0; at < received.length; ) {
      const length = received.readUInt16BE(at);
      numbers.push(Number(received.toString('latin1', at + 2, at + 2 + length)));
      at += 2 + length;
    }
    return numbers;
  },
};

const identity = createTestIdentity();

const dnsOverTls: Subject = {
  ...dns,
  name: 'DNS over TLS',
  isSecured: true,
  open: (setup, replyOctets, onRequest) => {
    const { nowMilliseconds } = setup.clock ?? systemClock;
    const tls = createTlsServer({ identity, protocols: ['dot'], nowMilliseconds });
    return dns.open({ ...setup, tls }, replyOctets, onRequest);
  },
};

function httpOn(server: HttpServerKind): Subject {
  return {
    name: server.kind,
    limits: HTTP_STREAM_LIMITS,
    rejected: Counter.httpRejectedConnections,
    timedOut: Counter.httpTimeouts,
    open: (
      { address = '127.0.0.1', port = 0, clock = systemClock, tls, ...setup },
      replyOctets,
      onRequest,
    ) => {
      const respond: HttpStreamHandler = (head, start, end, _source, _localPort, reply) => {
        onRequest();
        const number =
          /^GET \/(\d+)/.exec(Buffer.from(head.subarray(start, end)).toString('latin1'))?.[1] ?? 'none';
        reply.set(textToOctets(number.padEnd(replyOctets)), 0);
        return { length: replyOctets, keepAlive: true };
      };
      return server.open({ ...setup, address, port, clock, respond, secured: tls && { tls, respond } });
    },
    request: (n) => textToOctets(`GET /${n} HTTP/1.1\r\nHost: t.example\r\n\r\n`),
    replyLength: (replyOctets) => replyOctets,
    numbers: (received) => received.toString('latin1').trim().split(/ +/).map(Number),
  };
}

const http = HTTP_SERVERS.map(httpOn);

/** Where both are spoken at one port, told apart by the first octet. */
const httpWithTls = [false, true].map((isSecured): Subject => {
  const clear = httpOn({ kind: '', open: openHttpStream });
  return {
    ...clear,
    name: isSecured ? 'HTTPS beside HTTP' : 'HTTP beside HTTPS',
    isSecured,
    open: (setup, replyOctets, onRequest) => {
      const { nowMilliseconds } = setup.clock ?? systemClock;
      const tls = createTlsServer({ identity, protocols: ['http/1.1'], nowMilliseconds });
      return clear.open({ ...setup, tls }, replyOctets, onRequest);
    },
  };
});

const hasIpv6 = await hasFamily(6);
const servers: StreamServer[] = [];
const clients: TcpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const REPLY_OCTETS = 10;
/** What either kind of server has room for; a few hundred overflow every buffer on the way. */
const LARGE_REPLY_OCTETS = 30_000;

describe.each([dns, dnsOverTls, ...http, ...httpWithTls])('$name', (subject) => {
  async function openServer(
    setup: Setup = {},
    replyOctets = REPLY_OCTETS,
    onRequest = () => {},
  ): Promise<StreamServer> {
    const server = await subject.open(setup, replyOctets, onRequest);
    servers.push(server);
    return server;
  }

  async function connectTo(server: StreamServer, allowHalfOpen = false): Promise<TcpClient> {
    const tls = subject.isSecured === true ? {} : undefined;
    const client = await connectTcp(server, { allowHalfOpen, tls });
    clients.push(client);
    return client;
  }

  async function ask(client: TcpClient, n: number): Promise<number[]> {
    client.send(subject.request(n));
    return subject.numbers(await client.received(subject.replyLength(REPLY_OCTETS)));
  }

  function pipelined(count: number): Uint8Array {
    return Buffer.concat(Array.from({ length: count }, (_, n) => subject.request(n)));
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])('answers on %s', async (address) => {
    expect(await ask(await connectTo(await openServer({ address })), 7)).toEqual([7]);
  });

  it('answers 200 pipelined requests in order', async () => {
    const client = await connectTo(await openServer());
    client.send(pipelined(200));
    expect(subject.numbers(await client.received(200 * subject.replyLength(REPLY_OCTETS)))).toEqual(
      upTo(200),
    );
  });

  it.each([1, 2, 3, 7, 13, 64])(
    'answers pipelined requests that come in pieces of %i octets',
    async (size) => {
      const client = await connectTo(await openServer());
      const octets = pipelined(20);
      for (let at = 0; at < octets.length; at += size) {
        client.send(octets.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(subject.numbers(await client.received(20 * subject.replyLength(REPLY_OCTETS)))).toEqual(
        upTo(20),
      );
    },
  );

  it('answers what was asked before a half-close, then closes', async () => {
    const client = await connectTo(await openServer(), true);
    client.socket.end(pipelined(3));
    expect(subject.numbers(await client.ended())).toEqual([0, 1, 2]);
  });

  it('answers a slow reader that has half-closed in full', async () => {
    const client = await connectTo(await openServer({}, LARGE_REPLY_OCTETS), true);
    client.socket.pause();
    client.socket.end(pipelined(200));
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.resume();
    expect((await client.ended()).length).toBe(200 * subject.replyLength(LARGE_REPLY_OCTETS));
  });

  it('outlives a client that resets in the middle of its answers', async () => {
    const server = await openServer({}, LARGE_REPLY_OCTETS);
    const rude = await connectTo(server);
    rude.send(pipelined(50));
    await rude.received(1);
    rude.reset();
    const polite = await connectTo(server);
    polite.send(subject.request(5));
    expect(subject.numbers(await polite.received(subject.replyLength(LARGE_REPLY_OCTETS)))).toEqual([5]);
  });

  it('stops answering a pipeliner that never reads, then closes it', async () => {
    const clock = createManualClock();
    const counters = createCounters();
    let requests = 0;
    const server = await openServer({ clock, counters }, LARGE_REPLY_OCTETS, () => requests++);
    const client = await connectTo(server);
    client.socket.pause();
    // Up to what the kernel's own buffers take, and no further: 20,000 replies would be 1.2 GB.
    client.send(pipelined(20_000));
    for (let before = -1; before !== requests || requests === 0; ) {
      before = requests;
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(requests).toBeLessThan(1000);
    await clock.advance(subject.limits.writeMilliseconds / 1000 + 1);
    expect(server.connections()).toBe(0);
    expect(counters[subject.timedOut]).toBe(1);
  });

  it('closes a connection that never asks', async () => {
    const clock = createManualClock();
    const server = await openServer({ clock });
    const client = await connectTo(server);
    await expect.poll(() => server.connections()).toBe(1);
    await clock.advance(subject.limits.requestMilliseconds / 1000 + 1);
    expect((await client.ended()).length).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('closes a request that dribbles in and never ends, however busy it is', async () => {
    const clock = createManualClock();
    const counters = createCounters();
    const server = await openServer({ clock, counters });
    const client = await connectTo(server);
    const octets = subject.request(1);
    for (let second = 0; second < 12; second++) {
      client.send(octets.subarray(second, second + 1));
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1);
    }
    expect((await client.ended()).length).toBe(0);
    expect(counters[subject.timedOut]).toBe(1);
  });

  it('closes an idle connection after its time, and not before', async () => {
    const clock = createManualClock();
    const server = await openServer({ clock });
    const client = await connectTo(server);
    expect(await ask(client, 1)).toEqual([1]);
    await clock.advance(subject.limits.idleMilliseconds / 1000 - 2);
    client.send(subject.request(2));
    expect(subject.numbers(await client.received(2 * subject.replyLength(REPLY_OCTETS)))).toEqual([1, 2]);
    await clock.advance(subject.limits.idleMilliseconds / 1000 - 2);
    expect(server.connections()).toBe(1);
    await clock.advance(3);
    await client.ended();
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('serves a new client at once beside 800 idle ones and 300 half requests', async () => {
    const counters = createCounters();
    const server = await openServer({
      counters,
      limits: { maxConnections: 600, maxConnectionsPerPrefix: 600 },
    });
    const half = subject.request(1).subarray(0, 5);
    for (let n = 0; n < 1100; n++) {
      const client = await connectTo(server);
      if (n % 4 === 0) client.send(half);
    }
    expect(await ask(await connectTo(server), 9)).toEqual([9]);
    expect(server.connections()).toBeLessThanOrEqual(601);
    expect(counters[subject.rejected]).toBe(501);
  });

  it('sheds the connection whose last request is the longest ago', async () => {
    const server = await openServer({ limits: { maxConnections: 2 } });
    const [first, second] = [await connectTo(server), await connectTo(server)];
    await ask(second, 1);
    await ask(first, 2);
    expect(await ask(await connectTo(server), 3)).toEqual([3]);
    expect((await second.ended()).length).toBe(subject.replyLength(REPLY_OCTETS));
    first.send(subject.request(4));
    expect(subject.numbers(await first.received(2 * subject.replyLength(REPLY_OCTETS)))).toEqual([2, 4]);
  });

  it('shares one cap among listeners that are given it', async () => {
    const connections = createConnectionLimits(1, 1);
    const [one, other] = [await openServer({ connections }), await openServer({ connections })];
    const shed = await connectTo(one);
    await ask(shed, 1);
    expect(await ask(await connectTo(other), 2)).toEqual([2]);
    await shed.ended();
    expect(connections.size()).toBe(1);
  });

  it('closes at once when nothing has begun, and frees the port', async () => {
    const clock = createManualClock();
    const server = await openServer({ clock });
    const idle = await connectTo(server);
    await ask(idle, 1);
    await Promise.all([server.close(), server.close()]);
    await idle.ended();
    expect(clock.pending()).toBe(0);
    expect((await openServer({ port: server.port })).port).toBe(server.port);
  });

  it('gives a request that has begun a grace when it closes', async () => {
    const clock = createManualClock();
    const server = await openServer({ clock });
    const [busy, stuck] = [await connectTo(server), await connectTo(server)];
    const octets = subject.request(6);
    // A whole request first, so that the server has certainly read up to the half one.
    for (const client of [busy, stuck]) {
      client.send(Buffer.concat([subject.request(5), octets.subarray(0, 6)]));
      await client.received(subject.replyLength(REPLY_OCTETS));
    }
    const closed = server.close();
    busy.send(octets.subarray(6));
    expect(subject.numbers(await busy.ended())).toEqual([5, 6]);
    await clock.advance(subject.limits.closeGraceMilliseconds / 1000);
    await closed;
    expect(subject.numbers(await stuck.ended())).toEqual([5]);
  });

  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'refuses a port on %s that another program shares with SO_REUSEPORT',
    async (address) => {
      const other = createServer();
      onTestFinished(() => void other.close());
      await new Promise<void>((done) => other.listen({ host: address, port: 0, reusePort: true }, done));
      const { port } = other.address() as { port: number };
      const error = await openServer({ address, port }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BindError);
      expect(error).toMatchObject({ code: 'address-in-use', transport: 'tcp', address, port });
    },
  );

  it('says that an address is not of this machine', async () => {
    await expect(openServer({ address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'address-not-available',
    });
  });
});
