// The two kinds of UDP socket behind one door, for the contract that both keep: a packet loop that a test's own event
// loop turns, and Node's own sockets.

import { onTestFinished } from 'vitest';
import { Counter, type Counters, createCounters } from '../../src/core/counters.ts';
import { parseIpAddress } from '../../src/core/net/ip-address.ts';
import type { PacketHandler, PacketSource } from '../../src/core/net/packet-handler.ts';
import { localAddresses } from '../../src/io/interfaces.ts';
import type { Logger } from '../../src/io/log.ts';
import { openBatchSocket } from '../../src/io/packet-engine/batch-socket.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../../src/io/packet-engine/layout.ts';
import { type Libc, loadLibc } from '../../src/io/packet-engine/libc.ts';
import { PacketLoop } from '../../src/io/packet-engine/packet-loop.ts';
import { openUdpSocket } from '../../src/io/udp-socket.ts';
import { createManualClock } from './manual-clock.ts';

export const NOW_SECONDS = 1_700_000_123;

export interface OpenSocket {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Sockets of one kind that share their counters, and one loop where the kind has loops. Ends with the test. */
export interface UdpSockets {
  open(address: string, handler: PacketHandler): Promise<OpenSocket>;
  readonly counters: Counters;
  /** What handlers threw. */
  readonly faults: string[];
}

export const UDP_SOCKETS: readonly { readonly kind: string; create(): UdpSockets }[] = [
  ...(process.platform === 'linux' ? [{ kind: 'batched', create: createBatched }] : []),
  { kind: 'portable', create: createPortable },
];

function createBatched(): UdpSockets {
  const { loop, libc, counters, faults, own } = createTestLoop();
  let turning: NodeJS.Immediate;
  const turn = (): void => {
    loop.turn(0);
    turning = setImmediate(turn);
  };
  turn();
  onTestFinished(() => clearImmediate(turning));
  return {
    counters,
    faults,
    async open(address, handler) {
      const socket = openBatchSocket(libc, { address, port: 0, isShared: false, ...BUFFER });
      loop.add({ ...socket, handler, dropCounter: Counter.udpDropped });
      own.add(socket.port);
      return {
        address,
        port: socket.port,
        async close() {
          loop.remove(socket.descriptor);
          libc.close(socket.descriptor);
          own.delete(socket.port);
        },
      };
    },
  };
}

const BUFFER = { receiveBufferOctets: 4 * 1024 * 1024 } as const;

export interface TestLoop {
  readonly loop: PacketLoop;
  readonly libc: Libc;
  readonly counters: Counters;
  readonly faults: string[];
  /** Ports of our own: what claims to come from one of them and an address of this machine is forged. */
  readonly own: Set<number>;
}

/** A packet loop that stands still until it is turned; `wrap` may put itself between it and the C library. */
export function createTestLoop(wrap: (libc: Libc) => Libc = (libc) => libc): TestLoop {
  const libc = loadLibc();
  const counters = createCounters();
  const faults: string[] = [];
  const own = new Set<number>();
  const local = localAddresses().map((address) => parseIpAddress(address)!);
  const isLocal = ({ octets }: PacketSource) =>
    local.some((address) => address.every((octet, index) => octet === octets[index]));
  const wakeDescriptor = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const loop = new PacketLoop({
    libc: wrap(libc),
    wakeDescriptor,
    onControl: () => true,
    onFault: (error) => void faults.push((error as Error).message),
    nowSeconds: () => NOW_SECONDS,
    isOwnSource: (source) => own.has(source.port) && isLocal(source),
    counters,
  });
  onTestFinished(() => {
    loop.end();
    libc.close(wakeDescriptor);
  });
  return { loop, libc, counters, faults, own };
}

function createPortable(): UdpSockets {
  const counters = createCounters();
  const faults: string[] = [];
  const error: Logger['error'] = (_message, fields) => void faults.push(fields?.error?.message ?? '');
  const logger: Logger = { debug() {}, info() {}, warn() {}, error };
  const open: OpenSocket[] = [];
  onTestFinished(async () => {
    await Promise.all(open.map((socket) => socket.close()));
  });
  return {
    counters,
    faults,
    async open(address, handler) {
      const clock = createManualClock(NOW_SECONDS);
      const options = { address, port: 0, handler, clock, counters, dropCounter: Counter.udpDropped, logger };
      const socket = await openUdpSocket(options);
      open.push(socket);
      return socket;
    },
  };
}
