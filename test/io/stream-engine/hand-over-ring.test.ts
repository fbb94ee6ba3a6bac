import { describe, expect, onTestFinished, test } from 'vitest';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import {
  createHandOverRings,
  HAND_OVER_SLOTS,
  type HandedOver,
  type HandOverRing,
  putConnection,
  takeConnection,
  takeConnections,
  takeWaiting,
} from '../../../src/io/stream-engine/hand-over-ring.ts';

function sourceOf(octets: readonly number[], port: number): PacketSource {
  const source = createPacketSource();
  source.family = octets.length === 4 ? 4 : 6;
  source.octets.set(octets);
  source.port = port;
  return source;
}

function connection(descriptor: number, change: Partial<HandedOver> = {}): HandedOver {
  return {
    descriptor,
    listener: { transport: 'tcp', address: '127.0.0.1', port: 443 },
    source: sourceOf([192, 0, 2, 1], 51413),
    octets: Uint8Array.of(0x16, 3, 1),
    ...change,
  };
}

function oneRing(): HandOverRing {
  return createHandOverRings(1)[0]!;
}

function takeAll(ring: HandOverRing): number[] {
  const taken: number[] = [];
  for (let next = takeConnection(ring); next !== undefined; next = takeConnection(ring))
    taken.push(next.descriptor);
  return taken;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a ring of connections', () => {
  test.each<[string, HandedOver]>([
    ['IPv4', connection(7)],
    [
      'IPv6',
      connection(8, {
        listener: { transport: 'tcp', address: '2001:db8::1', port: 65535 },
        source: sourceOf(upTo(16), 1),
      }),
    ],
    ['all that is read at once', connection(9, { octets: new Uint8Array(4096).fill(0x16) })],
  ])('gives back what was put in: %s', (_what, given) => {
    const ring = oneRing();
    expect(putConnection(ring, given)).toBe(true);
    expect(takeConnection(ring)).toEqual(given);
    expect(takeConnection(ring)).toBeUndefined();
  });

  test('gives the oldest first, round after round', () => {
    const ring = oneRing();
    for (let round = 0; round < 5; round++) {
      const descriptors = upTo(HAND_OVER_SLOTS - 7).map((index) => 1000 * round + index);
      for (const descriptor of descriptors) putConnection(ring, connection(descriptor));
      expect(takeAll(ring)).toEqual(descriptors);
    }
  });

  test('goes on when its counts have come round', () => {
    const ring = oneRing();
    ring.words.fill(0x7fff_fffe, 0, 2);
    for (const descriptor of [1, 2, 3, 4]) expect(putConnection(ring, connection(descriptor))).toBe(true);
    expect(takeAll(ring)).toEqual([1, 2, 3, 4]);
  });

  test('takes no more than it has slots', () => {
    const ring = oneRing();
    const put = upTo(HAND_OVER_SLOTS + 3).filter((index) => putConnection(ring, connection(index)));
    expect(put).toHaveLength(HAND_OVER_SLOTS);
    takeConnection(ring);
    expect(putConnection(ring, connection(5000))).toBe(true);
    expect(takeWaiting([ring])).toEqual([...upTo(HAND_OVER_SLOTS).slice(1), 5000]);
  });

  test('refuses what would run into the next slot', () => {
    expect(() => putConnection(oneRing(), connection(1, { octets: new Uint8Array(4097) }))).toThrow(
      RangeError,
    );
  });

  test('wakes its reader for each of several rings, and has what came before given first', async () => {
    const rings = createHandOverRings(2);
    putConnection(rings[0]!, connection(0));
    const taken: number[] = [];
    const taking = takeConnections(rings, ({ descriptor }) => taken.push(descriptor));
    onTestFinished(() => taking.end());
    expect(taken).toEqual([0]);
    for (let descriptor = 1; descriptor < 100; descriptor++) {
      putConnection(rings[descriptor % 2]!, connection(descriptor));
      if (descriptor % 10 === 0) await expect.poll(() => taken.length, { interval: 1 }).toBe(descriptor + 1);
    }
    await expect.poll(() => taken.length).toBe(100);
    putConnection(rings[1]!, connection(100));
    taking.takeAll();
    expect(taken.sort((one, other) => one - other)).toEqual(upTo(101));
  });
});
