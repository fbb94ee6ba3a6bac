// What any UDP socket does, told to both kinds: batched through the packet engine, and portable on Node's own.

import { createSocket, type Socket } from 'node:dgram';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { Counter } from '../../src/core/counters.ts';
import { formatIpAddress } from '../../src/core/net/ip-address.ts';
import { MAX_DATAGRAM_OCTETS, type PacketHandler } from '../../src/core/net/packet-handler.ts';
import { hasFamily } from '../../src/io/interfaces.ts';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { canForge, sendForged } from '../support/forged-datagram.ts';
import { NOW_SECONDS, type OpenSocket, UDP_SOCKETS } from '../support/udp-sockets.ts';

const hasIpv6 = await hasFamily(6);
const FAMILIES = ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])];
const mayForge = process.platform === 'linux' && canForge(loadLibc());
const isForgingLeftOut = !mayForge && process.env['CI'] !== 'true';
afterAll(() => {
  if (isForgingLeftOut) console.log('left out: forged sources (a raw socket needs root)');
});

const SILENT = 0xff;
const FAULTY = 0xee;
/** In front of the octets that come back: how many came. */
const PREFIX_OCTETS = 4;

/** Says how many octets came and sends them back; silent to {@link SILENT}, throws at {@link FAULTY}. */
const echo: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
  if (length > 0 && request[offset] === SILENT) return 0;
  if (length > 0 && request[offset] === FAULTY) throw new TypeError('a mistake of ours');
  new DataView(reply.buffer, reply.byteOffset).setUint32(replyOffset, length);
  const returned = Math.min(length, MAX_DATAGRAM_OCTETS - PREFIX_OCTETS);
  for (let index = 0; index < returned; index++)
    reply[replyOffset + PREFIX_OCTETS + index] = request[offset + index]!;
  return PREFIX_OCTETS + returned;
};

async function openClient(address: string): Promise<Socket> {
  const client = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  onTestFinished(() => void client.close());
  await new Promise<void>((resolve) => client.bind(0, address, resolve));
  client.setRecvBufferSize(1024 * 1024);
  return client;
}

function send(client: Socket, server: OpenSocket, octets: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    client.send(octets, server.port, server.address, (error) => (error ? reject(error) : resolve())),
  );
}

/** Sends all, and resolves with `count` replies in the order in which they came. */
async function exchange(
  client: Socket,
  server: OpenSocket,
  requests: readonly Uint8Array[],
  count = requests.length,
): Promise<Buffer[]> {
  const replies: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    client.on('message', (reply) => {
      if (replies.push(reply) === count) resolve();
    });
  });
  for (const request of requests) await send(client, server, request);
  await all;
  client.removeAllListeners('message');
  return replies;
}

/** A loop that turns on this thread's event loop gets its turn, too. */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `length` octets that tell where they stand, none of which the handler takes for a word to it. */
function pattern(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index * 7) % 200);
}

function text(octets: Uint8Array): string {
  return Buffer.from(octets.subarray(PREFIX_OCTETS)).toString('latin1');
}

describe.each(UDP_SOCKETS)('a $kind UDP socket', ({ kind, create }) => {
  describe.each(FAMILIES)('on %s', (address) => {
    test.each([
      [0, 0],
      [1, 1],
      [12, 12],
      [4096, 4096],
      [4097, 4096],
      // The longest that UDP over IPv4 carries (RFC 768, RFC 791).
      [65_507, 4096],
    ])('hands over a datagram of %i octets as %i', async (length, handed) => {
      const server = await create().open(address, echo);
      const client = await openClient(address);
      const request = pattern(length);
      const [reply] = await exchange(client, server, [request]);
      expect(reply!.readUInt32BE(0)).toBe(handed);
      const returned = Math.min(handed, MAX_DATAGRAM_OCTETS - PREFIX_OCTETS);
      expect(reply!.subarray(PREFIX_OCTETS)).toEqual(Buffer.from(request.subarray(0, returned)));
    });

    test('says who sent it, and when', async () => {
      const seen: unknown[] = [];
      const noting: PacketHandler = (request, offset, length, source, reply, replyOffset, nowSeconds) => {
        const octets = source.octets.subarray(0, source.family === 4 ? 4 : 16);
        seen.push([formatIpAddress(octets), source.port, nowSeconds]);
        return echo(request, offset, length, source, reply, replyOffset, nowSeconds);
      };
      const server = await create().open(address, noting);
      const client = await openClient(address);
      await exchange(client, server, [pattern(3)]);
      expect(seen).toEqual([[address, client.address().port, NOW_SECONDS]]);
    });

    test.skipIf(isForgingLeftOut)('drops what came from port 0 or from our own sockets', async () => {
      const sockets = create();
      const server = await sockets.open(address, echo);
      sendForged(loadLibc(), { address, port: 0 }, server, pattern(40));
      sendForged(loadLibc(), { address, port: server.port }, server, pattern(40));
      const client = await openClient(address);
      expect(await exchange(client, server, [pattern(5)])).toHaveLength(1);
      expect(sockets.counters[Counter.udpDropped]).toBe(2);
    });

    test.skipIf(isForgingLeftOut)('answers a forged source that is not ours', async () => {
      const server = await create().open(address, echo);
      const client = await openClient(address);
      const replied = new Promise<Buffer>((resolve) => client.once('message', resolve));
      sendForged(loadLibc(), { address, port: client.address().port }, server, pattern(40));
      expect((await replied).readUInt32BE(0)).toBe(40);
    });
  });

  test('is silent where the handler is', async () => {
    const sockets = create();
    const server = await sockets.open('127.0.0.1', echo);
    const client = await openClient('127.0.0.1');
    const requests = [Uint8Array.of(SILENT), pattern(3), Uint8Array.of(SILENT, 1)];
    expect((await exchange(client, server, requests, 1))[0]!.readUInt32BE(0)).toBe(3);
    expect(sockets.counters[Counter.udpDropped]).toBe(0);
  });

  test('gives each of many datagrams its own reply', async () => {
    const server = await create().open('127.0.0.1', echo);
    const client = await openClient('127.0.0.1');
    // Now and then a silence, so that replies and requests are not numbered alike.
    const requests = Array.from({ length: 500 }, (_, index) =>
      Buffer.from(index % 7 === 3 ? [SILENT] : `<${index}>`.padEnd((index * 31) % 1200, '.')),
    );
    const spoken = requests.filter((request) => request[0] !== SILENT);
    const replies = await exchange(client, server, requests, spoken.length);
    expect(replies.map(text).sort()).toEqual(spoken.map(String).sort());
  });

  test('outlives a handler that throws, counts that datagram and answers those around it', async () => {
    const sockets = create();
    const server = await sockets.open('127.0.0.1', echo);
    const client = await openClient('127.0.0.1');
    const requests = ['a', 'b', [FAULTY], 'c', [FAULTY], 'd'].map((content) =>
      Buffer.from(content as string),
    );
    const replies = await exchange(client, server, requests, 4);
    expect(replies.map(text)).toEqual(['a', 'b', 'c', 'd']);
    expect(sockets.counters[Counter.udpDropped]).toBe(2);
    expect(sockets.faults).toEqual(['a mistake of ours', 'a mistake of ours']);
  });

  test('is one of many that answer side by side', async () => {
    const sockets = create();
    const numbered =
      (number: number): PacketHandler =>
      (_request, _offset, _length, _source, reply, replyOffset) => {
        reply[replyOffset] = number;
        return 1;
      };
    const servers = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        sockets.open(FAMILIES[number % FAMILIES.length]!, numbered(number)),
      ),
    );
    const clients = new Map(
      await Promise.all(FAMILIES.map(async (at) => [at, await openClient(at)] as const)),
    );
    for (const [number, server] of servers.entries()) {
      const [reply] = await exchange(clients.get(server.address)!, server, [pattern(1)]);
      expect([...reply!]).toEqual([number]);
    }
  });

  test('loses nothing while others come and go', async () => {
    const sockets = create();
    const loaded = await sockets.open('127.0.0.1', echo);
    const client = await openClient('127.0.0.1');
    let isOver = false;
    const coming = (async () => {
      let count = 0;
      for (; !isOver; count++) {
        const passing = await sockets.open('127.0.0.1', echo);
        await send(client, passing, Uint8Array.of(SILENT));
        await passing.close();
        await turnOfTheEventLoop();
      }
      return count;
    })();
    for (let round = 0; round < 20; round++) {
      const requests = Array.from({ length: 50 }, (_, index) => Buffer.from(`${round}.${index}`));
      const replies = await exchange(client, loaded, requests);
      expect(replies.map(text).sort()).toEqual(requests.map(String).sort());
    }
    isOver = true;
    expect(await coming).toBeGreaterThan(5);
  });

  test('answers what had arrived when it closes', async () => {
    const server = await create().open('127.0.0.1', echo);
    const client = await openClient('127.0.0.1');
    const requests = Array.from({ length: 100 }, (_, index) => Buffer.from(`${index}`));
    const replies = exchange(client, server, requests);
    // All are sent by then: loopback delivers before sending returns.
    for (let index = 0; index < requests.length; index++) await send(client, server, Uint8Array.of(SILENT));
    await server.close();
    expect((await replies).map(text).sort()).toEqual(requests.map(String).sort());
  });

  test('goes on when nobody is there to take a reply (ICMP port unreachable)', async () => {
    const server = await create().open('127.0.0.1', echo);
    for (let round = 0; round < 3; round++) {
      const gone = createSocket('udp4');
      await new Promise<void>((resolve) => gone.bind(0, '127.0.0.1', resolve));
      for (let index = 0; index < 20; index++) await send(gone, server, pattern(9));
      gone.close();
      const client = await openClient('127.0.0.1');
      expect(await exchange(client, server, [pattern(5)])).toHaveLength(1);
    }
  });

  // The portable socket cannot say from which of its addresses a datagram leaves: the system picks one.
  test
    .skipIf(kind === 'portable' || process.platform !== 'linux')
    .each([
      { bound: '0.0.0.0', from: '127.0.0.1', asked: '127.0.0.2' },
      { bound: '0.0.0.0', from: '127.0.0.1', asked: '127.0.0.1' },
      ...(hasIpv6 ? [{ bound: '::', from: '::1', asked: '::1' }] : []),
    ])('on $bound, asked by $from at $asked, answers from there', async ({ bound, from, asked }) => {
    const server = await create().open(bound, echo);
    const client = await openClient(from);
    const replied = new Promise<{ address: string; port: number }>((resolve) =>
      client.once('message', (_reply, sender) => resolve(sender)),
    );
    await send(client, { ...server, address: asked }, pattern(4));
    expect(await replied).toMatchObject({ address: asked, port: server.port });
  });

  test.skipIf(isForgingLeftOut)('on 0.0.0.0 drops what claims to come from itself', async () => {
    const sockets = create();
    const { port } = await sockets.open('0.0.0.0', echo);
    const there = { address: '127.0.0.1', port };
    sendForged(loadLibc(), there, there, pattern(40));
    const client = await openClient('127.0.0.1');
    await exchange(client, { ...there, close: async () => undefined }, [pattern(5)]);
    expect(sockets.counters[Counter.udpDropped]).toBe(1);
  });
});
