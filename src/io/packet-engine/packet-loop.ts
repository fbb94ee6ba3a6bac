// The loop of a packet worker: wait in epoll, take a batch, answer it, send the answers, and nothing else. It blocks
// its thread; an eventfd in the same set wakes it for control messages, which are taken between batches.
// Non-null assertions: descriptors in the set are those of `sockets`.

import type { Counters } from '../../core/counters.ts';
import {
  createPacketSource,
  MAX_REQUEST_OCTETS,
  type PacketHandler,
  type PacketPrefetch,
  type PacketSource,
} from '../../core/net/packet-handler.ts';
import { NO_ROW } from '../../core/traffic.ts';
import {
  Cmsghdr,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLIN,
  EpollEvent,
  Errno,
  InPktinfo,
  IPPROTO_IP,
  MSG_DONTWAIT,
} from './layout.ts';
import type { Libc, NativeMemory } from './libc.ts';
import { BATCH_SIZE, PacketBatch, SLOT_OCTETS } from './packet-batch.ts';

/** Ready sockets taken from one wait. */
const EVENTS = 64;
/**
 * Batches that a socket about to go is still read for: more than the 11,000 small datagrams that a receive buffer of
 * 8 MiB holds. Without a bound a flood would keep it, and the thread, for ever.
 */
const MAX_LAST_BATCHES = 256;
const EVENT_WORDS = EpollEvent.octets / 4;
/** The low word of what an event carries: its descriptor. */
const DATA_WORD = EpollEvent.data / 4;
/** epoll_wait(2): no time-out. */
const FOR_EVER = -1;

/** What shares the thread with the packets, and is waited for in the same place. */
export interface LoopCompanion {
  /** Readable when a turn has something to do. */
  readonly descriptor: number;
  /** Takes a bounded part of that: packets have their turn in between. */
  turn(): void;
  /** Called after every turn of the packets, whether or not there was one of the companion. */
  keepTime(): void;
  /** How long the next wait may be; -1 for ever. */
  waitMilliseconds(): number;
}

export interface PacketLoopOptions {
  readonly libc: Libc;
  /** An eventfd: readable when {@link PacketLoopOptions.onControl} has something to do. */
  readonly wakeDescriptor: number;
  /** Takes the control messages; false ends the loop. */
  readonly onControl: () => boolean;
  /** A handler threw. The datagram is dropped and the loop goes on. */
  readonly onFault: (error: unknown) => void;
  readonly nowSeconds: () => number;
  /** Whether the datagram claims to come from one of our own sockets. */
  readonly isOwnSource: (source: PacketSource) => boolean;
  readonly counters: Counters;
  readonly companion?: LoopCompanion;
}

export interface LoopSocket {
  /** Bound, non-blocking. The loop never closes it: whoever opened it does, after `remove`. */
  readonly descriptor: number;
  /** Bound to 0.0.0.0 or `::`: the address asked is carried over to the reply. */
  readonly isWildcard: boolean;
  readonly handler: PacketHandler;
  /** Called before the handler when more than one datagram came at once. */
  readonly prefetch?: PacketPrefetch | undefined;
  /** Index into the counters of datagrams dropped before the handler, and of answers that could not be sent. */
  readonly dropCounter: number;
  /** What its packets are counted as (traffic.ts); not at all where it is left out. */
  readonly row?: number;
}

export class PacketLoop {
  private readonly options: PacketLoopOptions;
  private readonly libc: Libc;
  private readonly batch: PacketBatch;
  private readonly source = createPacketSource();
  private readonly events: NativeMemory;
  private readonly eventWords: Int32Array;
  /** Its epoll's: to be closed by others when the thread dies before {@link PacketLoop.end}. */
  readonly descriptor: number;
  /** By descriptor. The kernel gives the lowest that is free: bounded by the descriptors of this process. */
  private readonly sockets: (LoopSocket | undefined)[] = [];
  private isHalted = false;

  constructor(options: PacketLoopOptions) {
    this.options = options;
    this.libc = options.libc;
    this.batch = new PacketBatch(options.libc);
    this.events = options.libc.allocate(EVENTS * EpollEvent.octets);
    this.eventWords = new Int32Array(this.events.octets.buffer);
    this.descriptor = options.libc.epollCreate(EPOLL_CLOEXEC);
    this.watch(EPOLL_CTL_ADD, options.wakeDescriptor);
    if (options.companion !== undefined) this.watch(EPOLL_CTL_ADD, options.companion.descriptor);
  }

  add(socket: LoopSocket): void {
    // Without holes: an array that has them is slower to look into.
    while (this.sockets.length <= socket.descriptor) this.sockets.push(undefined);
    this.sockets[socket.descriptor] = socket;
    this.watch(EPOLL_CTL_ADD, socket.descriptor);
  }

  /** Answers what has arrived, then looks at the socket no more. */
  remove(descriptor: number): void {
    const removed = this.sockets[descriptor];
    if (removed === undefined) return;
    for (let batch = 0; batch < MAX_LAST_BATCHES; batch++) if (this.takeBatch(removed) < BATCH_SIZE) break;
    this.watch(EPOLL_CTL_DEL, descriptor);
    this.sockets[descriptor] = undefined;
  }

  /** Removes every socket. */
  clear(): void {
    for (const socket of this.sockets) if (socket !== undefined) this.remove(socket.descriptor);
  }

  /** Returns when {@link PacketLoopOptions.onControl} says so, or after {@link halt}. The loop is of no more use then. */
  run(): void {
    const { companion } = this.options;
    while (this.turn(companion?.waitMilliseconds() ?? FOR_EVER) && !this.isHalted);
    this.end();
  }

  /** Has {@link run} return after the turn at hand. */
  halt(): void {
    this.isHalted = true;
  }

  /**
   * Waits until something is ready, takes it, and returns; false when {@link PacketLoopOptions.onControl} said that the
   * loop is to end. For whoever has other things to do between the turns; {@link run} has none.
   */
  turn(timeoutMilliseconds: number): boolean {
    const { companion } = this.options;
    let isRunning = true;
    const count = this.libc.epollWait(this.descriptor, this.events.address, EVENTS, timeoutMilliseconds);
    for (let index = 0, word = DATA_WORD; index < count; index++, word += EVENT_WORDS) {
      const descriptor = this.eventWords[word]!;
      const ready = this.sockets[descriptor];
      if (ready !== undefined) this.takeBatch(ready);
      else if (descriptor === this.options.wakeDescriptor) isRunning = this.takeControl();
      else if (descriptor === companion?.descriptor) companion.turn();
    }
    companion?.keepTime();
    return isRunning;
  }

  /** Removes every socket and gives the memory back: the loop is of no more use. */
  end(): void {
    this.clear();
    this.libc.close(this.descriptor);
    this.libc.free(this.events);
    this.batch.free(this.libc);
  }

  private takeControl(): boolean {
    this.libc.read(this.options.wakeDescriptor, new Uint8Array(8), 8);
    return this.options.onControl();
  }

  /** Receives, answers and sends one batch; returns how many datagrams it took. */
  private takeBatch(socket: LoopSocket): number {
    const { batch } = this;
    const count = batch.receive(this.libc, socket.descriptor, socket.isWildcard);
    // EAGAIN: another worker took it; EINTR: again at the next wait; others are errors of one peer, told once.
    if (count <= 0) return 0;
    if (count > 1) socket.prefetch?.(batch.requests, 0, SLOT_OCTETS, count);
    const now = this.options.nowSeconds();
    this.source.row = socket.row ?? NO_ROW;
    let replies = 0;
    for (let index = 0; index < count; index++) {
      const octets = this.answer(socket, index, replies, now);
      if (octets === 0) continue;
      if (socket.isWildcard) this.clearInterface(index);
      batch.setReply(replies++, index, octets);
    }
    if (replies > 0) this.send(socket, replies);
    return count;
  }

  /** Octets of the answer to datagram `index`, written as reply number `reply`; 0 is none. */
  private answer(socket: LoopSocket, index: number, reply: number, now: number): number {
    const { batch, source } = this;
    batch.readSource(index, source);
    // Source port 0 cannot be answered, and our own port is a loop.
    if (source.port === 0 || this.options.isOwnSource(source)) return this.drop(socket, 1);
    const length = Math.min(batch.receivedLength(index), MAX_REQUEST_OCTETS);
    const at = batch.requestOffset(index);
    try {
      const to = batch.replyOffset(reply);
      return socket.handler(batch.requests, at, length, source, batch.replies, to, now);
    } catch (error) {
      this.options.onFault(error);
      return this.drop(socket, 1);
    }
  }

  private drop(socket: LoopSocket, count: number): 0 {
    this.options.counters[socket.dropCounter]! += count;
    return 0;
  }

  /** The reply leaves by whatever interface leads to the asker, from the address that was asked. */
  private clearInterface(index: number): void {
    const octets = this.batch.controlOctets;
    const at = this.batch.controlOffset(index);
    if (octets[at + Cmsghdr.level] !== IPPROTO_IP) return;
    const data = at + Cmsghdr.data;
    octets.fill(0, data + InPktinfo.interfaceIndex, data + InPktinfo.specificDestination);
  }

  private send(socket: LoopSocket, count: number): void {
    for (let sent = 0; sent < count; ) {
      const result = this.libc.sendMany(
        socket.descriptor,
        this.batch.sendAddress(sent),
        count - sent,
        MSG_DONTWAIT,
      );
      if (result > 0) {
        sent += result;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === Errno.EINTR) continue;
      // The socket's buffer is full: what a client does not get it asks for again, what waits here grows.
      const isFull = errno === Errno.EAGAIN || errno === Errno.ENOBUFS;
      const lost = isFull ? count - sent : 1;
      this.drop(socket, lost);
      sent += lost;
    }
  }

  private watch(operation: number, descriptor: number): void {
    const event = new Uint8Array(EpollEvent.octets);
    const view = new DataView(event.buffer);
    view.setUint32(EpollEvent.events, EPOLLIN, true);
    view.setInt32(EpollEvent.data, descriptor, true);
    this.libc.epollControl(this.descriptor, operation, descriptor, event);
  }
}
