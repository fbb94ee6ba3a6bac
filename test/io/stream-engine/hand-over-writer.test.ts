import { describe, expect, test } from 'vitest';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import {
  createHandOverRings,
  type HandedOver,
  type HandOverRing,
  takeConnection,
} from '../../../src/io/stream-engine/hand-over-ring.ts';
import { createHandOverWriter } from '../../../src/io/stream-engine/hand-over-writer.ts';

function connection(...address: readonly number[]): HandedOver {
  const source = createPacketSource();
  source.family = address.length === 4 ? 4 : 6;
  source.octets.set(address);
  return {
    descriptor: 9,
    listener: { transport: 'tcp', address: '127.0.0.1', port: 443 },
    source,
    octets: Uint8Array.of(0x16),
  };
}

const FIRST = connection(192, 0, 2, 1);
const SECOND = connection(192, 0, 2, 2);
const THIRD = connection(192, 0, 2, 3);
const IN_ONE_64 = [1, 2, 3].map((host) =>
  connection(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host),
);

function oneRing(): HandOverRing {
  return createHandOverRings(1)[0]!;
}

function writerOf(ring: HandOverRing) {
  return createHandOverWriter({ ring, maxWaiting: 5, maxWaitingPerPrefix: 2, proxies: undefined });
}

describe('what waits to be taken', () => {
  test('is bounded for one network, and in all', () => {
    const { put } = writerOf(oneRing());
    expect([FIRST, FIRST, FIRST].map(put)).toEqual([true, true, false]);
    expect([SECOND, SECOND, SECOND].map(put)).toEqual([true, true, false]);
    expect([THIRD, THIRD].map(put)).toEqual([true, false]);
  });

  test('is counted by the /64 of an IPv6 address', () => {
    expect(IN_ONE_64.map(writerOf(oneRing()).put)).toEqual([true, true, false]);
  });

  test('waits no more once it is taken', () => {
    const ring = oneRing();
    ring.words.fill(0x7fff_fffd, 0, 2);
    const { put } = writerOf(ring);
    for (let round = 0; round < 2000; round++) {
      expect([FIRST, FIRST, FIRST, SECOND].map(put)).toEqual([true, true, false, true]);
      for (const _ of [1, 2, 3]) expect(takeConnection(ring)).toBeDefined();
    }
  });

  test('is counted by the successor of a dead writer, too', () => {
    const ring = oneRing();
    const former = writerOf(ring);
    for (const one of [SECOND, FIRST, FIRST]) former.put(one);
    takeConnection(ring);
    const { put } = writerOf(ring);
    expect([FIRST, SECOND, SECOND, SECOND].map(put)).toEqual([false, true, true, false]);
    takeConnection(ring);
    expect(put(FIRST)).toBe(true);
  });

  test('is bounded in all alone for a proxy, which has many clients', () => {
    const networks = [parsePrefix('192.0.2.1/32')!];
    const proxies = { networks, sendsProxyHeader: false, field: undefined };
    const writer = createHandOverWriter({
      ring: oneRing(),
      maxWaiting: 5,
      maxWaitingPerPrefix: 2,
      proxies,
    });
    expect(Array.from({ length: 6 }, () => writer.put(FIRST))).toEqual([true, true, true, true, true, false]);
  });
});
