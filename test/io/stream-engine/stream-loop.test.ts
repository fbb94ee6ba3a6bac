// The stream loop's own: what it does when the kernel refuses or takes a part, and what it leaves behind. A scripted C
// library stands between loop and kernel and puts results in place of the kernel's. What all stream servers keep is in
// test/contract/stream-server.test.ts.

import { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import { formatIpAddress } from '../../../src/core/net/ip-address.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { Errno } from '../../../src/io/packet-engine/layout.ts';
import type { Libc } from '../../../src/io/packet-engine/libc.ts';
import type { HttpStreamHandler } from '../../../src/io/streams/http-protocol.ts';
import { createTlsServer } from '../../../src/io/streams/tls-server.ts';
import { type HttpLoopOptions, openHttpLoop } from '../../support/http-servers.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { connectTcp, type TcpClient } from '../../support/tcp-client.ts';
import { createTestIdentity } from '../../support/test-certificate.ts';

/** What a call gives instead of asking the kernel; a count is how many octets the kernel may take. */
type Scripted = { readonly errno: number } | { readonly atMost: number };

interface Script {
  readonly accepts: Scripted[];
  readonly receives: Scripted[];
  readonly sends: Scripted[];
}

/** The real C library but for what the script says; each line of it is used once. */
function scripted(libc: Libc, script: Partial<Script>): Libc {
  let errno = 0;
  const play = (lines: Scripted[] | undefined, count: number, call: (count: number) => number): number => {
    const line = lines?.shift();
    errno = 0;
    if (line === undefined) return call(count);
    if ('atMost' in line) return call(Math.min(count, line.atMost));
    errno = line.errno;
    return -1;
  };
  return {
    ...libc,
    accept: (socket, address, length, flags) =>
      play(script.accepts, 0, () => libc.accept(socket, address, length, flags)),
    receive: (socket, octets, length, flags) =>
      play(script.receives, length, (allowed) => libc.receive(socket, octets, allowed, flags)),
    send: (socket, octets, length, flags) =>
      play(script.sends, length, (allowed) => libc.send(socket, octets, allowed, flags)),
    errno: () => (errno === 0 ? libc.errno() : errno),
  };
}

const REQUEST = 'GET / HTTP/1.1\r\n\r\n';
const LAST_REQUEST = 'GET /last HTTP/1.1\r\n\r\n';
const REPLY = 'the same for everybody';
const respond: HttpStreamHandler = (head, start, end, _source, _localPort, reply) => {
  const isLast = Buffer.from(head.subarray(start, end)).includes('/last');
  reply.set(textToOctets(REPLY), 0);
  return { length: REPLY.length, keepAlive: !isLast, isClientDone: isLast };
};

function open(script: Partial<Script> = {}, options: Partial<HttpLoopOptions> = {}) {
  const counters = createCounters();
  const server = openHttpLoop({
    address: '127.0.0.1',
    port: 0,
    respond,
    clock: systemClock,
    counters,
    wrap: (libc) => scripted(libc, script),
    ...options,
  });
  onTestFinished(() => server.close());
  const connect = async (): Promise<TcpClient> => {
    const client = await connectTcp(server);
    onTestFinished(() => client.destroy());
    return client;
  };
  return { server, counters, connect };
}

const times = (count: number, errno: number): Scripted[] => Array.from({ length: count }, () => ({ errno }));

describe.skipIf(process.platform !== 'linux')('a stream loop', () => {
  test.each([
    ['EINTR', Errno.EINTR],
    ['ECONNABORTED', 103],
    ['EPROTO', 71],
    ['EHOSTUNREACH', 113],
  ])('accepts the next connection after %s', async (_name, errno) => {
    const { connect, server } = open({ accepts: times(3, errno) });
    const client = await connect();
    client.send(REQUEST);
    expect((await client.received(REPLY.length)).toString()).toBe(REPLY);
    expect(server.shortages).toEqual([]);
  });

  test.each([
    ['EMFILE', Errno.EMFILE],
    ['ENFILE', Errno.ENFILE],
    ['ENOBUFS', Errno.ENOBUFS],
    ['ENOMEM', Errno.ENOMEM],
  ])('sheds the oldest for a newcomer at %s, and says so once', async (_name, errno) => {
    const accepts: Scripted[] = [];
    const { connect, counters, server } = open({ accepts });
    const [oldest, other] = [await connect(), await connect()];
    for (const client of [oldest, other]) {
      client.send(REQUEST);
      await client.received(REPLY.length);
    }
    accepts.push(...times(1, errno));
    const newcomer = await connect();
    newcomer.send(REQUEST);
    expect((await newcomer.received(REPLY.length)).toString()).toBe(REPLY);
    await oldest.ended();
    accepts.push(...times(1, errno));
    (await connect()).send(REQUEST);
    await other.ended();
    expect(counters[Counter.httpRejectedConnections]).toBe(2);
    expect(server.shortages).toEqual([errno]);
  });

  test('with nothing to shed stops accepting for a second, without a busy turn, and then goes on', async () => {
    const clock = createManualClock();
    let accepts = 0;
    let isShort = true;
    const { connect, counters, server } = open(
      {},
      {
        clock,
        wrap: (libc) => ({
          ...libc,
          accept(socket, address, length, flags) {
            accepts++;
            return isShort ? -1 : libc.accept(socket, address, length, flags);
          },
          errno: () => (isShort ? Errno.EMFILE : libc.errno()),
        }),
      },
    );
    const client = await connect();
    client.send(REQUEST);
    await expect.poll(() => server.shortages).toEqual([Errno.EMFILE]);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(accepts).toBe(1);
    expect(server.loop.waitMilliseconds()).toBe(1000);
    await clock.advance(1);
    await expect.poll(() => accepts).toBe(2);
    isShort = false;
    await clock.advance(1);
    expect((await client.received(REPLY.length)).toString()).toBe(REPLY);
    expect(counters[Counter.httpRejectedConnections]).toBe(2);
    expect(server.shortages).toEqual([Errno.EMFILE]);
  });

  test('sends what the kernel did not take once it takes it, and answers what waited meanwhile', async () => {
    const sends = [
      { atMost: 5 },
      { atMost: 3 },
      { errno: Errno.EAGAIN },
      { errno: Errno.EINTR },
      { atMost: 1 },
    ];
    const { connect } = open({ sends });
    const client = await connect();
    client.send(REQUEST + REQUEST);
    const first = await client.received(2 * REPLY.length);
    client.send(REQUEST);
    expect(first.toString()).toBe(REPLY + REPLY);
    expect((await client.received(3 * REPLY.length)).toString()).toBe(REPLY.repeat(3));
  });

  test('sends a last reply in pieces, then closes', async () => {
    const { connect, server } = open({ sends: [{ atMost: 5 }, { errno: Errno.EAGAIN }, { atMost: 4 }] });
    const client = await connect();
    client.send(LAST_REQUEST);
    expect((await client.ended()).toString()).toBe(REPLY);
    await expect.poll(() => server.connections()).toBe(0);
  });

  test.each([
    ['EPIPE', 32],
    ['ECONNRESET', 104],
    ['ENOBUFS', Errno.ENOBUFS],
  ])('closes a connection whose reply meets %s', async (_name, errno) => {
    const { connect, server } = open({ sends: times(1, errno) });
    const client = await connect();
    client.send(REQUEST);
    expect((await client.ended()).length).toBe(0);
    await expect.poll(() => server.connections()).toBe(0);
  });

  test.each([
    ['EAGAIN', Errno.EAGAIN, REPLY],
    ['EINTR', Errno.EINTR, REPLY],
    ['ECONNRESET', 104, ''],
    ['ETIMEDOUT', 110, ''],
  ])('reads on or closes after %s', async (_name, errno, reply) => {
    const { connect } = open({ receives: times(1, errno) });
    const client = await connect();
    client.send(LAST_REQUEST);
    expect((await client.ended()).toString()).toBe(reply);
  });

  test('holds a connection back until it has something to say, where that is wished', async () => {
    const { connect, server } = open({}, { deferSeconds: 1 });
    const client = await connect();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(server.connections()).toBe(0);
    client.send(REQUEST);
    expect((await client.received(REPLY.length)).toString()).toBe(REPLY);
    client.send(LAST_REQUEST);
    expect((await client.ended()).toString()).toBe(REPLY + REPLY);
  });

  test('closes at once behind the last reply where the client is done, and its source port is free to it', async () => {
    const clock = createManualClock();
    const { connect, server } = open({}, { clock });
    const client = await connect();
    client.send(LAST_REQUEST);
    expect((await client.ended()).toString()).toBe(REPLY);
    expect(server.connections()).toBe(0);
  });

  test('answers what waits in the queue of a port that it closes', async () => {
    const { connect, server } = open();
    const clients = await Promise.all(Array.from({ length: 40 }, connect));
    for (const client of clients) client.send(LAST_REQUEST);
    const closed = server.close();
    for (const client of clients) expect((await client.ended()).toString()).toBe(REPLY);
    await closed;
    await expect(connectTcp(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each([0, 1])(
    'hands a connection that begins with a TLS hello over, whole (deferred: %i)',
    async (deferSeconds) => {
      const { nowMilliseconds } = systemClock;
      const tls = createTlsServer({
        identity: createTestIdentity(),
        protocols: ['http/1.1'],
        nowMilliseconds,
      });
      const taken: string[] = [];
      const { connect, server } = open(
        {},
        {
          deferSeconds,
          takeTls(descriptor, source, octets) {
            taken.push(formatIpAddress(source.octets.subarray(0, 4)));
            const socket = new Socket({ fd: descriptor, readable: true, writable: true });
            socket.unshift(octets);
            const secured = tls.secure(socket).socket;
            secured.once('data', (request: Buffer) => secured.end(`over TLS: ${request}`));
          },
        },
      );
      const secured = await connectTcp(server, { tls: {} });
      onTestFinished(() => secured.destroy());
      secured.send(REQUEST);
      expect((await secured.ended()).toString()).toBe(`over TLS: ${REQUEST}`);
      expect(taken).toEqual(['127.0.0.1']);
      expect(server.connections()).toBe(0);
      expect(server.lent.filter((noted) => noted !== 0)).toHaveLength(1);
      const clear = await connect();
      clear.send(`${REQUEST}\x16`);
      expect((await clear.ended()).toString()).toBe(REPLY);
    },
  );

  test('counts requests of a connection that it goes on with as those of its own listener', async () => {
    const rows: number[] = [];
    const counted: HttpStreamHandler = (...request) => {
      rows.push(request[3].row);
      return respond(...request);
    };
    const [one, other] = [open({}, { row: 3, respond: counted }), open({}, { row: 5, respond: counted })];
    const client = await one.connect();
    client.send(REQUEST);
    await client.received(REPLY.length);
    const { descriptor } = other.server.listener;
    const from = one.server;
    from.loop.surrender(
      from.listener.descriptor,
      (connection) => other.server.loop.adopt(descriptor, connection),
      () => {},
    );
    from.loop.add(from.listener);
    client.send(REQUEST);
    await client.received(2 * REPLY.length);
    expect(rows).toEqual([3, 5]);
  });

  test('notes every descriptor that it has, and none when it has ended', async () => {
    const { connect, server } = open();
    const clients = await Promise.all(Array.from({ length: 5 }, connect));
    await expect.poll(() => server.lent.filter((noted) => noted !== 0).length).toBe(6);
    for (const client of clients) client.destroy();
    await expect.poll(() => server.lent.filter((noted) => noted !== 0).length).toBe(1);
    await server.close();
    expect(server.lent.every((noted) => noted === 0)).toBe(true);
  });

  test('has no more connections noted than it may have, however many come', async () => {
    const { connect, server } = open({}, { limits: { maxConnections: 3, maxConnectionsPerPrefix: 3 } });
    for (let round = 0; round < 20; round++) await connect();
    await expect.poll(() => server.connections()).toBe(3);
    expect(server.lent).toHaveLength(5);
    expect(server.faults).toEqual([]);
  });
});
