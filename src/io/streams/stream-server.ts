// A TCP listener for small requests and replies, in clear text or over TLS: accepts, counts, sweeps out the slow and
// the idle, stops in order.

import { createServer, type Server, type Socket } from 'node:net';
import { createPacketSource } from '../../core/net/packet-handler.ts';
import { isProxy } from '../../core/net/proxy-rule.ts';
import { NO_ROW } from '../../core/traffic.ts';
import { BindError } from '../bind-error.ts';
import { silentLogger } from '../log.ts';
import { readSource } from '../source-address.ts';
import { createStreamConnections, type Spoken, type StreamConnectionsOptions } from './stream-connections.ts';
import type { StreamProtocol } from './stream-protocol.ts';
import type { TlsServer } from './tls-server.ts';

export interface StreamServerOptions extends Omit<StreamConnectionsOptions, 'maxReplyOctets'> {
  /** Canonical text, or `0.0.0.0` or `::` (which is IPv6 only). */
  readonly address: string;
  /** 0: the system picks one. */
  readonly port: number;
  /** Listening there already: the server's own from now on, which it closes without closing the port of others that have it. */
  readonly descriptor?: number | undefined;
  readonly protocol: StreamProtocol;
  /** Every connection begins with a handshake, for which it has the time of a request. */
  readonly tls?: TlsServer | undefined;
  /** TLS is spoken here beside clear text: the first octet of a connection tells. */
  readonly secured?: Spoken | undefined;
  /** What its requests are counted as (traffic.ts); not at all where it is left out. */
  readonly row?: number | undefined;
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

/** The system's queue of connections not yet accepted; Linux cuts it to `net.core.somaxconn` (4096). */
const BACKLOG = 4096;

/** Throws {@link BindError}: also where another program holds the port with SO_REUSEPORT. */
export async function openStreamServer(options: StreamServerOptions): Promise<StreamServer> {
  const { protocol, tls, secured, proxies, row = NO_ROW, logger = silentLogger } = options;
  const connections = createStreamConnections({
    ...options,
    maxReplyOctets: Math.max(protocol.maxReplyOctets, secured?.protocol.maxReplyOctets ?? 0),
  });
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  let closed: Promise<void> | undefined;

  function accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // Gone before it was accepted.
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const source = createPacketSource();
    readSource(remoteAddress, remotePort, source);
    source.row = row;
    if (proxies?.sendsProxyHeader === true && isProxy(proxies, source)) {
      const spoken = secured === undefined ? { protocol, tls } : { clear: { protocol }, secured };
      connections.admitProxied(socket, source, spoken);
    } else if (secured === undefined) connections.admit(socket, source, { protocol, tls });
    else connections.admitEither(socket, source, { clear: { protocol }, secured });
  }

  server.on('connection', accept);
  await listen(server, options);
  server.on('error', (error) => {
    options.onRejected?.();
    logger.warn('a connection could not be accepted', { error });
  });

  async function closeAll(): Promise<void> {
    const accepted = new Promise<void>((resolve) => server.close(() => resolve()));
    await connections.close();
    await accepted;
  }

  return {
    address: options.address,
    port: portOf(server),
    connections: connections.size,
    close: () => (closed ??= closeAll()),
  };
}

function listen(server: Server, { address, port, descriptor }: StreamServerOptions): Promise<void> {
  const where =
    descriptor === undefined
      ? { host: address, port, exclusive: true, ipv6Only: address.includes(':') }
      : { fd: descriptor };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new BindError({ transport: 'tcp', address, port }, error)));
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
