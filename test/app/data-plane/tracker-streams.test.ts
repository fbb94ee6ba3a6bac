// The loop of a packet worker, turned by the test: what becomes of connections that begin with a TLS hello.

import { expect, onTestFinished, test } from 'vitest';
import { createTrackerStreams } from '../../../src/app/data-plane/tracker-streams.ts';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import type { Listener } from '../../../src/core/net/endpoint.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { NO_ROW } from '../../../src/core/traffic.ts';
import { loadLibc } from '../../../src/io/packet-engine/libc.ts';
import {
  createHandOverRings,
  HAND_OVER_SLOTS,
  putConnection,
  takeConnection,
  takeWaiting,
} from '../../../src/io/stream-engine/hand-over-ring.ts';
import { createLentDescriptors, lentSlots } from '../../../src/io/stream-engine/lent-descriptors.ts';
import { openListeningSocket } from '../../../src/io/stream-engine/listening-socket.ts';
import { connectTcp, type TcpClient } from '../../support/tcp-client.ts';

const ADDRESS = '127.0.0.1';
/** Like the start of a hello: what follows is for whoever speaks TLS. */
const HELLO = Uint8Array.of(0x16, 3, 1, 2, 0);

function start() {
  const libc = loadLibc();
  const { descriptor, port } = openListeningSocket(libc, {
    address: ADDRESS,
    port: 0,
    isShared: false,
    deferSeconds: 0,
  });
  const listener: Listener = { transport: 'tcp', address: ADDRESS, port };
  const [ring] = createHandOverRings(1);
  const counters = createCounters();
  const streams = createTrackerStreams({
    libc,
    respond: () => ({ length: 0, keepAlive: false }),
    lent: createLentDescriptors(lentSlots(16)),
    ring: ring!,
    cap: { all: 16, perPrefix: 8 },
    workerCount: 1,
    counters,
    proxies: undefined,
    nowSeconds: () => 0,
    onFault: (error) => {
      throw error;
    },
    onShortage: () => {},
  });
  streams.open({ listener, descriptor, isSecured: true, row: NO_ROW });
  let turning = setImmediate(turn);
  function turn(): void {
    streams.loop.turn();
    turning = setImmediate(turn);
  }
  onTestFinished(() => {
    clearImmediate(turning);
    streams.loop.end();
    libc.close(descriptor);
  });
  async function sayHello(): Promise<TcpClient> {
    const client = await connectTcp(listener);
    onTestFinished(() => client.destroy());
    client.send(HELLO);
    return client;
  }
  return { libc, listener, ring: ring!, counters, streams, sayHello };
}

test.skipIf(process.platform !== 'linux')(
  'a connection that begins with a hello is in the ring, with all that is known of it',
  async () => {
    const { libc, listener, ring, streams, sayHello } = start();
    const client = await sayHello();
    await expect.poll(() => ring.words[1]).toBe(1);
    const taken = takeConnection(ring)!;
    expect(taken).toMatchObject({ listener, octets: HELLO });
    const { family, octets, port } = taken.source;
    expect([family, ...octets.subarray(0, 4), port]).toEqual([4, 127, 0, 0, 1, client.socket.localPort]);
    expect(streams.loop.size()).toBe(0);
    libc.close(taken.descriptor);
    expect((await client.ended()).length).toBe(0);
  },
);

test.skipIf(process.platform !== 'linux')(
  'a connection for which the ring has no room is closed and counted',
  async () => {
    const { listener, ring, counters, sayHello } = start();
    const source = createPacketSource();
    for (let slot = 0; slot < HAND_OVER_SLOTS; slot++)
      expect(putConnection(ring, { descriptor: -1, listener, source, octets: HELLO })).toBe(true);
    const client = await sayHello();
    expect((await client.ended()).length).toBe(0);
    expect(counters[Counter.httpRejectedConnections]).toBe(1);
  },
);

test.skipIf(process.platform !== 'linux')(
  'of one network no more waits in the ring than it may have open; the rest is closed and counted',
  async () => {
    const { libc, ring, counters, sayHello } = start();
    for (let count = 0; count < 20; count++) await sayHello();
    await expect.poll(() => counters[Counter.httpRejectedConnections]).toBe(12);
    const waiting = takeWaiting([ring]);
    expect(waiting).toHaveLength(8);
    await sayHello();
    await expect.poll(() => takeWaiting([ring]).map((descriptor) => waiting.push(descriptor))).toEqual([9]);
    for (const descriptor of waiting) libc.close(descriptor);
  },
);
