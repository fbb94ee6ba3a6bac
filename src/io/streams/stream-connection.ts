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
import type { TlsSession } from './tls-server.ts';

/** What a protocol made of the octets it was shown. One reused object a protocol. */
export interface Step {
  /** Octets of input done with. */
  consumed: number;
  /** Octets of reply written. */
  written: number;
  /**
   * `next`: one request answered (perhaps with silence). `more`: the request is not complete.
   * `long`: the reply is {@link Step.longReply}, and requests behind it wait.
   * `finish`: close once the replies are out. `abort`: close at once.
   */
  verdict: 'next' | 'more' | 'long' | 'finish' | 'abort';
  /** Of the verdict `finish`: the peer sends nothing more, so that nothing of it need be waited for. */
  isPeerDone?: boolean;
  /** Of the verdict `long`, else undefined. */
  longReply?: LongReply | undefined;
}

/** What a protocol may know and note about a connection. */
export interface StreamPeer {
  readonly source: PacketSource;
  /** Undefined in clear text. */
  tls(): TlsSession | undefined;
  /** Octets of the unfinished request that were searched already, and line ends seen in them; both 0 at its start. */
  searched: number;
  lines: number;
}

export interface StreamProtocol {
  /** A reply is never longer. */
  readonly maxReplyOctets: number;
  /** Deals with the first request in `input[start, end)`; a reply goes to `output` at `offset`. */
  take(peer: StreamPeer, input: Uint8Array, range: InputRange, output: Uint8Array, offset: number): Step;
}

/** The octets of an input that have not been dealt with. One reused object a connection. */
export interface InputRange {
  start: number;
  end: number;
}

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

// One closure over the whole life of a connection, longer than a function should be: its parts share one state.
export function createStreamConnection(
  socket: Socket,
  source: PacketSource,
  host: ConnectionHost,
): StreamConnection {
  const { protocol, times, output } = host;
  const peer: StreamPeer = { source, tls: host.tls, searched: 0, lines: 0 };
  const held = createHeldInput();
  const range: InputRange = { start: 0, end: 0 };
  let state: State = 'idle';
  let deadline = host.nowMilliseconds() + times.requestMilliseconds;
  /** Past the handshake and the request that it was for. */
  let isOpened = !host.isSecured;
  let draining = false;
  let ended = false;
  let lingered = 0;
  let stopSending = nothing;

  function enter(next: State, milliseconds: number): void {
    state = next;
    deadline = host.nowMilliseconds() + milliseconds;
  }

  function destroy(): void {
    enter('closing', times.lingerMilliseconds);
    held.clear();
    stopSending();
    socket.destroy();
  }

  /** Sends the end of the stream after what is queued, then waits for the peer's. */
  function finish(): void {
    enter('closing', times.lingerMilliseconds);
    held.clear();
    socket.end();
    socket.resume();
  }

  function flush(length: number): void {
    if (length > 0) socket.write(Buffer.from(output.subarray(0, length)), taken);
  }

  /** The kernel took a write: a blocked connection goes on with the requests that waited. */
  function taken(error?: Error | null): void {
    if (error || state !== 'blocked' || socket.writableLength > times.maxPendingOutputOctets) return;
    goOn();
  }

  /** Answers what has waited, and reads on. */
  function goOn(): void {
    enter('request', times.requestMilliseconds);
    range.start = 0;
    range.end = held.length();
    receive(held.octets());
    if (!isWaiting()) socket.resume();
  }

  /** For the peer to read: no input is taken meanwhile. */
  function isWaiting(): boolean {
    return state === 'blocked' || state === 'sending';
  }

  function send(reply: LongReply): void {
    const end = host.nowMilliseconds() + reply.maxMilliseconds;
    const progressed = (): void => {
      enter('sending', Math.min(times.writeMilliseconds, end - host.nowMilliseconds()));
      host.completed();
    };
    progressed();
    const { maxPendingOutputOctets } = times;
    stopSending = sendLongReply(reply, {
      socket,
      output,
      maxPendingOutputOctets,
      progressed,
      done: sent,
      failed,
    });
  }

  function sent(): void {
    stopSending = nothing;
    enter('idle', times.idleMilliseconds);
    if (held.length() > 0) goOn();
    else if (ended || draining) finish();
    else socket.resume();
  }

  function failed(error: Error): void {
    destroy();
    host.failed(error);
  }

  /** Answers what is complete in `input`; returns whether any request was. */
  function answerAll(input: Uint8Array): boolean {
    let written = 0;
    let answered = false;
    while (range.start < range.end) {
      if (socket.writableLength + written > times.maxPendingOutputOctets) {
        flush(written);
        written = 0;
        if (socket.writableLength > times.maxPendingOutputOctets) {
          enter('blocked', times.writeMilliseconds);
          break;
        }
      }
      const step = protocol.take(peer, input, range, output, written);
      range.start += step.consumed;
      written += step.written;
      if (step.verdict === 'more') break;
      if (step.verdict === 'abort') {
        flush(written);
        destroy();
        return answered;
      }
      answered = true;
      isOpened = true;
      peer.searched = 0;
      peer.lines = 0;
      host.completed();
      if (step.verdict === 'finish') {
        flush(written);
        finish();
        return answered;
      }
      if (step.verdict === 'long') {
        flush(written);
        send(step.longReply!);
        return answered;
      }
    }
    flush(written);
    return answered;
  }

  /** What follows once the input at hand has been dealt with. */
  function settle(answered: boolean): void {
    if (state === 'closing') return;
    if (isWaiting()) {
      socket.pause();
      return;
    }
    if (ended || (draining && held.length() === 0)) finish();
    else if (held.length() === 0 && answered) enter('idle', times.idleMilliseconds);
    else if (answered || state === 'idle') enter('request', times.requestMilliseconds);
  }

  function receive(input: Uint8Array): void {
    try {
      const answered = answerAll(input);
      if (state !== 'closing') held.keep(input, range.start, range.end);
      settle(answered);
    } catch (error) {
      failed(error as Error);
    }
  }

  socket.on('data', (chunk: Buffer) => {
    if (state === 'closing') {
      lingered += chunk.length;
      if (lingered > MAX_LINGER_OCTETS) socket.destroy();
      return;
    }
    const input = held.join(chunk);
    range.start = 0;
    range.end = held.length() > 0 ? held.length() : chunk.length;
    receive(input);
  });

  socket.on('end', () => {
    ended = true;
    if (state === 'idle' || state === 'request') finish();
  });

  // The system's word that the peer is gone; `close` follows, and there is nobody left to tell.
  socket.on('error', nothing);
  socket.on('close', () => stopSending());

  return {
    destroy,
    sweep(nowMilliseconds) {
      if (nowMilliseconds < deadline) return 'open';
      const outcome = state === 'idle' || state === 'closing' ? 'idle' : 'timeout';
      destroy();
      return outcome;
    },
    drain() {
      draining = true;
      if (!isOpened) return;
      if (state === 'idle' && socket.writableLength === 0) destroy();
      else if (state === 'idle') finish();
    },
  };
}

function nothing(): void {}
