// A TCP listener for small requests and replies, in clear text or over TLS: accepts, counts, sweeps out the slow and
// the idle, stops in order.

import { createServer, type Server, type Socket } from 'node:net';
import { createPacketSource } from '../../core/net/packet-handler.ts';
import { BindError } from '../bind-error.ts';
import type { Cancel, Clock } from '../clock.ts';
import { type Logger, silentLogger } from '../log.ts';
import { readSource } from '../source-address.ts';
import {
  type ConnectionLimits,
  type CountedConnection,
  createConnectionLimits,
  createConnectionPlace,
  prefixOf,
} from './connection-limits.ts';
import {
  type ConnectionTimes,
  createStreamConnection,
  type StreamConnection,
  type StreamProtocol,
} from './stream-connection.ts';
import type { TlsServer } from './tls-server.ts';

export interface StreamLimits extends ConnectionTimes {
  readonly maxConnections: number;
  /** From one IPv4 address or one IPv6 /64. */
  readonly maxConnectionsPerPrefix: number;
  /** After `close`, for requests that have begun. */
  readonly closeGraceMilliseconds: number;
}

export interface StreamServerOptions {
  /** Canonical text, or `0.0.0.0` or `::` (which is IPv6 only). */
  readonly address: string;
  /** 0: the system picks one. */
  readonly port: number;
  readonly protocol: StreamProtocol;
  /** Every connection begins with a handshake, for which it has the time of a request. */
  readonly tls?: TlsServer | undefined;
  readonly clock: Clock;
  readonly limits: StreamLimits;
  /** Shared by listeners that are to have their cap together; default: one of its own, as `limits` say. */
  readonly connections?: ConnectionLimits | undefined;
  readonly logger?: Logger | undefined;
  /** A connection was shed for a newcomer, or could not be accepted. */
  onRejected?(): void;
  /** A connection was closed for being too slow in a request or in reading. */
  onTimeout?(): void;
}

export interface StreamServer {
  readonly address: string;
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  /** Accepts no more, gives begun requests a short grace; resolves when every connection is gone. Safe twice. */
  close(): Promise<void>;
}

/** How often deadlines are looked at: one timer a listener, and none while it has no connection. */
const SWEEP_MILLISECONDS = 1000;

/** The system's queue of connections not yet accepted; Linux cuts it to `net.core.somaxconn` (4096). */
const BACKLOG = 4096;

/** Throws {@link BindError}: also where another program holds the port with SO_REUSEPORT. */
export async function openStreamServer(options: StreamServerOptions): Promise<StreamServer> {
  const { clock, limits, protocol, logger = silentLogger } = options;
  const counted =
    options.connections ?? createConnectionLimits(limits.maxConnections, limits.maxConnectionsPerPrefix);
  /** Bounded by `maxConnections`. */
  const open = new Set<StreamConnection>();
  const output = new Uint8Array(limits.maxPendingOutputOctets + protocol.maxReplyOctets);
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  let closed: Promise<void> | undefined;
  const cancels = { sweep: nothing as Cancel, grace: nothing as Cancel };

  function sweep(): void {
    const now = clock.nowMilliseconds();
    for (const connection of open) if (connection.sweep(now) === 'timeout') options.onTimeout?.();
    cancels.sweep = open.size > 0 ? clock.schedule(SWEEP_MILLISECONDS, sweep) : nothing;
  }

  function accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // Gone before it was accepted, or come when we no longer accept.
    if (remoteAddress === undefined || remotePort === undefined || closed !== undefined) {
      socket.destroy();
      return;
    }
    const source = createPacketSource();
    readSource(remoteAddress, remotePort, source);
    const entry: CountedConnection = {
      prefix: prefixOf(source),
      place: createConnectionPlace(),
      shed() {
        connection.destroy();
        options.onRejected?.();
      },
    };
    const secured = options.tls?.secure(socket);
    const stream = secured?.socket ?? socket;
    const connection = createStreamConnection(stream, source, {
      protocol,
      times: limits,
      output,
      nowMilliseconds: clock.nowMilliseconds,
      tls: () => secured?.session(),
      completed: () => counted.touch(entry),
      failed: (error) => logger.error('a request handler failed: please report this', { error }),
    });
    counted.admit(entry);
    open.add(connection);
    if (cancels.sweep === nothing) cancels.sweep = clock.schedule(SWEEP_MILLISECONDS, sweep);
    stream.once('close', () => {
      counted.release(entry);
      open.delete(connection);
    });
  }

  server.on('connection', accept);
  await listen(server, options);
  server.on('error', (error) => {
    options.onRejected?.();
    logger.warn('a connection could not be accepted', { error });
  });

  function close(): Promise<void> {
    closed ??= new Promise((resolve) => {
      server.close(() => {
        cancels.sweep();
        cancels.grace();
        resolve();
      });
      cancels.grace = clock.schedule(limits.closeGraceMilliseconds, () => {
        for (const connection of open) connection.destroy();
      });
      for (const connection of open) connection.drain();
    });
    return closed;
  }

  return { address: options.address, port: portOf(server), connections: () => open.size, close };
}

function listen(server: Server, { address, port }: StreamServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new BindError({ transport: 'tcp', address, port }, error)));
    server.listen(
      { host: address, port, backlog: BACKLOG, exclusive: true, ipv6Only: address.includes(':') },
      () => {
        server.removeAllListeners('error');
        resolve();
      },
    );
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function nothing(): void {}
