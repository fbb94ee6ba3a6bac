// The TCP front of the HTTP tracker: finds the end of each request head, has it answered, and refuses what a tracker
// never needs. Not `node:http`, whose one request costs three times as much (ARCHITECTURE.md, "Why").

import { Counter, type Counters } from '../core/counters.ts';
import type { PacketSource } from '../core/net/packet-handler.ts';
import { textToOctets } from '../core/octets/text.ts';
import { MAX_HTTP_REPLY_OCTETS, MAX_REQUEST_HEAD_OCTETS } from '../core/tracker/http/tracker.ts';
import type { Clock } from './clock.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { isMethodStart, searchHead, skipEmptyLines } from './http-head.ts';
import type { Logger } from './log.ts';
import type { InputRange, Step, StreamPeer, StreamProtocol } from './stream-connection.ts';
import { openStreamServer, type StreamLimits, type StreamServer } from './stream-server.ts';

/** What a request was answered with. May be one object, reused by the next call. */
export interface HttpStreamReply {
  /** Octets written; 0 closes the connection without a word. */
  readonly length: number;
  /** False also when a body follows: it would be read as the next request. */
  readonly keepAlive: boolean;
}

/**
 * Answers one request: `head[start, end)` from the first octet of the method to the blank line, included. The whole
 * response, head and body, goes to `reply` from 0, where {@link MAX_HTTP_REPLY_OCTETS} are free. Never throws.
 * Seven positional parameters, as a PacketHandler has and for its reason.
 */
export type HttpStreamHandler = (
  head: Uint8Array,
  start: number,
  end: number,
  source: PacketSource,
  localPort: number,
  reply: Uint8Array,
  nowSeconds: number,
) => HttpStreamReply;

export interface HttpLimits extends StreamLimits {
  /** Request line and fields. */
  readonly maxHeadOctets: number;
}

export interface HttpStreamOptions {
  readonly address: string;
  readonly port: number;
  readonly respond: HttpStreamHandler;
  readonly clock: Clock;
  /** Overrides {@link HTTP_STREAM_LIMITS} key by key. */
  readonly limits?: Partial<HttpLimits>;
  /** Give all listeners of a tracker the same, so that the caps hold for all of them together. */
  readonly connections?: ConnectionLimits;
  readonly counters?: Counters;
  readonly logger?: Logger;
}

/** What a client over HTTP may take of this server. */
export const HTTP_STREAM_LIMITS: HttpLimits = {
  maxHeadOctets: MAX_REQUEST_HEAD_OCTETS,
  /** Four times nginx's `worker_connections`; a connection costs about 5 kB. */
  maxConnections: 4096,
  /** Carrier-grade NAT puts some hundreds of clients behind one address, each with one connection for a moment. */
  maxConnectionsPerPrefix: 256,
  /** Apache's RequestReadTimeout gives a head 20 s, nginx 60; it is one segment, sent at once. */
  requestMilliseconds: 10_000,
  /** Apache keeps 5 s, nginx 75: long enough for a client's next torrent, short against the announce interval. */
  idleMilliseconds: 15_000,
  writeMilliseconds: 10_000,
  /** nginx's `lingering_timeout` is 5 s. */
  lingerMilliseconds: 2_000,
  /** Some forty announce replies of 200 peers. */
  maxPendingOutputOctets: 65_536,
  closeGraceMilliseconds: 2_000,
};

const BAD_REQUEST = refusal('400 Bad Request', 'this is not HTTP/1.1\n');
const HEAD_TOO_LARGE = refusal(
  '431 Request Header Fields Too Large',
  'the request is longer than a tracker reads\n',
);

function refusal(status: string, body: string): Uint8Array {
  const fields = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close`;
  return textToOctets(`HTTP/1.1 ${status}\r\n${fields}\r\n\r\n${body}`);
}

/** Throws `BindError`. */
export async function openHttpStream(options: HttpStreamOptions): Promise<StreamServer> {
  const { address, port, clock, connections, counters, logger } = options;
  const limits = { ...HTTP_STREAM_LIMITS, ...options.limits };
  const count = (counter: number): void => {
    if (counters !== undefined) counters[counter]! += 1;
  };
  const protocol = httpProtocol(options, limits.maxHeadOctets, () => count(Counter.httpErrors));
  const server = await openStreamServer({
    address,
    port,
    clock,
    connections,
    logger,
    limits,
    protocol,
    onRejected: () => count(Counter.httpRejectedConnections),
    onTimeout: () => count(Counter.httpTimeouts),
  });
  protocol.localPort = server.port;
  return server;
}

interface HttpProtocol extends StreamProtocol {
  /** Known once the socket is open. */
  localPort: number;
}

function httpProtocol(
  { respond, clock }: HttpStreamOptions,
  maxHeadOctets: number,
  countRefusal: () => void,
): HttpProtocol {
  const step: Step = { consumed: 0, written: 0, verdict: 'more' };

  function outcome(consumed: number, written: number, verdict: Step['verdict']): Step {
    step.consumed = consumed;
    step.written = written;
    step.verdict = verdict;
    return step;
  }

  function refuse(response: Uint8Array, output: Uint8Array, offset: number): Step {
    countRefusal();
    output.set(response, offset);
    return outcome(0, response.length, 'finish');
  }

  // Five, because StreamProtocol has them.
  function take(
    peer: StreamPeer,
    input: Uint8Array,
    range: InputRange,
    output: Uint8Array,
    offset: number,
  ): Step {
    const { end } = range;
    const start = peer.searched === 0 ? skipEmptyLines(input, range.start, end) : range.start;
    if (start === end) return outcome(end - range.start, 0, 'more');
    if (!isMethodStart(input[start]!)) return outcome(0, 0, 'abort');
    const found = searchHead(input, start, Math.min(end, start + maxHeadOctets), peer);
    switch (found.kind) {
      case 'incomplete':
        if (end - start >= maxHeadOctets) return refuse(HEAD_TOO_LARGE, output, offset);
        return outcome(start - range.start, 0, 'more');
      case 'not-http':
        return found.isHttp2 ? outcome(0, 0, 'abort') : refuse(BAD_REQUEST, output, offset);
      case 'complete':
        break;
    }
    const free = offset === 0 ? output : output.subarray(offset);
    const reply = respond(input, start, found.end, peer.source, protocol.localPort, free, clock.nowSeconds());
    if (reply.length === 0) return outcome(0, 0, 'abort');
    return outcome(found.end - range.start, reply.length, reply.keepAlive ? 'next' : 'finish');
  }

  const protocol: HttpProtocol = { maxReplyOctets: MAX_HTTP_REPLY_OCTETS, take, localPort: 0 };
  return protocol;
}
