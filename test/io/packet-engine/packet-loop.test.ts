// The packet loop's own: whole batches, and what it does when the kernel refuses. A scripted C library stands between
// loop and kernel and puts results in place of the kernel's.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Counter } from '../../../src/core/counters.ts';
import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import type { PacketHandler, PacketPrefetch } from '../../../src/core/net/packet-handler.ts';
import { encodeAddress, openBatchSocket } from '../../../src/io/packet-engine/batch-socket.ts';
import { Errno } from '../../../src/io/packet-engine/layout.ts';
import type { Libc } from '../../../src/io/packet-engine/libc.ts';
import { BATCH_SIZE, PacketBatch } from '../../../src/io/packet-engine/packet-batch.ts';
import { createTestLoop } from '../../support/udp-sockets.ts';

/** What a call gives instead of asking the kernel; a count is passed on as how much the kernel may take. */
type Scripted = { readonly errno: number } | { readonly atMost: number };

interface Script {
  readonly sends: Scripted[];
  readonly receives: Scripted[];
  readonly waits: Scripted[];
  /** Datagrams that each call for sending was given. */
  readonly offered: number[];
}

/** The real C library but for what the script says; each line of it is used once. */
function scriptedLibc(libc: Libc, script: Script): Libc {
  let errno = 0;
  const play = (lines: Scripted[], count: number, call: (count: number) => number): number => {
    const line = lines.shift();
    errno = 0;
    if (line === undefined) return call(count);
    if ('atMost' in line) return call(Math.min(count, line.atMost));
    errno = line.errno;
    return -1;
  };
  return {
    ...libc,
    sendMany(socket, messages, count, flags) {
      script.offered.push(count);
      return play(script.sends, count, (allowed) => libc.sendMany(socket, messages, allowed, flags));
    },
    receiveMany: (socket, messages, count, flags) =>
      play(script.receives, count, (allowed) => libc.receiveMany(socket, messages, allowed, flags)),
    epollWait: (epoll, events, count, timeout) =>
      play(script.waits, count, (allowed) => libc.epollWait(epoll, events, allowed, timeout)),
    errno: () => (errno === 0 ? libc.errno() : errno),
  };
}

const echo: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
  for (let index = 0; index < length; index++) reply[replyOffset + index] = request[offset + index]!;
  return length;
};

function prepare(lines: Partial<Script> = {}, handler: PacketHandler = echo, prefetch?: PacketPrefetch) {
  const script: Script = { sends: [], receives: [], waits: [], offered: [], ...lines };
  const { loop, libc, counters } = createTestLoop((real) => scriptedLibc(real, script));
  const options = { address: '127.0.0.1', port: 0, isShared: false, receiveBufferOctets: 1024 * 1024 };
  const server = openBatchSocket(libc, options);
  const client = openBatchSocket(libc, options);
  const batch = new PacketBatch(libc);
  onTestFinished(() => {
    for (const { descriptor } of [server, client]) libc.close(descriptor);
    batch.free(libc);
  });
  loop.add({ ...server, handler, prefetch, dropCounter: Counter.dnsDropped });
  const name = encodeAddress(parseIpAddress('127.0.0.1')!, server.port);
  return {
    loop,
    script,
    drops: () => counters[Counter.dnsDropped]!,
    /** Datagrams numbered from `first`, all there before the loop turns. */
    send(count: number, first = 0) {
      for (let from = 0; from < count; from += BATCH_SIZE) {
        const size = Math.min(BATCH_SIZE, count - from);
        for (let index = 0; index < size; index++) {
          batch.replies[batch.replyOffset(index)] = first + from + index;
          batch.setDestination(index, name, 1);
        }
        expect(libc.sendMany(client.descriptor, batch.sendVector, size, 0)).toBe(size);
      }
    },
    /** Numbers of the replies that are there now. */
    replies(): number[] {
      const numbers: number[] = [];
      for (;;) {
        const count = batch.receive(libc, client.descriptor, false);
        if (count <= 0) return numbers;
        for (let index = 0; index < count; index++) numbers.push(batch.requests[batch.requestOffset(index)]!);
      }
    },
    descriptor: server.descriptor,
  };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe.skipIf(process.platform !== 'linux')('a packet loop', () => {
  test.each([
    [1, [1]],
    [BATCH_SIZE - 1, [63]],
    [BATCH_SIZE, [64]],
    [BATCH_SIZE + 1, [64, 1]],
    [3 * BATCH_SIZE, [64, 64, 64]],
  ])('takes %i datagrams in batches of %j', (count, batches) => {
    const { loop, script, send, replies } = prepare();
    send(count);
    for (const _ of batches) expect(loop.turn(1000)).toBe(true);
    expect(script.offered).toEqual(batches);
    expect(replies()).toEqual(upTo(count));
  });

  test('packs the replies where handlers were silent in between', () => {
    const odd: PacketHandler = (request, offset, ...rest) =>
      request[offset]! % 2 === 0 ? 0 : echo(request, offset, ...rest);
    const { loop, script, send, replies } = prepare({}, odd);
    send(BATCH_SIZE);
    loop.turn(1000);
    expect(script.offered).toEqual([32]);
    expect(replies()).toEqual(upTo(BATCH_SIZE).filter((number) => number % 2 === 1));
  });

  test('tells of a batch before its first datagram is handled, and of one datagram nothing', () => {
    const told: string[] = [];
    const handler: PacketHandler = (request, offset, ...rest) => {
      told.push(`handles ${request[offset]}`);
      return echo(request, offset, ...rest);
    };
    const prefetch: PacketPrefetch = (requests, offset, stride, count) =>
      told.push(...upTo(count).map((index) => `fetches for ${requests[offset + index * stride]}`));
    const { loop, send } = prepare({}, handler, prefetch);
    send(2);
    loop.turn(1000);
    send(1, 7);
    loop.turn(1000);
    expect(told).toEqual(['fetches for 0', 'fetches for 1', 'handles 0', 'handles 1', 'handles 7']);
  });

  test('sends the rest when the kernel takes a part (sendmmsg)', () => {
    const { loop, script, send, replies, drops } = prepare({ sends: [{ atMost: 10 }, { atMost: 1 }] });
    send(30);
    loop.turn(1000);
    expect(script.offered).toEqual([30, 20, 19]);
    expect(replies()).toEqual(upTo(30));
    expect(drops()).toBe(0);
  });

  test('tries again when a signal came (EINTR)', () => {
    const interrupted = { errno: Errno.EINTR };
    const { loop, send, replies, drops } = prepare({ sends: [interrupted, { atMost: 3 }, interrupted] });
    send(8);
    loop.turn(1000);
    expect(replies()).toEqual(upTo(8));
    expect(drops()).toBe(0);
  });

  test.each(['EAGAIN', 'ENOBUFS'] as const)('gives up the rest of a batch at %s, and counts it', (name) => {
    const full = { errno: Errno[name] };
    const { loop, send, replies, drops } = prepare({ sends: [{ atMost: 5 }, full] });
    send(20);
    loop.turn(1000);
    expect(replies()).toEqual(upTo(5));
    expect(drops()).toBe(15);
    send(3, 100);
    loop.turn(1000);
    expect(replies()).toEqual([100, 101, 102]);
  });

  test.each(['EMSGSIZE', 'ECONNREFUSED', 'EACCES'] as const)(
    'gives up one reply at %s, and counts it',
    (name) => {
      const { loop, send, replies, drops } = prepare({ sends: [{ atMost: 5 }, { errno: Errno[name] }] });
      send(20);
      loop.turn(1000);
      expect(replies()).toEqual(upTo(20).filter((number) => number !== 5));
      expect(drops()).toBe(1);
    },
  );

  test('gives up every reply that the kernel refuses, and comes to an end', () => {
    const refused = { errno: Errno.ECONNREFUSED };
    const { loop, send, replies, drops } = prepare({ sends: upTo(BATCH_SIZE).map(() => refused) });
    send(BATCH_SIZE);
    loop.turn(1000);
    expect(replies()).toEqual([]);
    expect(drops()).toBe(BATCH_SIZE);
  });

  test.each(['EAGAIN', 'EINTR', 'ECONNREFUSED', 'ENOBUFS'] as const)(
    'takes what it could not receive at the next turn: %s',
    (name) => {
      const { loop, send, replies, drops } = prepare({ receives: [{ errno: Errno[name] }] });
      send(7);
      expect(loop.turn(1000)).toBe(true);
      expect(replies()).toEqual([]);
      expect(loop.turn(1000)).toBe(true);
      expect(replies()).toEqual(upTo(7));
      expect(drops()).toBe(0);
    },
  );

  test('waits again when a signal ended the waiting (EINTR)', () => {
    const { loop, send, replies } = prepare({ waits: [{ errno: Errno.EINTR }] });
    send(2);
    expect(loop.turn(1000)).toBe(true);
    expect(loop.turn(1000)).toBe(true);
    expect(replies()).toEqual([0, 1]);
  });

  test('reads a socket that goes a bounded while, however much comes', () => {
    const flood: { more: () => void } = { more: () => undefined };
    const flooded: PacketHandler = (...packet) => {
      flood.more();
      return echo(...packet);
    };
    const { loop, script, send, descriptor } = prepare({}, flooded);
    // Every datagram answered brings another: there are always whole batches waiting.
    flood.more = () => send(1);
    send(BATCH_SIZE * 2);
    loop.remove(descriptor);
    expect(script.offered).toHaveLength(256);
  });
});
