// HTTP/1 on a connection: finds the end of each request head, has it answered, and refuses what a tracker never needs.
// Whose connections they are, Node's or those of an epoll loop, is not known here.

import type { PacketSource } from '../../core/net/packet-handler.ts';
import { isProxyHeader } from '../../core/net/proxy-header.ts';
import { textToOctets } from '../../core/octets/text.ts';
import { MAX_HTTP_REPLY_OCTETS } from '../../core/tracker/http/tracker.ts';
import { isMethodStart, searchHead, skipEmptyLines } from './http-head.ts';
import type { InputRange, Step, StreamPeer, StreamProtocol } from './stream-protocol.ts';

/** What a request was answered with. May be one object, reused by the next call. */
export interface HttpStreamReply {
  /** Octets written; 0 closes the connection without a word. */
  readonly length: number;
  /** False also when a body follows: it would be read as the next request. */
  readonly keepAlive: boolean;
  /** The client has said that this was its last request, and sends no body: its connection can be closed at once. */
  readonly isClientDone?: boolean;
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

const BAD_REQUEST = refusal('400 Bad Request', 'this is not HTTP/1.1\n');
const HEAD_TOO_LARGE = refusal(
  '431 Request Header Fields Too Large',
  'the request is longer than a tracker reads\n',
);

function refusal(status: string, body: string): Uint8Array {
  const fields = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close`;
  return textToOctets(`HTTP/1.1 ${status}\r\n${fields}\r\n\r\n${body}`);
}

export interface HttpProtocolOptions {
  readonly respond: HttpStreamHandler;
  /** Request line and fields. */
  readonly maxHeadOctets: number;
  nowSeconds(): number;
  /** A connection is closed over what is no request. */
  countRefusal(): void;
  /** A connection is closed over a PROXY header of somebody who is no proxy of ours. */
  countProxyHeader?(): void;
}

export interface HttpProtocol extends StreamProtocol {
  /** Known once the socket is open. */
  localPort: number;
}

export function createHttpProtocol(options: HttpProtocolOptions): HttpProtocol {
  const { respond, maxHeadOctets, nowSeconds, countRefusal, countProxyHeader } = options;
  const step: Step = { consumed: 0, written: 0, verdict: 'more', isPeerDone: false };

  function outcome(consumed: number, written: number, verdict: Step['verdict']): Step {
    step.consumed = consumed;
    step.written = written;
    step.verdict = verdict;
    step.isPeerDone = false;
    return step;
  }

  function refuse(response: Uint8Array, output: Uint8Array, offset: number): Step {
    countRefusal();
    output.set(response, offset);
    return outcome(0, response.length, 'finish');
  }

  /** Who may say whose a connection is has said it before: here it is a stranger's word, and answered by none. */
  function refuseProxyHeader(): Step {
    countProxyHeader?.();
    return outcome(0, 0, 'abort');
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
    if (!isMethodStart(input[start]!))
      return isProxyHeader(input, range.start, end) ? refuseProxyHeader() : outcome(0, 0, 'abort');
    const found = searchHead(input, start, Math.min(end, start + maxHeadOctets), peer);
    switch (found.kind) {
      case 'incomplete':
        if (isProxyHeader(input, start, end)) return refuseProxyHeader();
        if (end - start >= maxHeadOctets) return refuse(HEAD_TOO_LARGE, output, offset);
        return outcome(start - range.start, 0, 'more');
      case 'not-http':
        if (isProxyHeader(input, start, end)) return refuseProxyHeader();
        return found.isHttp2 ? outcome(0, 0, 'abort') : refuse(BAD_REQUEST, output, offset);
      case 'complete':
        break;
    }
    const free = offset === 0 ? output : output.subarray(offset);
    const reply = respond(input, start, found.end, peer.source, protocol.localPort, free, nowSeconds());
    if (reply.length === 0) return outcome(0, 0, 'abort');
    outcome(found.end - range.start, reply.length, reply.keepAlive ? 'next' : 'finish');
    step.isPeerDone = reply.isClientDone === true;
    return step;
  }

  const protocol: HttpProtocol = { maxReplyOctets: MAX_HTTP_REPLY_OCTETS, take, localPort: 0 };
  return protocol;
}
