// The operator's window: status page, /status.json, /metrics, /healthz, /readyz. Reads only, and only what status says.

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Counters } from '../../core/counters.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { BindError } from '../../io/bind-error.ts';
import type { Logger } from '../../io/log.ts';
import { createMetrics } from './metrics.ts';
import type { ServerStatus } from './status.ts';
import { formatStatusPage, STATUS_PAGE_POLICY } from './status-page.ts';

export interface AdminOptions {
  readonly listen: SocketAddress;
  status(): ServerStatus;
  readCounters(): Counters;
  readonly logger: Logger;
}

export interface AdminServer {
  /** With the real port. */
  readonly address: SocketAddress;
  close(): Promise<void>;
}

/** Nothing here takes a body; a request that is not whole by then is no browser's or monitor's. */
const REQUEST_MILLISECONDS = 10_000;
/** fastify's own default is 1 MiB; every route here is a GET. */
const MAX_BODY_OCTETS = 1024;

/** Rejects with {@link BindError}. */
export async function openAdmin(options: AdminOptions): Promise<AdminServer> {
  const { listen, logger } = options;
  const server = Fastify({
    bodyLimit: MAX_BODY_OCTETS,
    requestTimeout: REQUEST_MILLISECONDS,
    forceCloseConnections: true,
  });
  server.addHook('onRequest', guard);
  server.setNotFoundHandler((_request, reply) => sendText(reply, 404, 'not found\n'));
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error('the admin address failed to answer: please report this', { error });
    return sendText(reply, status, status >= 500 ? 'failed\n' : 'bad request\n');
  });
  addRoutes(server, options);
  try {
    await server.listen({ host: listen.address, port: listen.port, ipv6Only: listen.address.includes(':') });
  } catch (error) {
    await server.close();
    throw new BindError({ transport: 'tcp', ...listen }, error as Error);
  }
  const bound = server.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
  let closed: Promise<void> | undefined;
  return { address: { address: listen.address, port }, close: () => (closed ??= server.close()) };
}

function addRoutes(server: FastifyInstance, { status, readCounters }: AdminOptions): void {
  const metrics = createMetrics(readCounters, status);
  server.get('/', (_request, reply) =>
    reply
      .header('content-security-policy', STATUS_PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(formatStatusPage(status())),
  );
  server.get('/status.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(`${JSON.stringify(status(), null, 2)}\n`),
  );
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.format()),
  );
  server.get('/healthz', (_request, reply) => sendText(reply, 200, 'ok\n'));
  server.get('/readyz', (_request, reply) =>
    status().isReady ? sendText(reply, 200, 'ready\n') : sendText(reply, 503, 'not every socket is open\n'),
  );
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}

/** A page elsewhere must not read this one: not by a name of its own that leads here, not within a frame. */
async function guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header('cache-control', 'no-store');
  reply.header('x-content-type-options', 'nosniff');
  reply.header('x-frame-options', 'DENY');
  reply.header('referrer-policy', 'no-referrer');
  reply.header('cross-origin-resource-policy', 'same-origin');
  if (isOwnHost(request.headers.host)) return;
  await sendText(reply, 421, 'ask by address, or as localhost\n');
}

/** An address or `localhost`: what no stranger's DNS can make lead here (DNS rebinding). */
export function isOwnHost(host: string | undefined): boolean {
  const name = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::[0-9]{1,5})?$/.exec(host ?? '');
  if (name === null) return false;
  const text = (name[1] ?? name[2])!.toLowerCase();
  return text === 'localhost' || canonicalAddress(text) !== undefined;
}
