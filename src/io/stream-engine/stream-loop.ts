// TCP listeners and their connections on one epoll set, beside the packets of a worker or alone: accepts, reads, answers and
// sends by the C library's calls, with no event loop and no object a request. Whoever owns the thread waits for
// `descriptor`, which is readable when a turn has something to do, and gives it a turn every second while it asks for that.
// Non-null assertions: connections are found by the descriptors that they were kept under; without proxies nobody is one.
// Long because listeners and connections share one epoll set, and one class its upkeep.

import { NO_ROW } from '../../core/traffic.ts';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLIN,
  EpollEvent,
  Errno,
  SHUT_RD,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SockaddrIn6,
} from '../packet-engine/layout.ts';
import type { Libc, NativeMemory } from '../packet-engine/libc.ts';
import type { LoopCompanion } from '../packet-engine/packet-loop.ts';
import { NO_PREFIX, prefixOf } from '../streams/connection-limits.ts';
import type { StreamLimits } from '../streams/stream-connections.ts';
import { type ConnectionLoop, INPUT_OCTETS } from './connection-loop.ts';
import { forgetDescriptor, noteDescriptor } from './lent-descriptors.ts';
import { LoopConnection } from './loop-connection.ts';
import { readPeerAddress } from './peer-address.ts';
import type { LoopListener, StreamLoopOptions, SurrenderedConnection } from './stream-loop-options.ts';

interface OpenListener extends LoopListener {
  /** Not in the epoll set for the moment. */
  isPaused: boolean;
}

interface ClosingListener {
  readonly deadline: number;
  readonly onClosed: () => void;
}

/** Ready descriptors taken a turn: packets on the same thread wait for no more. */
const EVENTS = 16;
/** Connections accepted a turn from one listener. */
const MAX_ACCEPTS = 16;
/** For a listener about to go: as many as wait in its queue at most (listening-socket.ts), while others come. */
const MAX_LAST_TURNS = 4096 / MAX_ACCEPTS;
/** Deadlines are kept to the second, as on Node's sockets. */
const SWEEP_MILLISECONDS = 1000;
/** The log says once a minute what goes on for hours. */
const SHORTAGE_MILLISECONDS = 60_000;
const EVENT_WORDS = EpollEvent.octets / 4;
/** The low word of what an event carries: its descriptor. */
const DATA_WORD = EpollEvent.data / 4;
const NAME_OCTETS = 32;

export class StreamLoop implements ConnectionLoop, LoopCompanion {
  /** Its epoll's. To be closed by others when the thread dies before {@link StreamLoop.end}. */
  readonly descriptor: number;
  readonly libc: Libc;
  readonly times: StreamLimits;
  readonly input: NativeMemory;
  readonly output: NativeMemory;
  nowMilliseconds: number;
  private readonly options: StreamLoopOptions;
  private readonly events: NativeMemory;
  private readonly eventWords: Int32Array;
  private readonly name: NativeMemory;
  private readonly event = new Uint8Array(EpollEvent.octets);
  private readonly eventView = new DataView(this.event.buffer);
  /** By descriptor, as `connections`: bounded by the descriptors of this process. */
  private readonly listeners: (OpenListener | undefined)[] = [];
  private readonly connections: (LoopConnection | undefined)[] = [];
  /** Connections that are closed, to be used again; bounded by the slots of `lent`. */
  private readonly free: LoopConnection[] = [];
  private made = 0;
  private open = 0;
  /** By descriptor of the listener: told to go, with connections left. Bounded by the listeners that were open. */
  private readonly closing = new Map<number, ClosingListener>();
  private sweepAt = 0;
  private paused = 0;
  private tellShortageAt = 0;

  constructor(options: StreamLoopOptions) {
    const { libc, limits, maxReplyOctets } = options;
    this.options = options;
    this.libc = libc;
    this.times = limits;
    this.input = libc.allocate(INPUT_OCTETS);
    this.output = libc.allocate(limits.maxPendingOutputOctets + maxReplyOctets);
    this.events = libc.allocate(EVENTS * EpollEvent.octets);
    this.eventWords = new Int32Array(this.events.octets.buffer);
    this.name = libc.allocate(NAME_OCTETS + 4);
    this.descriptor = libc.epollCreate(EPOLL_CLOEXEC);
    noteDescriptor(options.lent, this.made++, this.descriptor);
    this.nowMilliseconds = options.nowMilliseconds();
  }

  add(listener: LoopListener): void {
    // What is closing of it otherwise goes on as its own.
    this.closing.delete(listener.descriptor);
    grow(this.listeners, listener.descriptor);
    this.listeners[listener.descriptor] = { ...listener, isPaused: false };
    this.watch(EPOLL_CTL_ADD, listener.descriptor, EPOLLIN);
  }

  /**
   * Accepts what has arrived, then no more: the port refuses from then on. Requests that have begun get their grace;
   * `onClosed` is called when the last connection is gone. Nothing is called for a descriptor that is none of its listeners.
   */
  remove(descriptor: number, onClosed: () => void): void {
    const listener = this.listeners[descriptor];
    if (listener === undefined) return;
    this.nowMilliseconds = this.options.nowMilliseconds();
    for (let turn = 0; turn < MAX_LAST_TURNS; turn++) if (this.acceptSome(listener) < MAX_ACCEPTS) break;
    if (listener.isPaused) this.paused--;
    else this.watch(EPOLL_CTL_DEL, descriptor, 0);
    this.libc.shutdown(descriptor, SHUT_RD);
    this.listeners[descriptor] = undefined;
    const deadline = this.nowMilliseconds + this.times.closeGraceMilliseconds;
    this.closing.set(descriptor, { deadline, onClosed });
    for (const connection of this.connections) if (connection?.listener() === descriptor) connection.drain();
    this.finishClosing();
  }

  /**
   * Looks at the listener no more, without closing its port: another loop goes on with it, and with the connections that
   * are given to `take`. Replies that are under way get their grace; `onClosed` is called when the last of those is gone.
   */
  surrender(
    descriptor: number,
    take: (connection: SurrenderedConnection) => void,
    onClosed: () => void,
  ): void {
    const listener = this.listeners[descriptor];
    if (listener === undefined) return;
    this.nowMilliseconds = this.options.nowMilliseconds();
    if (listener.isPaused) this.paused--;
    else this.watch(EPOLL_CTL_DEL, descriptor, 0);
    this.listeners[descriptor] = undefined;
    this.closing.set(descriptor, {
      deadline: this.nowMilliseconds + this.times.closeGraceMilliseconds,
      onClosed,
    });
    for (const connection of this.connections) {
      if (connection?.listener() !== descriptor) continue;
      const surrendered = connection.surrender();
      if (surrendered !== undefined) take(surrendered);
    }
    this.finishClosing();
  }

  /** Goes on with a connection that another loop gave up; the listener is one of this loop's, or it is closed. */
  adopt(descriptor: number, surrendered: SurrenderedConnection): void {
    const listener = this.listeners[descriptor];
    if (listener === undefined) {
      this.libc.close(surrendered.descriptor);
      return;
    }
    this.nowMilliseconds = this.options.nowMilliseconds();
    const { source, awaitsProxy } = surrendered;
    const connection = this.place(surrendered.descriptor);
    connection.source.family = source.family;
    connection.source.port = source.port;
    connection.source.octets.set(source.octets);
    connection.source.row = listener.row ?? NO_ROW;
    connection.prefix = awaitsProxy ? NO_PREFIX : prefixOf(connection.source, this.options.proxies);
    connection.adopt(surrendered, listener);
    this.options.connections.admit(connection);
    connection.watch();
  }

  /** Connections open now. */
  size(): number {
    return this.open;
  }

  /** How long a turn may be waited for; -1: until {@link StreamLoop.descriptor} is readable. */
  waitMilliseconds(): number {
    return this.open > 0 || this.paused > 0 || this.closing.size > 0 ? SWEEP_MILLISECONDS : -1;
  }

  /** Takes a bounded part of what is ready, without waiting: what is left has {@link StreamLoop.descriptor} readable still. */
  turn(): void {
    this.nowMilliseconds = this.options.nowMilliseconds();
    const count = this.libc.epollWait(this.descriptor, this.events.address, EVENTS, 0);
    for (let index = 0, word = DATA_WORD; index < count; index++, word += EVENT_WORDS) {
      const descriptor = this.eventWords[word]!;
      const connection = this.connections[descriptor];
      if (connection !== undefined) connection.ready();
      else {
        const listener = this.listeners[descriptor];
        if (listener !== undefined) this.acceptSome(listener);
      }
    }
  }

  /** To be called after every turn, and as often as {@link StreamLoop.waitMilliseconds} says. */
  keepTime(): void {
    if (this.waitMilliseconds() < 0) return;
    this.nowMilliseconds = this.options.nowMilliseconds();
    if (this.nowMilliseconds >= this.sweepAt) this.sweep();
    if (this.closing.size > 0) this.finishClosing();
  }

  /** Closes every connection where it is and gives the memory back: the loop is of no more use. */
  end(): void {
    for (const connection of this.connections) connection?.close();
    forgetDescriptor(this.options.lent, 0);
    this.libc.close(this.descriptor);
    for (const memory of [this.input, this.output, this.events, this.name]) this.libc.free(memory);
  }

  watch(operation: number, descriptor: number, events: number): void {
    this.eventView.setUint32(EpollEvent.events, events, true);
    this.eventView.setInt32(EpollEvent.data, descriptor, true);
    this.libc.epollControl(this.descriptor, operation, descriptor, this.event);
  }

  /** From now on it is the client that has its share. */
  identified(connection: LoopConnection): void {
    const { connections, proxies } = this.options;
    connections.release(connection);
    connection.prefix = prefixOf(connection.source, proxies);
    connections.admit(connection);
  }

  proxyRefused(): void {
    this.options.onProxyRefused?.();
  }

  completed(connection: LoopConnection): void {
    this.options.connections.touch(connection);
  }

  handedOver(connection: LoopConnection): void {
    this.watch(EPOLL_CTL_DEL, connection.descriptor, 0);
    this.letGo(connection);
  }

  closed(connection: LoopConnection): void {
    this.letGo(connection);
    this.libc.close(connection.descriptor);
  }

  private letGo(connection: LoopConnection): void {
    this.options.connections.release(connection);
    this.connections[connection.descriptor] = undefined;
    this.open--;
    forgetDescriptor(this.options.lent, connection.slot);
    this.free.push(connection);
  }

  failed(error: unknown): void {
    this.options.onFault(error);
  }

  /** Returns how many calls it made for connections: {@link MAX_ACCEPTS} when there may be more. */
  private acceptSome(listener: OpenListener): number {
    const { libc, name } = this;
    for (let count = 0; count < MAX_ACCEPTS; count++) {
      name.view.setUint32(NAME_OCTETS, SockaddrIn6.octets, true);
      const length = name.address + BigInt(NAME_OCTETS);
      const descriptor = libc.accept(listener.descriptor, name.address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor >= 0) this.begin(listener, descriptor);
      else if (!this.isWorthAnother(listener, libc.errno())) return count;
    }
    return MAX_ACCEPTS;
  }

  /** Whether accept(2) is to be called again after this failure. */
  private isWorthAnother(listener: OpenListener, errno: number): boolean {
    switch (errno) {
      case Errno.EAGAIN:
        return false;
      case Errno.EMFILE:
      case Errno.ENFILE:
      case Errno.ENOBUFS:
      case Errno.ENOMEM:
        return this.makeRoom(listener, errno);
      default:
        // EINTR, and what went wrong with the one connection before it was accepted (ECONNABORTED, EPROTO and others).
        return true;
    }
  }

  /**
   * Sheds the connection that has been of no use the longest, as at a cap. Where there is none to shed, the listener would
   * be ready for ever, and nothing could be done for it: it is looked at again with the next sweep.
   */
  private makeRoom(listener: OpenListener, errno: number): boolean {
    if (this.nowMilliseconds >= this.tellShortageAt) {
      this.tellShortageAt = this.nowMilliseconds + SHORTAGE_MILLISECONDS;
      this.options.onShortage(errno);
    }
    if (this.options.connections.shedOldest()) return true;
    this.options.onRejected();
    listener.isPaused = true;
    this.paused++;
    // Nothing was swept while there was nothing to sweep.
    this.sweepAt = Math.max(this.sweepAt, this.nowMilliseconds + SWEEP_MILLISECONDS);
    this.watch(EPOLL_CTL_DEL, listener.descriptor, 0);
    return false;
  }

  private resume(): void {
    this.paused = 0;
    for (const listener of this.listeners) {
      if (listener?.isPaused !== true) continue;
      listener.isPaused = false;
      this.watch(EPOLL_CTL_ADD, listener.descriptor, EPOLLIN);
    }
  }

  private begin(listener: OpenListener, descriptor: number): void {
    const { options } = this;
    const connection = this.place(descriptor);
    readPeerAddress(this.name.octets, connection.source);
    connection.source.row = listener.row ?? NO_ROW;
    connection.prefix = prefixOf(connection.source, options.proxies);
    const isProxied = connection.prefix === NO_PREFIX;
    connection.open(descriptor, listener, isProxied && options.proxies!.sendsProxyHeader);
    options.connections.admit(connection);
    if (listener.isDeferred) connection.ready();
    else connection.watch();
  }

  private place(descriptor: number): LoopConnection {
    const { lent, onRejected } = this.options;
    const connection = this.free.pop() ?? new LoopConnection(this, this.made++, onRejected);
    noteDescriptor(lent, connection.slot, descriptor);
    grow(this.connections, descriptor);
    this.connections[descriptor] = connection;
    this.open++;
    return connection;
  }

  private sweep(): void {
    this.sweepAt = this.nowMilliseconds + SWEEP_MILLISECONDS;
    if (this.paused > 0) this.resume();
    if (this.open === 0) return;
    for (const connection of this.connections) {
      if (connection?.sweep(this.nowMilliseconds) === 'timeout') this.options.onTimeout();
    }
  }

  private finishClosing(): void {
    for (const [descriptor, { deadline, onClosed }] of this.closing) {
      let left = 0;
      for (const connection of this.connections) {
        if (connection?.listener() !== descriptor) continue;
        if (this.nowMilliseconds >= deadline) connection.close();
        else left++;
      }
      if (left > 0) continue;
      this.closing.delete(descriptor);
      onClosed();
    }
  }
}

/** Without holes: an array that has them is slower to look into. */
function grow(array: unknown[], index: number): void {
  while (array.length <= index) array.push(undefined);
}
