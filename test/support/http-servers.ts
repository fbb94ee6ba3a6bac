// The two kinds of HTTP server behind one door, for the contract that both keep: Node's own sockets, and a stream loop that
// a test's own event loop turns.

import { Counter } from '../../src/core/counters.ts';
import { MAX_HTTP_REPLY_OCTETS } from '../../src/core/tracker/http/tracker.ts';
import { BindError } from '../../src/io/bind-error.ts';
import { type Libc, loadLibc } from '../../src/io/packet-engine/libc.ts';
import { createLentDescriptors, lentSlots } from '../../src/io/stream-engine/lent-descriptors.ts';
import { type ListeningSocket, openListeningSocket } from '../../src/io/stream-engine/listening-socket.ts';
import { StreamLoop } from '../../src/io/stream-engine/stream-loop.ts';
import type { HandOver, LoopListener } from '../../src/io/stream-engine/stream-loop-options.ts';
import { createConnectionLimits } from '../../src/io/streams/connection-limits.ts';
import { createHttpProtocol } from '../../src/io/streams/http-protocol.ts';
import {
  HTTP_STREAM_LIMITS,
  type HttpStreamOptions,
  openHttpStream,
} from '../../src/io/streams/http-stream.ts';
import type { StreamServer } from '../../src/io/streams/stream-server.ts';

export interface HttpServerKind {
  readonly kind: string;
  open(options: HttpStreamOptions): Promise<StreamServer>;
}

export const HTTP_SERVERS: readonly HttpServerKind[] = [
  { kind: "HTTP on Node's sockets", open: openHttpStream },
  ...(process.platform === 'linux'
    ? [{ kind: 'HTTP on a stream loop', open: async (options: HttpStreamOptions) => openHttpLoop(options) }]
    : []),
];

export interface HttpLoop extends StreamServer {
  readonly loop: StreamLoop;
  readonly listener: LoopListener;
  /** What the loop noted of its descriptors: zeros when nothing is open. */
  readonly lent: Int32Array;
  /** What handlers threw, and errors of accept(2) by number. */
  readonly faults: unknown[];
  readonly shortages: number[];
}

export interface HttpLoopOptions extends HttpStreamOptions {
  readonly deferSeconds?: number;
  readonly takeTls?: HandOver;
  /** Puts itself between the loop and the C library. */
  wrap?(libc: Libc): Libc;
}

export function openHttpLoop(options: HttpLoopOptions): HttpLoop {
  const { respond, clock, counters, wrap = (libc: Libc) => libc, deferSeconds = 0 } = options;
  const limits = { ...HTTP_STREAM_LIMITS, ...options.limits };
  const count = (counter: number) => (): void => {
    if (counters !== undefined) counters[counter]! += 1;
  };
  const libc = loadLibc();
  const socket = openSocket(libc, options, deferSeconds);
  const lent = createLentDescriptors(lentSlots(limits.maxConnections));
  const faults: unknown[] = [];
  const shortages: number[] = [];
  const loop = new StreamLoop({
    libc: wrap(libc),
    limits,
    connections:
      options.connections ?? createConnectionLimits(limits.maxConnections, limits.maxConnectionsPerPrefix),
    lent,
    proxies: options.proxies,
    maxReplyOctets: MAX_HTTP_REPLY_OCTETS,
    nowMilliseconds: clock.nowMilliseconds,
    onFault: (error) => void faults.push(error),
    onRejected: count(Counter.httpRejectedConnections),
    onTimeout: count(Counter.httpTimeouts),
    onProxyRefused: count(Counter.httpProxyRefused),
    onShortage: (errno) => void shortages.push(errno),
  });
  const protocol = createHttpProtocol({
    respond,
    maxHeadOctets: limits.maxHeadOctets,
    nowSeconds: clock.nowSeconds,
    countRefusal: count(Counter.httpErrors),
    countProxyHeader: count(Counter.httpProxyRefused),
  });
  protocol.localPort = socket.port;
  const { takeTls, row } = options;
  const isDeferred = deferSeconds > 0;
  const shown = { ...(takeTls && { takeTls }), ...(row !== undefined && { row }) };
  const listener: LoopListener = { descriptor: socket.descriptor, protocol, isDeferred, ...shown };
  loop.add(listener);
  let closed: Promise<void> | undefined;
  let turning = setImmediate(turn);

  function turn(): void {
    loop.turn();
    loop.keepTime();
    turning = setImmediate(turn);
  }

  async function close(): Promise<void> {
    await new Promise<void>((resolve) => loop.remove(socket.descriptor, resolve));
    clearImmediate(turning);
    libc.close(socket.descriptor);
    loop.end();
  }

  return {
    address: options.address,
    port: socket.port,
    loop,
    listener,
    lent,
    faults,
    shortages,
    connections: () => loop.size(),
    close: () => (closed ??= close()),
  };
}

function openSocket(libc: Libc, { address, port }: HttpStreamOptions, deferSeconds: number): ListeningSocket {
  try {
    return openListeningSocket(libc, { address, port, isShared: false, deferSeconds });
  } catch (error) {
    throw new BindError({ transport: 'tcp', address, port }, error as Error);
  }
}
