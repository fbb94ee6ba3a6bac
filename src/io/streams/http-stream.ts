// The TCP front of the HTTP tracker on Node's own sockets, in clear text and over TLS. Not `node:http`, whose one request
// costs three times as much (ARCHITECTURE.md, "Why").

import type { Socket } from 'node:net';
import { Counter, type Counters } from '../../core/counters.ts';
import type { PacketSource } from '../../core/net/packet-handler.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import { MAX_REQUEST_HEAD_OCTETS } from '../../core/tracker/http/tracker.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { createHttpProtocol, type HttpProtocol, type HttpStreamHandler } from './http-protocol.ts';
import { createStreamConnections, type StreamLimits } from './stream-connections.ts';
import { openStreamServer, type StreamServer } from './stream-server.ts';
import type { TlsServer } from './tls-server.ts';

export interface HttpLimits extends StreamLimits {
  /** Request line and fields. */
  readonly maxHeadOctets: number;
}

/** HTTP inside of TLS. */
export interface SecuredHttp {
  readonly tls: TlsServer;
  readonly respond: HttpStreamHandler;
}

export interface HttpOptions {
  readonly clock: Clock;
  /** Overrides {@link HTTP_STREAM_LIMITS} key by key. */
  readonly limits?: Partial<HttpLimits>;
  /** Give all listeners of a tracker the same, so that the caps hold for all of them together. */
  readonly connections?: ConnectionLimits;
  /** In front of the tracker. */
  readonly proxies?: ProxyRule | undefined;
  readonly counters?: Counters;
  readonly logger?: Logger;
}

export interface HttpStreamOptions extends HttpOptions {
  /** See `StreamServerOptions`. */
  readonly row?: number | undefined;
  readonly address: string;
  readonly port: number;
  /** See StreamServerOptions. */
  readonly descriptor?: number | undefined;
  readonly respond: HttpStreamHandler;
  /** TLS is spoken beside clear text. */
  readonly secured?: SecuredHttp | undefined;
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
  const { address, port, descriptor, row, secured } = options;
  const { speak, shared } = createHttpParts(options);
  const clear = speak(options.respond);
  const inside = secured && { tls: secured.tls, protocol: speak(secured.respond) };
  const where = { address, port, descriptor, row };
  const server = await openStreamServer({ ...where, ...shared, protocol: clear, secured: inside });
  clear.localPort = server.port;
  if (inside !== undefined) inside.protocol.localPort = server.port;
  return server;
}

/** Connections of one port that begin with a TLS hello, and that others accept. */
export interface HttpsConnections {
  /** `source` is the connection's own from now on. */
  admit(socket: Socket, source: PacketSource): void;
  /** See {@link StreamConnections}. */
  close(): Promise<void>;
}

export function createHttpsConnections(
  options: HttpOptions & { readonly port: number; readonly secured: SecuredHttp },
): HttpsConnections {
  const { port, secured } = options;
  const { speak, shared } = createHttpParts(options);
  const protocol = speak(secured.respond);
  protocol.localPort = port;
  const connections = createStreamConnections({ ...shared, maxReplyOctets: protocol.maxReplyOctets });
  const spoken = { protocol, tls: secured.tls };
  return {
    admit: (socket, source) => connections.admit(socket, source, spoken),
    close: connections.close,
  };
}

/** What every connection of a port shares, and what its requests are read by. */
function createHttpParts({ clock, connections, proxies, counters, logger, ...options }: HttpOptions) {
  const limits = { ...HTTP_STREAM_LIMITS, ...options.limits };
  const count = (counter: number): void => {
    if (counters !== undefined) counters[counter]! += 1;
  };
  const countProxyHeader = (): void => count(Counter.httpProxyRefused);
  return {
    speak: (respond: HttpStreamHandler): HttpProtocol =>
      createHttpProtocol({
        respond,
        maxHeadOctets: limits.maxHeadOctets,
        nowSeconds: clock.nowSeconds,
        countRefusal() {
          count(Counter.httpErrors);
          count(Counter.httpBadRequests);
        },
        countProxyHeader,
      }),
    shared: {
      clock,
      connections,
      proxies,
      logger,
      limits,
      onRejected: () => count(Counter.httpRejectedConnections),
      onTimeout: () => count(Counter.httpTimeouts),
      onProxyRefused: countProxyHeader,
    },
  };
}
