// Replies that are longer than memory should hold, over TCP and TLS: the messages of a zone transfer.

import { afterEach, describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../src/core/counters.ts';
import { type Clock, systemClock } from '../../src/io/clock.ts';
import { DNS_STREAM_LIMITS, type DnsStreamOptions, openDnsStream } from '../../src/io/streams/dns-stream.ts';
import type { StreamServer } from '../../src/io/streams/stream-server.ts';
import { createTlsServer } from '../../src/io/streams/tls-server.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { createTestIdentity } from '../support/test-certificate.ts';

const servers: StreamServer[] = [];
const clients: TcpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const MESSAGE_OCTETS = 16_000;
const WIRE_OCTETS = 2 + MESSAGE_OCTETS;
const identity = createTestIdentity();

/** 12 octets: a letter that says what is wanted, and a number. */
function request(kind: 'long' | 'short', number: number): Buffer {
  return Buffer.from(`\0\x0c${`${kind[0]}${number}`.padEnd(12)}`);
}

/** What a transfer of `messages` messages told. */
interface Told {
  asked: number;
  released: number;
}

describe.each(['TCP', 'TLS'])('a long reply over %s', (transport) => {
  async function open(
    setup: { clock?: Clock; throwsAt?: number; limits?: DnsStreamOptions['limits'] } = {},
  ): Promise<{ server: StreamServer; told: Told; counters: ReturnType<typeof createCounters> }> {
    const { clock = systemClock, limits = {}, throwsAt } = setup;
    const told: Told = { asked: 0, released: 0 };
    const counters = createCounters();
    const { nowMilliseconds } = clock;
    const tls =
      transport === 'TLS' ? createTlsServer({ identity, protocols: ['dot'], nowMilliseconds }) : undefined;
    const server = await openDnsStream({
      address: '127.0.0.1',
      port: 0,
      clock,
      tls,
      limits,
      counters,
      dropCounter: Counter.dnsDropped,
      answer: (_request, _offset, length, _source, reply, replyOffset) => {
        reply.fill(1, replyOffset, replyOffset + length);
        return length;
      },
      transfer(message, offset) {
        if (message[offset] !== 'l'.charCodeAt(0)) return undefined;
        let left = Number(Buffer.from(message.subarray(offset + 1, offset + 12)).toString());
        return {
          next(output, at) {
            told.asked++;
            if (told.asked === throwsAt) throw new Error('a mistake');
            if (left === 0) return 0;
            left--;
            output.fill(2, at, at + MESSAGE_OCTETS);
            return MESSAGE_OCTETS;
          },
          end: () => void told.released++,
        };
      },
    });
    servers.push(server);
    return { server, told, counters };
  }

  async function connectTo(server: StreamServer): Promise<TcpClient> {
    const client = await connectTcp(server, { tls: transport === 'TLS' ? {} : undefined });
    clients.push(client);
    return client;
  }

  /** Waits until nothing moves any more: nobody reads, and the server has noticed. */
  async function untilStill(read: () => number): Promise<void> {
    for (let before = -1; before !== read() || before === 0; ) {
      before = read();
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('arrives whole, and what it held is released', async () => {
    const { server, told } = await open();
    const client = await connectTo(server);
    client.send(request('long', 500));
    const received = await client.received(500 * WIRE_OCTETS);
    expect(received.length).toBe(500 * WIRE_OCTETS);
    expect(received.readUInt16BE(499 * WIRE_OCTETS)).toBe(MESSAGE_OCTETS);
    await expect.poll(() => told).toEqual({ asked: 501, released: 1 });
  });

  it('keeps its place among requests that are pipelined around it', async () => {
    const { server, told } = await open();
    const client = await connectTo(server);
    const requests = [
      request('short', 1),
      request('long', 20),
      request('short', 2),
      request('long', 3),
      request('short', 3),
    ];
    client.send(Buffer.concat(requests));
    const received = await client.received(23 * WIRE_OCTETS + 3 * 14);
    const lengths: number[] = [];
    for (let at = 0; at < received.length; at += 2 + lengths.at(-1)!) lengths.push(received.readUInt16BE(at));
    expect(lengths).toEqual([
      12,
      ...Array.from({ length: 20 }, () => MESSAGE_OCTETS),
      12,
      ...Array.from({ length: 3 }, () => MESSAGE_OCTETS),
      12,
    ]);
    expect(told.released).toBe(2);
  });

  it('may be empty', async () => {
    const { server, told } = await open();
    const client = await connectTo(server);
    client.send(Buffer.concat([request('long', 0), request('short', 1)]));
    expect((await client.received(14)).length).toBe(14);
    expect(told.released).toBe(1);
  });

  it('leaves other clients their turns', async () => {
    const { server, told } = await open();
    const [long, short] = [await connectTo(server), await connectTo(server)];
    long.send(request('long', 100_000));
    await long.received(WIRE_OCTETS);
    for (let n = 1; n <= 20; n++) {
      const before = told.asked;
      short.send(request('short', n));
      await short.received(14 * n);
      // A message a turn: a handful of turns a question, and not one of them for the whole zone.
      expect(told.asked - before).toBeLessThan(1000);
    }
    long.destroy();
    await expect.poll(() => told.released).toBe(1);
  });

  it('is asked for no further than the peer reads, and given up when that does not go on', async () => {
    const clock = createManualClock();
    const { server, told, counters } = await open({ clock });
    const client = await connectTo(server);
    client.socket.pause();
    client.send(request('long', 100_000));
    await untilStill(() => told.asked);
    // What the kernel's own buffers take on both sides, some MB; the whole would be 1.6 GB.
    expect(told.asked).toBeLessThan(2000);
    await clock.advance(DNS_STREAM_LIMITS.writeMilliseconds / 1000 + 1);
    expect(server.connections()).toBe(0);
    expect(told.released).toBe(1);
    expect(counters[Counter.dnsDropped]).toBe(1);
  });

  it('goes on when a slow peer reads on, however long it takes', async () => {
    const clock = createManualClock();
    const { server, told } = await open({ clock });
    const client = await connectTo(server);
    client.socket.pause();
    client.send(request('long', 2000));
    await untilStill(() => told.asked);
    for (let messages = 250; messages <= 2000; messages += 250) {
      client.socket.resume();
      await client.received(messages * WIRE_OCTETS);
      client.socket.pause();
      await untilStill(() => told.asked);
      await clock.advance(DNS_STREAM_LIMITS.writeMilliseconds / 1000 - 2);
    }
    expect((await client.received(2000 * WIRE_OCTETS)).length).toBe(2000 * WIRE_OCTETS);
    expect(told.released).toBe(1);
  });

  it('ends at the deadline of the whole, however well the peer reads', async () => {
    const clock = createManualClock();
    const { server, told } = await open({ clock, limits: { transferMilliseconds: 20_000 } });
    const client = await connectTo(server);
    client.send(request('long', 1_000_000));
    for (let second = 1; second < 20; second++) {
      await client.received(second * 10 * WIRE_OCTETS);
      expect(told.released).toBe(0);
      await clock.advance(1);
    }
    await clock.advance(2);
    await client.ended();
    expect(told.released).toBe(1);
  });

  it('releases what it held when the peer resets', async () => {
    const { server, told } = await open();
    const client = await connectTo(server);
    client.send(request('long', 100_000));
    await client.received(WIRE_OCTETS);
    client.reset();
    await expect.poll(() => told.released).toBe(1);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('has the grace of a begun request when the server closes, and no more', async () => {
    const clock = createManualClock();
    const { server, told } = await open({ clock });
    const [short, endless] = [await connectTo(server), await connectTo(server)];
    endless.send(request('long', 1_000_000));
    await endless.received(WIRE_OCTETS);
    short.send(request('long', 50));
    await short.received(WIRE_OCTETS);
    const closed = server.close();
    expect((await short.ended()).length).toBe(50 * WIRE_OCTETS);
    await clock.advance(DNS_STREAM_LIMITS.closeGraceMilliseconds / 1000);
    await closed;
    expect(told.released).toBe(2);
    expect(clock.pending()).toBe(0);
  });

  it('closes its connection alone when making it fails', async () => {
    const { server, told } = await open({ throwsAt: 10 });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    client.send(request('long', 100));
    await client.ended();
    expect(told.released).toBe(1);
    other.send(request('short', 1));
    expect((await other.received(14)).length).toBe(14);
  });
});
