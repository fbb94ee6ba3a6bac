// What is spoken on a stream, as the connection sees it (stream-connection.ts): octets in, octets out, and what follows.

import type { PacketSource } from '../../core/net/packet-handler.ts';
import type { LongReply } from './long-reply.ts';
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
