// One TCP connection that carries requests and replies: reassembles requests that arrive in pieces, answers pipelined
// ones in order, and keeps what it holds within bounds on both sides. What a request is, the protocol says.
//
// A connection is `idle` between requests, has a `request` begun, is `blocked` while the peer does not read its replies,
// is `sending` while a long reply goes out, and is `closing` once nothing more will be answered. Each state has one
// deadline, which octets alone do not move: only what the peer takes of a long reply does, and that has an end, too.

import type { Socket } from 'node:net';
import type { PacketSource } from '../../core/net/packet-handler.ts';
import { createHeldInput } from './held-input.ts';
import { type LongReply, sendLongReply } from './long-reply.ts';
import type { InputRange, StreamPeer, StreamProtocol } from './stream-protocol.ts';
import type { TlsSession } from './tls-server.ts';

/** Bounds on one connection; every duration is kept to the second. */
export interface ConnectionTimes {
  /** From the first octet of a request to its last, and from the opening of a connection to its first request. */
  readonly requestMilliseconds: number;
  /** Between requests. */
  readonly idleMilliseconds: number;
  /** For a peer that does not read to take what it was sent. */
  readonly writeMilliseconds: number;
  /** For a peer to close after we did. Without it, unread input would turn our last reply into a reset. */
  readonly lingerMilliseconds: number;
  /** Replies that wait for the peer to read; beyond them no further request is read. One reply more may be held. */
  readonly maxPendingOutputOctets: number;
}

/** What a connection needs of the server that it belongs to. */
export interface ConnectionHost {
  readonly protocol: StreamProtocol;
  readonly times: ConnectionTimes;
  /** Shared by all connections of a server: each is done with it before the next has its turn. */
  readonly output: Uint8Array;
  nowMilliseconds(): number;
  /** See {@link StreamPeer}. */
  tls(): TlsSession | undefined;
  /** It begins with a handshake, which is part of its first request. */
  readonly isSecured: boolean;
  /** A request was completed, or a part of a long reply was taken. */
  completed(): void;
  /** The protocol threw. */
  failed(error: Error): void;
}

export interface StreamConnection {
  /** `timeout`: it was too slow; `idle`: it had its time. Closed by then in both cases. */
  sweep(nowMilliseconds: number): 'open' | 'idle' | 'timeout';
  /** No request after the one that has begun, which a handshake is part of: closes at once when none has. */
  drain(): void;
  destroy(): void;
}

/** Input read and thrown away after the last reply; a peer that goes on sending is cut off. */
const MAX_LINGER_OCTETS = 256 * 1024;

type State = 'idle' | 'request' | 'blocked' | 'sending' | 'closing';

export function createStreamConnection(
  socket: Socket,
  source: PacketSource,
  host: ConnectionHost,
): StreamConnection {
  return new OpenConnection(socket, source, host);
}

class OpenConnection implements StreamConnection {
  private readonly socket: Socket;
  private readonly host: ConnectionHost;
  private readonly peer: StreamPeer;
  private readonly held = createHeldInput();
  private readonly range: InputRange = { start: 0, end: 0 };
  private state: State = 'idle';
  private deadline: number;
  /** Past the handshake and the request that it was for. */
  private isOpened: boolean;
  private draining = false;
  private ended = false;
  private lingered = 0;
  private stopSending = nothing;

  constructor(socket: Socket, source: PacketSource, host: ConnectionHost) {
    this.socket = socket;
    this.host = host;
    this.peer = { source, tls: host.tls, searched: 0, lines: 0 };
    this.deadline = host.nowMilliseconds() + host.times.requestMilliseconds;
    this.isOpened = !host.isSecured;
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('end', () => {
      this.ended = true;
      if (this.state === 'idle' || this.state === 'request') this.finish();
    });
    // The system's word that the peer is gone; `close` follows, and there is nobody left to tell.
    socket.on('error', nothing);
    socket.on('close', () => this.stopSending());
  }

  sweep(nowMilliseconds: number): 'open' | 'idle' | 'timeout' {
    if (nowMilliseconds < this.deadline) return 'open';
    const outcome = this.state === 'idle' || this.state === 'closing' ? 'idle' : 'timeout';
    this.destroy();
    return outcome;
  }

  drain(): void {
    this.draining = true;
    if (!this.isOpened || this.state !== 'idle') return;
    if (this.socket.writableLength === 0) this.destroy();
    else this.finish();
  }

  destroy(): void {
    this.enter('closing', this.host.times.lingerMilliseconds);
    this.held.clear();
    this.stopSending();
    this.socket.destroy();
  }

  private enter(next: State, milliseconds: number): void {
    this.state = next;
    this.deadline = this.host.nowMilliseconds() + milliseconds;
  }

  /** For the peer to read: no input is taken meanwhile. */
  private isWaiting(): boolean {
    return this.state === 'blocked' || this.state === 'sending';
  }

  /** Sends the end of the stream after what is queued, then waits for the peer's. */
  private finish(): void {
    this.enter('closing', this.host.times.lingerMilliseconds);
    this.held.clear();
    this.socket.end();
    this.socket.resume();
  }

  private failed(error: Error): void {
    this.destroy();
    this.host.failed(error);
  }

  private read(chunk: Buffer): void {
    const { held, range } = this;
    if (this.state === 'closing') {
      this.lingered += chunk.length;
      if (this.lingered > MAX_LINGER_OCTETS) this.socket.destroy();
      return;
    }
    const input = held.join(chunk);
    range.start = 0;
    range.end = held.length() > 0 ? held.length() : chunk.length;
    this.receive(input);
  }

  private receive(input: Uint8Array): void {
    const { held, range } = this;
    try {
      const answered = this.answerAll(input);
      if (this.state !== 'closing') held.keep(input, range.start, range.end);
      this.settle(answered);
    } catch (error) {
      this.failed(error as Error);
    }
  }

  /** Answers what is complete in `input`; returns whether any request was. */
  private answerAll(input: Uint8Array): boolean {
    const { socket, range, peer, host } = this;
    const { maxPendingOutputOctets, writeMilliseconds } = host.times;
    let written = 0;
    let answered = false;
    while (range.start < range.end) {
      if (socket.writableLength + written > maxPendingOutputOctets) {
        this.flush(written);
        written = 0;
        if (socket.writableLength > maxPendingOutputOctets) {
          this.enter('blocked', writeMilliseconds);
          break;
        }
      }
      const step = host.protocol.take(peer, input, range, host.output, written);
      range.start += step.consumed;
      written += step.written;
      if (step.verdict === 'more') break;
      if (step.verdict === 'abort') {
        this.flush(written);
        this.destroy();
        return answered;
      }
      answered = true;
      this.completed();
      if (step.verdict === 'finish') {
        this.flush(written);
        this.finish();
        return answered;
      }
      if (step.verdict === 'long') {
        this.flush(written);
        this.send(step.longReply!);
        return answered;
      }
    }
    this.flush(written);
    return answered;
  }

  private completed(): void {
    this.isOpened = true;
    this.peer.searched = 0;
    this.peer.lines = 0;
    this.host.completed();
  }

  /** What follows once the input at hand has been dealt with. */
  private settle(answered: boolean): void {
    const { held, host } = this;
    if (this.state === 'closing') return;
    if (this.isWaiting()) {
      this.socket.pause();
      return;
    }
    if (this.ended || (this.draining && held.length() === 0)) this.finish();
    else if (held.length() === 0 && answered) this.enter('idle', host.times.idleMilliseconds);
    else if (answered || this.state === 'idle') this.enter('request', host.times.requestMilliseconds);
  }

  private flush(length: number): void {
    if (length > 0) this.socket.write(Buffer.from(this.host.output.subarray(0, length)), this.taken);
  }

  /** The kernel took a write: a blocked connection goes on with the requests that waited. */
  private readonly taken = (error?: Error | null): void => {
    const { maxPendingOutputOctets } = this.host.times;
    if (error || this.state !== 'blocked' || this.socket.writableLength > maxPendingOutputOctets) return;
    this.goOn();
  };

  /** Answers what has waited, and reads on. */
  private goOn(): void {
    const { held, range } = this;
    this.enter('request', this.host.times.requestMilliseconds);
    range.start = 0;
    range.end = held.length();
    this.receive(held.octets());
    if (!this.isWaiting()) this.socket.resume();
  }

  private send(reply: LongReply): void {
    const { socket, host } = this;
    const { times, output } = host;
    const end = host.nowMilliseconds() + reply.maxMilliseconds;
    const progressed = (): void => {
      this.enter('sending', Math.min(times.writeMilliseconds, end - host.nowMilliseconds()));
      host.completed();
    };
    progressed();
    this.stopSending = sendLongReply(reply, {
      socket,
      output,
      maxPendingOutputOctets: times.maxPendingOutputOctets,
      progressed,
      done: () => this.sent(),
      failed: (error) => this.failed(error),
    });
  }

  private sent(): void {
    this.stopSending = nothing;
    this.enter('idle', this.host.times.idleMilliseconds);
    if (this.held.length() > 0) this.goOn();
    else if (this.ended || this.draining) this.finish();
    else this.socket.resume();
  }
}

function nothing(): void {}
