// The loop of a packet worker: wait in epoll, take a batch, answer it, send the answers, and nothing else. It blocks
// its thread; an eventfd in the same set wakes it for control messages, which are taken between batches.
// Non-null assertions: descriptors in the set are those of `sockets`.

import type { Counters } from '../../core/counters.ts';
import { createPacketSource, type PacketHandler } from '../../core/net/packet-handler.ts';
import type { BatchSocket } from './batch-socket.ts';
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
import { BATCH_SIZE, MAX_REQUEST_OCTETS, PacketBatch } from './packet-batch.ts';

/** Ready sockets taken from one wait. */
const EVENTS = 64;

export interface PacketLoopOptions {
  readonly libc: Libc;
  /** An eventfd: readable when {@link PacketLoopOptions.onControl} has something to do. */
  readonly wakeDescriptor: number;
  /** Takes the control messages; false ends the loop. */
  readonly onControl: () => boolean;
  readonly nowSeconds: () => number;
  readonly counters: Counters;
  /** Index into `counters` of datagrams dropped before any handler, or answers that could not be sent. */
  readonly dropCounter: number;
}

interface LoopSocket {
  readonly socket: BatchSocket;
  readonly handler: PacketHandler;
}

export class PacketLoop {
  private readonly options: PacketLoopOptions;
  private readonly libc: Libc;
  private readonly batch: PacketBatch;
  private readonly source = createPacketSource();
  private readonly events: NativeMemory;
  private readonly epoll: number;
  /** By descriptor; bounded by `tracker.max_listeners` and the DNS addresses. */
  private readonly sockets = new Map<number, LoopSocket>();

  constructor(options: PacketLoopOptions) {
    this.options = options;
    this.libc = options.libc;
    this.batch = new PacketBatch(options.libc);
    this.events = options.libc.allocate(EVENTS * EpollEvent.octets);
    this.epoll = options.libc.epollCreate(EPOLL_CLOEXEC);
    this.watch(EPOLL_CTL_ADD, options.wakeDescriptor);
  }

  add(socket: BatchSocket, handler: PacketHandler): void {
    this.sockets.set(socket.descriptor, { socket, handler });
    this.watch(EPOLL_CTL_ADD, socket.descriptor);
  }

  /** Answers what has arrived, then closes the socket. */
  remove(descriptor: number): void {
    const removed = this.sockets.get(descriptor);
    if (removed === undefined) return;
    while (this.takeBatch(removed) === BATCH_SIZE);
    this.watch(EPOLL_CTL_DEL, descriptor);
    this.sockets.delete(descriptor);
    this.libc.close(descriptor);
  }

  /** Returns when {@link PacketLoopOptions.onControl} says so; closes all sockets. */
  run(): void {
    for (let isRunning = true; isRunning; ) {
      const count = this.libc.epollWait(this.epoll, this.events.address, EVENTS, -1);
      for (let index = 0; index < count; index++) {
        const descriptor = this.events.view.getInt32(index * EpollEvent.octets + EpollEvent.data, true);
        const ready = this.sockets.get(descriptor);
        if (ready !== undefined) this.takeBatch(ready);
        else if (descriptor === this.options.wakeDescriptor) isRunning = this.takeControl();
      }
    }
    for (const descriptor of [...this.sockets.keys()]) this.remove(descriptor);
    this.libc.close(this.epoll);
    this.libc.free(this.events);
    this.batch.free(this.libc);
  }

  private takeControl(): boolean {
    this.libc.read(this.options.wakeDescriptor, new Uint8Array(8), 8);
    return this.options.onControl();
  }

  /** Receives, answers and sends one batch; returns how many datagrams it took. */
  private takeBatch({ socket, handler }: LoopSocket): number {
    const { batch, source } = this;
    batch.resetReceived(BATCH_SIZE, socket.isWildcard);
    const count = this.libc.receiveMany(socket.descriptor, batch.receiveVector, BATCH_SIZE, MSG_DONTWAIT);
    // EAGAIN: another worker took it; EINTR: again at the next wait; others are errors of one peer, told once.
    if (count <= 0) return 0;
    const now = this.options.nowSeconds();
    let replies = 0;
    for (let index = 0; index < count; index++) {
      batch.readSource(index, source);
      // Source port 0 cannot be answered, and our own port is a loop (HARDENING 8).
      if (source.port === 0) {
        this.options.counters[this.options.dropCounter]!++;
        continue;
      }
      const length = Math.min(batch.receivedLength(index), MAX_REQUEST_OCTETS);
      const octets = handler(
        batch.requests,
        batch.requestOffset(index),
        length,
        source,
        batch.replies,
        batch.replyOffset(replies),
        now,
      );
      if (octets === 0) continue;
      if (socket.isWildcard) this.clearInterface(index);
      batch.setReply(replies++, index, octets);
    }
    if (replies > 0) this.send(socket.descriptor, replies);
    return count;
  }

  /** The reply leaves by whatever interface leads to the asker, from the address that was asked. */
  private clearInterface(index: number): void {
    const octets = this.batch.controlOctets;
    const at = this.batch.controlOffset(index);
    if (octets[at + Cmsghdr.level] !== IPPROTO_IP) return;
    const data = at + Cmsghdr.data;
    octets.fill(0, data + InPktinfo.interfaceIndex, data + InPktinfo.specificDestination);
  }

  private send(descriptor: number, count: number): void {
    for (let sent = 0; sent < count; ) {
      const result = this.libc.sendMany(descriptor, this.batch.sendAddress(sent), count - sent, MSG_DONTWAIT);
      if (result > 0) {
        sent += result;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === Errno.EINTR) continue;
      // The socket's buffer is full: what a client does not get it asks for again, what waits here grows.
      const isFull = errno === Errno.EAGAIN || errno === Errno.ENOBUFS;
      const lost = isFull ? count - sent : 1;
      this.options.counters[this.options.dropCounter]! += lost;
      sent += lost;
    }
  }

  private watch(operation: number, descriptor: number): void {
    const event = new Uint8Array(EpollEvent.octets);
    const view = new DataView(event.buffer);
    view.setUint32(EpollEvent.events, EPOLLIN, true);
    view.setInt32(EpollEvent.data, descriptor, true);
    this.libc.epollControl(this.epoll, operation, descriptor, event);
  }
}
