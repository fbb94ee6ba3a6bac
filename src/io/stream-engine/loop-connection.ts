// One TCP connection of a stream loop: what stream-connection.ts does on Node's sockets, on a descriptor and on memory that all
// connections of the loop share. Its states and deadlines are the same; long replies it has none.
//
// A connection is `idle` between requests, has a `request` begun, is `blocked` while the peer does not read its replies,
// is `flushing` the last of them, and is `closing` once we have ended our side. Nothing is made for one but on its first use,
// and for what comes in pieces or is not taken at once: it is used again for another when it is `closed`.
// Long because the steps of one connection share its state.

import { createPacketSource } from '../../core/net/packet-handler.ts';
import { decodeProxyHeader } from '../../core/net/proxy-header.ts';
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_MOD,
  EPOLLIN,
  EPOLLOUT,
  Errno,
  MSG_MORE,
  MSG_NOSIGNAL,
  SHUT_WR,
} from '../packet-engine/layout.ts';
import {
  type CountedConnection,
  createConnectionPlace,
  type NetworkPrefix,
} from '../streams/connection-limits.ts';
import { TLS_HANDSHAKE } from '../streams/first-octet.ts';
import { createHeldInput } from '../streams/held-input.ts';
import type { InputRange, StreamPeer } from '../streams/stream-protocol.ts';
import { type ConnectionLoop, INPUT_OCTETS } from './connection-loop.ts';
import type { LoopListener, SurrenderedConnection } from './stream-loop-options.ts';

/** Input read and thrown away after the last reply; a peer that goes on sending is cut off. */
const MAX_LINGER_OCTETS = 256 * 1024;

const NOTHING = new Uint8Array(0);

type State = 'idle' | 'request' | 'blocked' | 'flushing' | 'closing' | 'closed';

export class LoopConnection implements StreamPeer, CountedConnection {
  readonly source = createPacketSource();
  /** Its place among the descriptors that the thread has open (lent-descriptors.ts). */
  readonly slot: number;
  searched = 0;
  lines = 0;
  prefix: NetworkPrefix = 0;
  readonly place = createConnectionPlace();
  descriptor = -1;
  private readonly loop: ConnectionLoop;
  private readonly range: InputRange = { start: 0, end: 0 };
  private readonly onShed: () => void;
  private acceptedFrom: LoopListener | undefined;
  /** Nothing has come yet, or nothing but a PROXY header. */
  private isNew = false;
  /** A PROXY header has to come first. */
  private awaitsProxy = false;
  private state: State = 'closed';
  private deadline = 0;
  private isDraining = false;
  /** The kernel has given all that had arrived. */
  private hasReadAll = false;
  private lingered = 0;
  /** What epoll was asked for; 0 before it was asked. */
  private watched = 0;
  private held: ReturnType<typeof createHeldInput> | undefined;
  /** Replies that the kernel did not take. */
  private unsent = NOTHING;

  constructor(loop: ConnectionLoop, slot: number, onShed: () => void) {
    this.loop = loop;
    this.slot = slot;
    this.onShed = onShed;
  }

  /**
   * A connection of this descriptor from now on. Its source is written, and its prefix set. `awaitsProxy`: whose it is, a PROXY
   * header will say.
   */
  open(descriptor: number, listener: LoopListener, awaitsProxy: boolean): void {
    this.descriptor = descriptor;
    this.acceptedFrom = listener;
    this.isNew = true;
    this.awaitsProxy = awaitsProxy;
    this.searched = 0;
    this.lines = 0;
    this.isDraining = false;
    this.lingered = 0;
    this.watched = 0;
    this.enter('idle', this.loop.times.requestMilliseconds);
  }

  /** Goes on with one of another loop. Its source is written, and its prefix set. */
  adopt({ descriptor, octets, isNew, awaitsProxy }: SurrenderedConnection, listener: LoopListener): void {
    this.open(descriptor, listener, awaitsProxy);
    this.isNew = isNew;
    if (octets.length > 0) {
      this.held ??= createHeldInput();
      this.held.keep(octets, 0, octets.length);
      this.state = 'request';
    } else if (!isNew) this.enter('idle', this.loop.times.idleMilliseconds);
  }

  /** Gives it up to another loop; undefined while a reply is under way, after which it ends. */
  surrender(): SurrenderedConnection | undefined {
    if (this.state !== 'idle' && this.state !== 'request') {
      this.isDraining = true;
      return undefined;
    }
    const { descriptor, source, held, isNew, awaitsProxy } = this;
    const octets = held === undefined ? NOTHING : held.octets().slice(0, held.length());
    const { family, port } = source;
    this.state = 'closed';
    held?.clear();
    this.loop.handedOver(this);
    return {
      descriptor,
      source: { family, port, octets: source.octets.slice() },
      octets,
      isNew,
      awaitsProxy,
    };
  }

  /** The descriptor of the socket that it was accepted from. */
  listener(): number {
    return this.acceptedFrom!.descriptor;
  }

  tls(): undefined {
    return undefined;
  }

  /** Does what can be done now, and asks for what is wanted next. */
  ready(): void {
    switch (this.state) {
      case 'idle':
      case 'request':
        this.read();
        break;
      case 'blocked':
      case 'flushing':
        this.sendUnsent();
        break;
      case 'closing':
        this.readAway();
        break;
      case 'closed':
        return;
    }
    this.watch();
  }

  /** Asks for what is wanted next. */
  watch(): void {
    if (this.state === 'closed') return;
    const wanted = this.state === 'blocked' || this.state === 'flushing' ? EPOLLOUT : EPOLLIN;
    if (wanted === this.watched) return;
    this.loop.watch(this.watched === 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, this.descriptor, wanted);
    this.watched = wanted;
  }

  /** `timeout`: it was too slow; `idle`: it had its time. Closed by then in both cases. */
  sweep(nowMilliseconds: number): 'open' | 'idle' | 'timeout' {
    if (this.state === 'closed' || nowMilliseconds < this.deadline) return 'open';
    const outcome = this.state === 'idle' || this.state === 'closing' ? 'idle' : 'timeout';
    this.close();
    return outcome;
  }

  /** No request after what has arrived or begun: closes at once when there is none. */
  drain(): void {
    this.isDraining = true;
    if (this.state === 'idle') this.read();
    if (this.state === 'idle') this.close();
    else this.watch();
  }

  shed(): void {
    this.close();
    this.onShed();
  }

  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.held?.clear();
    this.unsent = NOTHING;
    this.loop.closed(this);
  }

  private enter(next: State, milliseconds: number): void {
    this.state = next;
    this.deadline = this.loop.nowMilliseconds + milliseconds;
  }

  private read(): void {
    const { libc, input } = this.loop;
    const count = libc.receive(this.descriptor, input.address, INPUT_OCTETS, 0);
    if (count > 0) {
      this.hasReadAll = count < INPUT_OCTETS;
      if (this.awaitsProxy) this.takeProxyHeader(input.octets, count);
      else this.takeFirst(input.octets, count);
    } else if (count === 0) this.finish(true);
    else if (!this.isForLater()) this.close();
  }

  /** The last call failed only for now. Anything else ends the connection: ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS. */
  private isForLater(): boolean {
    const errno = this.loop.libc.errno();
    return errno === Errno.EAGAIN || errno === Errno.EINTR;
  }

  private takeFirst(octets: Uint8Array, count: number): void {
    if (!this.isNew || !this.isTls(octets, count)) this.take(octets, count);
  }

  /** The deadline stays that of the opening, whatever part of a header has come. */
  private takeProxyHeader(octets: Uint8Array, count: number): void {
    this.held ??= createHeldInput();
    const { held } = this;
    const joined = held.join(octets.subarray(0, count));
    const end = held.length() > 0 ? held.length() : count;
    const header = decodeProxyHeader(joined, 0, end, this.source);
    switch (header.kind) {
      case 'more':
        held.keep(joined, 0, end);
        this.state = 'request';
        return;
      case 'none':
      case 'malformed':
        this.close();
        this.loop.proxyRefused();
        return;
      case 'address':
      case 'own':
        break;
    }
    const rest = joined.slice(header.consumed, end);
    held.clear();
    this.awaitsProxy = false;
    this.state = 'idle';
    this.loop.identified(this);
    if (rest.length > 0) this.takeFirst(rest, rest.length);
    else if (this.isDraining) this.close();
  }

  /** Hands a connection that begins with a TLS hello to whoever speaks that. */
  private isTls(octets: Uint8Array, count: number): boolean {
    this.isNew = false;
    const takeTls = this.acceptedFrom?.takeTls;
    if (takeTls === undefined || octets[0] !== TLS_HANDSHAKE) return false;
    this.state = 'closed';
    this.loop.handedOver(this);
    takeTls(this.descriptor, this.source, octets.slice(0, count));
    return true;
  }

  private take(octets: Uint8Array, count: number): void {
    const { held, range } = this;
    range.start = 0;
    range.end = count;
    if (held === undefined || held.length() === 0) this.answer(octets);
    else {
      const joined = held.join(octets.subarray(0, count));
      range.end = held.length();
      this.answer(joined);
    }
  }

  /** Answers what is complete of the range, keeps the rest, and is in the state that follows. */
  private answer(input: Uint8Array): void {
    try {
      const answered = this.answerAll(input);
      if (this.state === 'closed' || this.state === 'closing' || this.state === 'flushing') return;
      this.keep(input);
      if (this.state !== 'blocked') this.settle(answered);
    } catch (error) {
      this.close();
      this.loop.failed(error);
    }
  }

  private keep(input: Uint8Array): void {
    const { start, end } = this.range;
    if (start < end) this.held ??= createHeldInput();
    else if (this.held === undefined || this.held.length() === 0) return;
    this.held!.keep(input, start, end);
  }

  private hasHeld(): boolean {
    return this.held !== undefined && this.held.length() > 0;
  }

  private settle(answered: boolean): void {
    const { times } = this.loop;
    if (this.isDraining && !this.hasHeld()) this.finish(false);
    else if (!this.hasHeld() && answered) this.enter('idle', times.idleMilliseconds);
    else if (answered || this.state === 'idle') this.enter('request', times.requestMilliseconds);
  }

  /** Returns whether any request was complete. */
  private answerAll(input: Uint8Array): boolean {
    const { loop, range } = this;
    const { protocol } = this.acceptedFrom!;
    const { octets } = loop.output;
    let written = 0;
    let answered = false;
    while (range.start < range.end) {
      if (written > loop.times.maxPendingOutputOctets) {
        if (!this.send(written)) return answered;
        written = 0;
      }
      const step = protocol.take(this, input, range, octets, written);
      range.start += step.consumed;
      written += step.written;
      if (step.verdict === 'more') break;
      if (step.verdict === 'abort') {
        this.send(written);
        this.close();
        return answered;
      }
      answered = true;
      this.searched = 0;
      this.lines = 0;
      loop.completed(this);
      if (step.verdict === 'finish') {
        const isPeerDone = step.isPeerDone === true && this.hasReadAll;
        // The end of the stream goes out with its last octets, in one segment.
        const flags = isPeerDone ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
        if (this.send(written, flags) || this.state === 'blocked') this.finish(isPeerDone);
        return answered;
      }
      if (step.verdict === 'long') throw new TypeError('long replies are for connections on Node sockets');
    }
    this.send(written);
    return answered;
  }

  /** From the loop's output. False when the peer has to read first, or is gone. */
  private send(length: number, flags = MSG_NOSIGNAL): boolean {
    if (length === 0) return true;
    const { libc, output, times } = this.loop;
    const sent = libc.send(this.descriptor, output.address, length, flags);
    if (sent === length) return true;
    if (sent < 0 && !this.isForLater()) {
      this.close();
      return false;
    }
    this.unsent = output.octets.slice(Math.max(0, sent), length);
    this.enter('blocked', times.writeMilliseconds);
    return false;
  }

  private sendUnsent(): void {
    const { libc } = this.loop;
    const sent = libc.send(this.descriptor, this.unsent, this.unsent.length, MSG_NOSIGNAL);
    if (sent < 0) {
      if (!this.isForLater()) this.close();
      return;
    }
    this.unsent = sent === this.unsent.length ? NOTHING : this.unsent.subarray(sent);
    if (this.unsent.length > 0) return;
    if (this.state === 'flushing') this.finish(false);
    else this.goOn();
  }

  /** Answers what has waited while the peer did not read. */
  private goOn(): void {
    const { held, range } = this;
    this.enter('request', this.loop.times.requestMilliseconds);
    range.start = 0;
    range.end = held?.length() ?? 0;
    if (held === undefined || range.end === 0) this.settle(true);
    else this.answer(held.octets());
  }

  /**
   * Ends our side once everything is sent. The peer has until a deadline to end its own: closed at once with octets of its
   * unread, ours would be lost to a reset. There are none when it is done.
   */
  private finish(isPeerDone: boolean): void {
    const { libc, times } = this.loop;
    this.held?.clear();
    if (this.unsent.length > 0) this.enter('flushing', times.writeMilliseconds);
    else if (isPeerDone) this.close();
    else {
      libc.shutdown(this.descriptor, SHUT_WR);
      this.enter('closing', times.lingerMilliseconds);
    }
  }

  private readAway(): void {
    const { libc, input } = this.loop;
    const count = libc.receive(this.descriptor, input.address, INPUT_OCTETS, 0);
    if (count < 0 && this.isForLater()) return;
    this.lingered += count;
    if (count <= 0 || this.lingered > MAX_LINGER_OCTETS) this.close();
  }
}
