// The TCP front of the HTTP tracker on Node's own sockets. Not `node:http`, whose one request costs three times as much
// (ARCHITECTURE.md, "Why").

import { Counter, type Counters } from '../../core/counters.ts';
import { MAX_REQUEST_HEAD_OCTETS } from '../../core/tracker/http/tracker.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { createHttpProtocol, type HttpStreamHandler } from './http-protocol.ts';
import type { StreamLimits } from './stream-connections.ts';
import { openStreamServer, type StreamServer } from './stream-server.ts';

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

/** Throws `BindError`. */
export async function openHttpStream(options: HttpStreamOptions): Promise<StreamServer> {
  const { address, port, respond, clock, connections, counters, logger } = options;
  const limits = { ...HTTP_STREAM_LIMITS, ...options.limits };
  const count = (counter: number): void => {
    if (counters !== undefined) counters[counter]! += 1;
  };
  const protocol = createHttpProtocol({
    respond,
    maxHeadOctets: limits.maxHeadOctets,
    nowSeconds: clock.nowSeconds,
    countRefusal: () => count(Counter.httpErrors),
  });
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
