// Load over UDP. At saturation each socket keeps a window of requests waiting and sleeps when nothing comes, as other
// generators do; at a rate, requests leave one by one, evenly, whether answers come or not (open loop), and it never
// sleeps, so that latencies are those of the server.

import { Errno, MSG_DONTWAIT } from '../../../src/io/packet-engine/layout.ts';
import { type Libc, loadLibc, type NativeMemory } from '../../../src/io/packet-engine/libc.ts';
import { CLIENT_BATCH, CLIENT_SLOT_OCTETS, ClientBatch } from './client-batch.ts';
import { type ClientCalls, loadClientCalls } from './client-calls.ts';
import { type ClientSocket, openClientSocket } from './client-socket.ts';
import { LoadMeter } from './load-meter.ts';
import type { LoadResult } from './load-result.ts';
import type { UdpProtocol } from './protocol.ts';

export interface UdpLoadOptions {
  readonly address: string;
  readonly port: number;
  readonly sockets: number;
  /** Requests that may wait on one socket: a power of two up to 4,096. */
  readonly window: number;
  /** 0: as fast as answers come. */
  readonly ratePerSecond: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  /** Ends after so many answers; 0: when the time is over. */
  readonly answers: number;
  /** When a request without an answer is lost; half a second where it is not said. */
  readonly timeoutMilliseconds?: number;
  /** Those of the server. */
  readonly processes: readonly number[];
}

/** A request that has no answer by then is lost. */
const TIMEOUT_MILLISECONDS = 500;
const SWEEP_MILLISECONDS = 100;
/** How long a sleep lasts when no answer ends it. */
const NAP_MILLISECONDS = 5;
const GREETING_TRIES = 5;
const GREETING_MILLISECONDS = 1000;
/** `struct pollfd { int fd; short events; short revents; }`, and POLLIN. */
const POLLFD_OCTETS = 8;
const POLLIN = 1;

export class UdpLoad {
  private readonly options: UdpLoadOptions;
  private readonly protocol: UdpProtocol;
  private readonly libc: Libc = loadLibc();
  private readonly calls: ClientCalls = loadClientCalls();
  private readonly requests = new ClientBatch(this.libc);
  private readonly replies = new ClientBatch(this.libc);
  private readonly sockets: ClientSocket[] = [];
  private readonly poll: NativeMemory;
  private meter: LoadMeter;
  private sent = 0;
  private turn = 0;

  constructor(protocol: UdpProtocol, options: UdpLoadOptions) {
    this.protocol = protocol;
    this.options = options;
    this.poll = this.libc.allocate(options.sockets * POLLFD_OCTETS);
    this.meter = new LoadMeter(options.processes);
  }

  /** Opens, loads, closes. Throws when the server does not answer at all. */
  run(): LoadResult {
    try {
      this.open();
      this.load();
      return this.meter.finish();
    } finally {
      for (const { descriptor } of this.sockets) this.libc.close(descriptor);
    }
  }

  private open(): void {
    for (let index = 0; index < this.options.sockets; index++) {
      const socket = openClientSocket(this.libc, this.calls, this.options);
      this.sockets.push(socket);
      this.poll.view.setInt32(index * POLLFD_OCTETS, socket.descriptor, true);
      this.poll.view.setInt16(index * POLLFD_OCTETS + 4, POLLIN, true);
      if (!this.greet(index)) throw new Error('the server did not answer the first request');
    }
  }

  private greet(index: number): boolean {
    const { greeting } = this.protocol;
    if (greeting === undefined) return true;
    const { descriptor } = this.sockets[index]!;
    for (let attempt = 0; attempt < GREETING_TRIES; attempt++) {
      this.requests.setLength(0, greeting.write(this.requests.octets, 0));
      this.libc.sendMany(descriptor, this.requests.vector, 1, MSG_DONTWAIT);
      const slot = this.poll.address + BigInt(index * POLLFD_OCTETS);
      if (this.calls.poll(slot, 1, GREETING_MILLISECONDS) < 1) continue;
      if (this.libc.receiveMany(descriptor, this.replies.vector, 1, MSG_DONTWAIT) < 1) continue;
      if (greeting.read(this.replies.octets, 0, this.replies.receivedLength(0), index)) return true;
    }
    return false;
  }

  private load(): void {
    const { options } = this;
    const start = performance.now();
    const measureAt = start + options.warmSeconds * 1000;
    const end = measureAt + options.seconds * 1000;
    let isWarm = false;
    let sweepAt = start;
    for (let now = start; now < end; now = performance.now()) {
      if (!isWarm && now >= measureAt) {
        isWarm = true;
        this.meter.start();
      }
      if (options.answers > 0 && this.meter.settled >= options.answers) return;
      const sent = options.ratePerSecond === 0 ? this.fill(now) : this.pace(now, start);
      const received = this.receiveAll();
      if (now >= sweepAt) {
        const limit = now - (options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS);
        for (const socket of this.sockets) this.meter.timeouts += socket.expire(limit);
        sweepAt = now + SWEEP_MILLISECONDS;
      }
      if (sent + received === 0 && options.ratePerSecond === 0)
        this.calls.poll(this.poll.address, this.sockets.length, NAP_MILLISECONDS);
    }
  }

  /** Fills the window of every socket. */
  private fill(now: number): number {
    let sent = 0;
    for (let index = 0; index < this.sockets.length; index++) {
      const left = this.options.answers > 0 ? this.options.answers - this.sent : CLIENT_BATCH;
      sent += this.send(index, Math.min(CLIENT_BATCH, this.sockets[index]!.available, left), now);
    }
    return sent;
  }

  /** Sends what is due by now, one socket after the other. What finds no room is not made up for. */
  private pace(now: number, start: number): number {
    const due = Math.floor(((now - start) * this.options.ratePerSecond) / 1000);
    const before = this.sent;
    while (this.sent < due) {
      const index = this.turn++ % this.sockets.length;
      const room = Math.min(CLIENT_BATCH, this.sockets[index]!.available, due - this.sent);
      if (this.send(index, Math.min(room, 1), now) === 0) this.sent = due;
    }
    return this.sent - before;
  }

  private send(index: number, count: number, now: number): number {
    if (count <= 0) return 0;
    const socket = this.sockets[index]!;
    const { octets, words } = this.requests;
    for (let message = 0; message < count; message++) {
      const offset = message * CLIENT_SLOT_OCTETS;
      this.requests.setLength(message, this.protocol.write(octets, words, offset, socket.take(now), index));
    }
    const result = this.libc.sendMany(socket.descriptor, this.requests.vector, count, MSG_DONTWAIT);
    // What was not sent waits for its timeout like what was lost on the way: both are the load's and are reported.
    if (result < 0 && this.libc.errno() === Errno.ECONNREFUSED) throw new Error('nobody listens there');
    this.sent += count;
    return count;
  }

  private receiveAll(): number {
    let received = 0;
    for (let index = 0; index < this.sockets.length; index++) received += this.receive(this.sockets[index]!);
    return received;
  }

  private receive(socket: ClientSocket): number {
    if (socket.waiting === 0) return 0;
    const { replies, protocol } = this;
    const count = this.libc.receiveMany(socket.descriptor, replies.vector, CLIENT_BATCH, MSG_DONTWAIT);
    const now = performance.now();
    for (let message = 0; message < count; message++) {
      const offset = message * CLIENT_SLOT_OCTETS;
      const length = replies.receivedLength(message);
      const tag = protocol.readTag(replies.octets, offset, length);
      const sentAt = tag < 0 ? -1 : socket.settle(tag);
      if (sentAt < 0) continue;
      this.meter.count(protocol.readKind(replies.octets, offset, length), length, (now - sentAt) * 1000);
    }
    return Math.max(count, 0);
  }
}
