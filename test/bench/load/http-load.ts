// Announces over HTTP (BEP 3, BEP 23) from a number of connections at once, each with one request waiting: kept alive, or a
// new connection for each. On the C library's calls, as the load over UDP is.

import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { encodeAddress } from '../../../src/io/packet-engine/batch-socket.ts';
import {
  AF_INET,
  AF_INET6,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  EpollEvent,
  Errno,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
} from '../../../src/io/packet-engine/layout.ts';
import { type Libc, loadLibc, type NativeMemory } from '../../../src/io/packet-engine/libc.ts';
import { loadClientCalls } from './client-calls.ts';
import { httpAnnounces, type PreparedRequests } from './http-announces.ts';
import { readHttpReply } from './http-reply.ts';
import { LoadMeter } from './load-meter.ts';
import type { LoadResult } from './load-result.ts';
import { AnswerKind } from './protocol.ts';
import { Random } from './random.ts';
import type { Swarm } from './swarm.ts';

export interface HttpLoadOptions {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  readonly isKeptAlive: boolean;
  /** 0: as fast as answers come. */
  readonly ratePerSecond: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  /** Ends after so many answers; 0: when the time is over. */
  readonly answers: number;
  readonly swarm: Swarm;
  /** Every peer once, in order, with `event=started`, instead of at random. */
  readonly isFill: boolean;
  readonly seed: number;
  readonly processes: readonly number[];
  /** As of {@link httpAnnounces}. */
  readonly urlPrefix?: string;
}

interface Connection {
  descriptor: number;
  sentAt: number;
  /** It has carried an answer before: the server may be closing it. */
  isReused: boolean;
  readonly received: Uint8Array;
  receivedLength: number;
}

const SOCK_STREAM = 1;
/** Answers of 50 peers in either form are far shorter. */
const REPLY_OCTETS = 16_384;
const EVENTS = 256;
const NAP_MILLISECONDS = 5;
/** A connection without an answer for so long is opened anew. */
const TIMEOUT_MILLISECONDS = 1000;
const SWEEP_MILLISECONDS = 200;
const EINPROGRESS = 115;

export class HttpLoad {
  private readonly options: HttpLoadOptions;
  private readonly libc: Libc = loadLibc();
  private readonly calls = loadClientCalls();
  private readonly remote: Uint8Array;
  private readonly family: number;
  private readonly requests: PreparedRequests;
  private readonly random: Random;
  private readonly events: NativeMemory;
  private readonly epoll: number;
  private readonly connections: Connection[];
  /** By descriptor; at most one entry a connection. */
  private readonly open = new Map<number, Connection>();
  /** Connections that may send: at a rate they wait for their turn. */
  private readonly idle: Connection[] = [];
  private readonly meter: LoadMeter;
  private next = 0;
  private sent = 0;

  constructor(options: HttpLoadOptions) {
    const remote = parseIpAddress(options.address);
    if (remote === undefined) throw new TypeError('not an IP address');
    this.options = options;
    this.remote = encodeAddress(remote, options.port);
    this.family = remote.length === 4 ? AF_INET : AF_INET6;
    this.requests = httpAnnounces(options);
    this.random = new Random(options.seed);
    this.events = this.libc.allocate(EVENTS * EpollEvent.octets);
    this.epoll = this.libc.epollCreate(EPOLL_CLOEXEC);
    this.connections = Array.from({ length: options.connections }, () => ({
      descriptor: -1,
      sentAt: 0,
      isReused: false,
      received: new Uint8Array(REPLY_OCTETS),
      receivedLength: 0,
    }));
    this.idle.push(...this.connections);
    this.meter = new LoadMeter(options.processes);
  }

  run(): LoadResult {
    try {
      this.load();
      return this.meter.finish();
    } finally {
      for (const connection of this.connections) this.close(connection);
      this.libc.close(this.epoll);
    }
  }

  private load(): void {
    const { options } = this;
    const start = performance.now();
    const measureAt = start + options.warmSeconds * 1000;
    const end = measureAt + options.seconds * 1000;
    let isWarm = false;
    let sweepAt = start + SWEEP_MILLISECONDS;
    for (let now = start; now < end; now = performance.now()) {
      if (!isWarm && now >= measureAt) {
        isWarm = true;
        this.meter.start();
      }
      if (options.answers > 0 && this.meter.settled >= options.answers) return;
      this.startRequests(now, start);
      const nap = options.ratePerSecond === 0 ? NAP_MILLISECONDS : 0;
      const ready = this.libc.epollWait(this.epoll, this.events.address, EVENTS, nap);
      for (let index = 0; index < ready; index++) {
        const descriptor = this.events.view.getInt32(index * EpollEvent.octets + EpollEvent.data, true);
        const connection = this.open.get(descriptor);
        if (connection !== undefined) this.receive(connection);
      }
      if (now >= sweepAt) {
        this.sweep(now);
        sweepAt = now + SWEEP_MILLISECONDS;
      }
    }
  }

  private startRequests(now: number, start: number): void {
    const { ratePerSecond, answers } = this.options;
    let due = ratePerSecond === 0 ? Infinity : Math.floor(((now - start) * ratePerSecond) / 1000) - this.sent;
    if (answers > 0) due = Math.min(due, answers - this.sent);
    for (let count = Math.min(due, this.idle.length); count > 0; count--) this.request(this.idle.shift()!);
  }

  private request(connection: Connection): void {
    this.sent++;
    connection.sentAt = performance.now();
    this.send(connection);
  }

  private send(connection: Connection): void {
    connection.receivedLength = 0;
    if (connection.descriptor < 0 && !this.connect(connection)) {
      this.fail(connection);
      return;
    }
    const { peers } = this.options.swarm;
    const peer = this.options.isFill ? this.next++ % peers : this.random.below(peers);
    const request = this.requests.octets.subarray(this.requests.starts[peer], this.requests.starts[peer + 1]);
    // A request of some 250 octets goes into an empty buffer whole.
    if (this.libc.write(connection.descriptor, request, request.length) !== request.length)
      this.fail(connection);
  }

  /** Over loopback a connection is made, or refused, by the time that the call returns. */
  private connect(connection: Connection): boolean {
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const descriptor = this.libc.socket(this.family, type, 0);
    if (descriptor < 0) return false;
    connection.descriptor = descriptor;
    connection.isReused = false;
    this.open.set(descriptor, connection);
    const event = new Uint8Array(EpollEvent.octets);
    new DataView(event.buffer).setUint32(EpollEvent.events, EPOLLIN, true);
    new DataView(event.buffer).setInt32(EpollEvent.data, descriptor, true);
    const failed = this.calls.connect(descriptor, this.remote, this.remote.length) < 0;
    if (failed && this.libc.errno() !== EINPROGRESS) return false;
    this.libc.epollControl(this.epoll, EPOLL_CTL_ADD, descriptor, event);
    this.meter.connections++;
    return true;
  }

  private receive(connection: Connection): void {
    const room = connection.received.subarray(connection.receivedLength);
    const count = this.libc.read(connection.descriptor, room, room.length);
    if (count < 0 && this.libc.errno() === Errno.EAGAIN) return;
    if (count > 0) connection.receivedLength += count;
    const reply = readHttpReply(connection.received, connection.receivedLength, count <= 0);
    if (reply === undefined) {
      // An idle connection that the server closes is no failure: the next request opens it anew.
      if (count <= 0) this.fail(connection);
      return;
    }
    const microseconds = (performance.now() - connection.sentAt) * 1000;
    const kind = reply.isGood ? AnswerKind.positive : AnswerKind.error;
    this.meter.count(kind, connection.receivedLength, microseconds);
    connection.receivedLength = 0;
    connection.isReused = true;
    if (!this.options.isKeptAlive || reply.closes || count <= 0) this.close(connection);
    this.idle.push(connection);
  }

  /** A request that met the end of a kept connection is sent again on a new one, as every client does. */
  private fail(connection: Connection): void {
    const isWaiting = !this.idle.includes(connection);
    const { isReused } = connection;
    this.close(connection);
    if (!isWaiting) return;
    if (isReused) {
      this.send(connection);
      return;
    }
    this.meter.timeouts++;
    this.idle.push(connection);
  }

  private sweep(now: number): void {
    for (const connection of this.connections) {
      const isLate = now - connection.sentAt > TIMEOUT_MILLISECONDS;
      if (isLate && connection.descriptor >= 0 && !this.idle.includes(connection)) this.fail(connection);
    }
  }

  private close(connection: Connection): void {
    connection.isReused = false;
    if (connection.descriptor < 0) return;
    this.open.delete(connection.descriptor);
    this.libc.close(connection.descriptor);
    connection.descriptor = -1;
  }
}
