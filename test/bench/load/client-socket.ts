// One connected UDP socket of a load generator, and the requests that wait for their answers on it.
// Non-null assertions: slots are bounded by the window.

import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { encodeAddress, openBatchSocket } from '../../../src/io/packet-engine/batch-socket.ts';
import type { Libc } from '../../../src/io/packet-engine/libc.ts';
import type { ClientCalls } from './client-calls.ts';

/** Asked of the system, which caps it: answers that wait must not be lost here. */
const BUFFER_OCTETS = 4 * 1024 * 1024;
const TAG_BITS = 16;

export class ClientSocket {
  readonly descriptor: number;
  private readonly slotBits: number;
  private readonly sentAt: Float64Array;
  private readonly tags: Int32Array;
  private readonly free: Int32Array;
  private freeCount: number;
  private generation = 0;

  /** `window`: requests that may wait at once, a power of two up to 4,096. */
  constructor(descriptor: number, window: number) {
    this.descriptor = descriptor;
    this.slotBits = Math.log2(window);
    this.sentAt = new Float64Array(window);
    this.tags = new Int32Array(window).fill(-1);
    this.free = Int32Array.from({ length: window }, (_, index) => index);
    this.freeCount = window;
  }

  get available(): number {
    return this.freeCount;
  }

  get waiting(): number {
    return this.free.length - this.freeCount;
  }

  /** The tag of a new request, sent now. */
  take(now: number): number {
    const slot = this.free[--this.freeCount]!;
    const tag = ((++this.generation << this.slotBits) | slot) & ((1 << TAG_BITS) - 1);
    this.tags[slot] = tag;
    this.sentAt[slot] = now;
    return tag;
  }

  /** When the request with this tag was sent; -1 when none waits with it. */
  settle(tag: number): number {
    const slot = tag & (this.free.length - 1);
    if (this.tags[slot] !== tag) return -1;
    this.tags[slot] = -1;
    this.free[this.freeCount++] = slot;
    return this.sentAt[slot]!;
  }

  /** Gives up what was sent before `limit`; returns how many those were. */
  expire(limit: number): number {
    let expired = 0;
    for (const tag of this.tags) {
      if (tag < 0 || this.sentAt[tag & (this.free.length - 1)]! >= limit) continue;
      this.settle(tag);
      expired++;
    }
    return expired;
  }
}

export interface ClientSocketOptions {
  readonly address: string;
  readonly port: number;
  readonly window: number;
}

/** Throws when the system refuses. */
export function openClientSocket(libc: Libc, calls: ClientCalls, options: ClientSocketOptions): ClientSocket {
  const remote = parseIpAddress(options.address);
  if (remote === undefined) throw new TypeError('not an IP address');
  const local = remote.length === 4 ? '127.0.0.1' : '::1';
  const socket = openBatchSocket(libc, {
    address: local,
    port: 0,
    isShared: false,
    receiveBufferOctets: BUFFER_OCTETS,
  });
  const name = encodeAddress(remote, options.port);
  if (calls.connect(socket.descriptor, name, name.length) < 0)
    throw new Error(`connect failed with errno ${libc.errno()}`);
  return new ClientSocket(socket.descriptor, options.window);
}
