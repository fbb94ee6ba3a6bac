// Which data plane a machine gets, and that the other one serves where the packet engine cannot.

import { constants } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDataPlane, findEngine } from '../../../src/app/data-plane/create-data-plane.ts';
import { ThreadedDataPlane } from '../../../src/app/data-plane/threaded-data-plane.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { type Logger, silentLogger } from '../../../src/io/log.ts';
import { Mmsghdr } from '../../../src/io/packet-engine/layout.ts';
import { type Libc, loadLibc, type NativeMemory } from '../../../src/io/packet-engine/libc.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { imageOf } from '../../support/authority-of.ts';
import { announceHttp, announceUdp, askTcp, askUdp } from '../../support/tracker-clients.ts';

const common = {
  workerCount: 1,
  udpPayload: 1232,
  settings: DEFAULT_TRACKER_SETTINGS,
  clock: systemClock,
  randomOctets,
};

interface Faulty {
  /** How the C library, or the machine, is not what it should be. */
  readonly fault: string;
  readonly reason: RegExp;
  readonly find: () => ReturnType<typeof findEngine>;
}

/** The C library with one call replaced. */
function withLibc(replace: (libc: Libc, memory: readonly NativeMemory[]) => Partial<Libc>) {
  return () =>
    findEngine('linux', () => {
      const libc = loadLibc();
      const memory: NativeMemory[] = [];
      const allocate = (length: number): NativeMemory => {
        const allocated = libc.allocate(length);
        memory.push(allocated);
        return allocated;
      };
      return { ...libc, allocate, ...replace({ ...libc, allocate }, memory) };
    });
}

/** Changes what came before the caller sees it. */
function lyingAbout(
  lie: (message: DataView, octets: Uint8Array) => void,
): (libc: Libc, memory: readonly NativeMemory[]) => Partial<Libc> {
  return (libc, memory) => ({
    receiveMany(socket, messages, count, flags) {
      const result = libc.receiveMany(socket, messages, count, flags);
      const vector = memory.find(({ address }) => address === messages)!;
      for (let index = 0; index < result; index++) {
        const { buffer, byteOffset } = vector.octets;
        const message = new DataView(buffer, byteOffset + index * Mmsghdr.octets, Mmsghdr.octets);
        const name = message.getBigUint64(Mmsghdr.name, true);
        const named = memory.find(
          ({ address, octets }) => name >= address && name < address + BigInt(octets.length),
        )!;
        lie(message, named.octets.subarray(Number(name - named.address)));
      }
      return result;
    },
  });
}

const FAULTS: readonly Faulty[] = [
  { fault: 'another system', reason: /darwin, not Linux/, find: () => findEngine('darwin') },
  {
    fault: 'no C library of that name',
    reason: /musl/,
    find: () =>
      findEngine('linux', () => {
        throw new Error('no libc.so.6: is this musl?');
      }),
  },
  {
    fault: 'lengths that are not those sent',
    reason: /another length/,
    find: withLibc(lyingAbout((message) => message.setUint32(Mmsghdr.length, 77, true))),
  },
  {
    fault: 'sources that did not send',
    reason: /another source/,
    find: withLibc(lyingAbout((_message, name) => name.fill(0, 2, 4))),
  },
  {
    fault: 'one datagram a call',
    reason: /did not receive all/,
    find: withLibc((libc) => ({
      receiveMany: (socket, messages, _count, flags) => libc.receiveMany(socket, messages, 1, flags),
    })),
  },
  {
    fault: 'nothing sent',
    reason: /did not send all/,
    find: withLibc(() => ({ sendMany: () => -1 })),
  },
  {
    fault: 'the wrong socket named by epoll',
    reason: /did not name the socket/,
    find: withLibc(() => ({ epollWait: () => 0 })),
  },
];

/** Of the stream engine alone. */
const STREAM_FAULTS: readonly Faulty[] = [
  { fault: 'nothing accepted', reason: /accepted nothing/, find: withLibc(() => ({ accept: () => -1 })) },
  {
    fault: 'sources that did not connect',
    reason: /accept4 gave another source/,
    find: withLibc((libc, memory) => ({
      accept(socket, address, length, flags) {
        const descriptor = libc.accept(socket, address, length, flags);
        memory.find((named) => named.address === address)!.octets.fill(0, 2, 4);
        return descriptor;
      },
    })),
  },
  {
    fault: 'an octet too few received',
    reason: /recv gave other octets/,
    find: withLibc((libc) => ({
      receive: (socket, octets, length, flags) => libc.receive(socket, octets, length, flags) - 1,
    })),
  },
  {
    fault: 'replies that are not sent',
    reason: /send did not send all/,
    find: withLibc((libc) => ({
      send: (socket, octets, length, flags) =>
        typeof octets === 'bigint' ? length : libc.send(socket, octets, length, flags),
    })),
  },
  {
    fault: 'a port that cannot be connected to',
    reason: /connect: .*ECONNREFUSED/,
    find: withLibc(() => ({ connect: () => -1, errno: () => constants.errno.ECONNREFUSED })),
  },
];

describe.skipIf(process.platform !== 'linux')('a machine with', () => {
  test.each(FAULTS)(
    '$fault is served through node:dgram, and one line says why',
    async ({ find, reason }) => {
      const lines: unknown[] = [];
      const logger: Logger = {
        ...silentLogger,
        warn: (message, fields) => void lines.push([message, fields]),
      };
      const plane = await createDataPlane({ ...common, logger }, find);
      onTestFinished(() => plane.stop());
      expect(plane).not.toBeInstanceOf(ThreadedDataPlane);
      expect(lines).toEqual([
        [expect.stringContaining('node:dgram'), { reason: expect.stringMatching(reason) }],
      ]);
      const image = imageOf('$TTL 60\n@ SOA ns host 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n', 'example.', {
        seed: plane.seed,
      });
      await plane.publish({ images: [image], draining: [] });
      const address = '127.0.0.1';
      const query = { name: 'ns.example', type: 'A' };
      const answer = ['ns.example. 60 IN A 127.0.0.1'];
      const udp = await plane.open({ transport: 'udp', address, port: 0 }, 'dns');
      const tcp = await plane.open({ transport: 'tcp', address, port: 0 }, 'dns');
      const tracker = await plane.open({ transport: 'udp', address, port: 0 }, 'tracker');
      expect((await askUdp(address, udp.port, query)).answer).toEqual(answer);
      expect((await askTcp(address, tcp.port, query)).answer).toEqual(answer);
      expect(await announceUdp(address, tracker.port)).toBe(1);
    },
  );

  test.each(STREAM_FAULTS)(
    '$fault serves HTTP through node:net, and one line says why',
    async ({ find, reason }) => {
      const lines: unknown[] = [];
      const warn: Logger['warn'] = (message, fields) => void lines.push([message, fields]);
      const plane = await createDataPlane({ ...common, logger: { ...silentLogger, warn } }, find);
      onTestFinished(() => plane.stop());
      expect(plane).toBeInstanceOf(ThreadedDataPlane);
      expect(lines).toEqual([
        [expect.stringContaining('node:net'), { reason: expect.stringMatching(reason) }],
      ]);
      const { port } = await plane.open({ transport: 'tcp', address: '127.0.0.1', port: 0 }, 'tracker');
      expect(await announceHttp('127.0.0.1', port, {})).toContain('10:incompletei1e');
    },
  );

  test('engines that prove themselves gets them', async () => {
    const lines: unknown[] = [];
    const warn: Logger['warn'] = (message, fields) => void lines.push([message, fields]);
    const plane = await createDataPlane({ ...common, logger: { ...silentLogger, warn } });
    onTestFinished(() => plane.stop());
    expect(plane).toBeInstanceOf(ThreadedDataPlane);
    expect(lines).toEqual([]);
  });
});
