// A reply that is longer than memory should hold: asked for piece by piece, as the peer reads. One piece a turn of the
// event loop, so that a zone of a million records leaves the other connections their turns.

import type { Socket } from 'node:net';

/** A reply in pieces. It may hold on to memory that others wait for: it is told once when it can let go. */
export interface LongReply {
  /** From the first piece to the last, however well the peer reads. */
  readonly maxMilliseconds: number;
  /** Writes the next piece at `offset`, where the protocol's `maxReplyOctets` are free. Returns its octets; 0 is the end. */
  next(output: Uint8Array, offset: number): number;
  /** No piece will be asked for any more. Called once, whether the peer has had all or is gone. */
  end(): void;
}

/** What the sending of a reply needs of the connection that it goes over. */
export interface LongReplyHost {
  readonly socket: Socket;
  /** Scratch memory that others use between two pieces. */
  readonly output: Uint8Array;
  /** Octets written that the peer has not taken; beyond them no piece is asked for. One piece more may be held. */
  readonly maxPendingOutputOctets: number;
  /** The peer has taken something. */
  progressed(): void;
  /** The peer's machine has everything, or ours will see to it: the kernel has the last piece. */
  done(): void;
  /** `next` threw. */
  failed(error: Error): void;
}

/** Starts with the next turn of the event loop. Returns what ends it early; harmless when it is over. */
export function sendLongReply(reply: LongReply, host: LongReplyHost): () => void {
  const { socket, output } = host;
  /** `flushing`: every piece is written, and the socket holds some of them still. */
  let state: 'sending' | 'waiting' | 'flushing' | 'over' = 'sending';
  let turn = setImmediate(sendPiece);

  function letGo(next: typeof state): void {
    state = next;
    reply.end();
  }

  function sendPiece(): void {
    let length: number;
    try {
      length = reply.next(output, 0);
    } catch (error) {
      letGo('over');
      host.failed(error as Error);
      return;
    }
    if (length === 0) {
      letGo('flushing');
      finishIfTaken();
      return;
    }
    socket.write(Buffer.from(output.subarray(0, length)), taken);
    goOn();
  }

  function goOn(): void {
    if (socket.writableLength > host.maxPendingOutputOctets) {
      state = 'waiting';
      return;
    }
    state = 'sending';
    turn = setImmediate(sendPiece);
  }

  function finishIfTaken(): void {
    if (socket.writableLength > 0) return;
    state = 'over';
    host.done();
  }

  function taken(error?: Error | null): void {
    // Without a peer there is nobody to go on for: `close` follows.
    if (error || state === 'over') return;
    host.progressed();
    if (state === 'waiting') goOn();
    else if (state === 'flushing') finishIfTaken();
  }

  return () => {
    clearImmediate(turn);
    if (state === 'sending' || state === 'waiting') reply.end();
    state = 'over';
  };
}
