// CONNECT (RFC 9110 §9.3.6), for https trackers: what goes through cannot be seen, so that all there is to hold on to is
// where it goes. To port 443 of addresses of the Internet, and nowhere else.

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { HTTPS_PORT } from '../../core/net/ports.ts';
import { parseTrackerUrl } from '../../core/rewrite/tracker-url.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { connectHost } from './gateway-request.ts';
import type { Targets } from './targets.ts';

export interface TunnelsOptions {
  /** False: every CONNECT is refused. */
  readonly isAllowed: boolean;
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly targets: Targets;
  /** For the connection to be made. */
  readonly timeoutMilliseconds: number;
}

export interface Tunnels {
  /** Takes over the client's socket. */
  open(request: IncomingMessage, client: Duplex, head: Buffer): void;
  /** Ends them all. */
  close(): void;
}

/** A client has a handful of https trackers. */
const MAX_TUNNELS = 128;
/** An announce is one request; clients that keep the connection open are asked to open another. */
const IDLE_MILLISECONDS = 60_000;

export function createTunnels(options: TunnelsOptions): Tunnels {
  // The server forgets sockets of CONNECT. Those that are refused are gone when their answer is.
  const clients = new Set<Duplex>(); // bounded by the connections that the server takes
  let tunnels = 0;

  async function open(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    if (!options.isAllowed) return refuse(client, 405, 'CONNECT is off; the gateway has --allow-connect');
    const host = tunnelHost(request.url ?? '');
    if (host === undefined) return refuse(client, 403, 'CONNECT goes to port 443 only');
    if (tunnels >= MAX_TUNNELS) return refuse(client, 503, 'too many tunnels are open');
    tunnels++;
    client.on('close', () => tunnels--);
    const outcome = await options.resolver.lookupPreference(host);
    if (outcome.kind === 'denied') return refuse(client, 403, 'the host says that it has no tracker');
    const found = await options.targets.find(host, HTTPS_PORT);
    if (found.kind === 'none') return refuse(client, 403, found.message);
    for (const target of found.targets) {
      if (client.destroyed) return;
      const upstream = await connectTo(target, options.timeoutMilliseconds);
      if (upstream === undefined) continue;
      if (client.destroyed) {
        upstream.destroy();
        return;
      }
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, upstream, head);
      return;
    }
    refuse(client, 502, 'the tracker does not answer');
  }

  return {
    open(request, client, head) {
      clients.add(client);
      client.on('error', () => client.destroy()).on('close', () => clients.delete(client));
      open(request, client, head).catch(() => client.destroy());
    },
    close() {
      for (const client of clients) client.destroy();
    },
  };
}

/** Of `host:443`. */
function tunnelHost(authority: string): string | undefined {
  const url = parseTrackerUrl(`https://${authority}`);
  if (url.kind === 'fault' || url.port !== HTTPS_PORT) return undefined;
  if (url.hostStart !== 'https://'.length || url.restStart !== url.text.length) return undefined;
  return connectHost(url);
}

function connectTo(
  { address, port }: SocketAddress,
  timeoutMilliseconds: number,
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMilliseconds, noDelay: true });
    const settle = (connected: Socket | undefined): void => {
      if (connected === undefined) socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => settle(socket));
    socket.once('timeout', () => settle(undefined));
    socket.on('error', () => settle(undefined));
  });
}

function join(client: Duplex, upstream: Socket, head: Buffer): void {
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.setTimeout(IDLE_MILLISECONDS, end);
  upstream.on('error', end).on('close', end);
  client.on('close', end);
  upstream.write(head);
  client.pipe(upstream);
  upstream.pipe(client);
}

function refuse(client: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain',
    `content-length: ${body.length}`,
    'connection: close',
    ...(status === 405 ? ['allow: GET'] : []), // RFC 9110 §15.5.6: what is carried here is an announce
  ];
  // However long it keeps its own half open.
  client.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => client.destroy());
}
