// The operator's window: status page, /status.json, /metrics, /healthz, /readyz, which read only, and only what status
// says; and the rewriting service.

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Counters } from '../../core/counters.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { Logger } from '../../io/log.ts';
import type { PasskeyStatus } from '../access/passkeys.ts';
import type { ControlSocket } from '../http/control-socket.ts';
import { type HttpServer, openHttpServer } from '../http/http-server.ts';
import { createMetrics } from './metrics.ts';
import type { ServerStatus } from './status.ts';
import { formatStatusPage, STATUS_PAGE_POLICY } from './status-page.ts';

export interface AdminOptions {
  readonly listen: SocketAddress;
  /** See HttpServerOptions. */
  readonly socket?: ControlSocket | undefined;
  status(): ServerStatus;
  readCounters(): Counters;
  /** Undefined: the tracker is public. */
  passkeyCounts(): readonly PasskeyStatus[] | undefined;
  /** Of the rewriting service, and whose pages may use it. */
  readonly rewriter: {
    readonly routes: (server: FastifyInstance) => Promise<void>;
    readonly origins: readonly string[];
  };
  readonly logger: Logger;
}

/** Rejects with BindError. */
export function openAdmin(options: AdminOptions): Promise<HttpServer> {
  const { listen, socket, logger, rewriter } = options;
  const { origins } = rewriter;
  return openHttpServer({ listen, socket, logger, hosts: [], origins }, (server) => {
    addRoutes(server, options);
    server.register(rewriter.routes);
  });
}

function addRoutes(server: FastifyInstance, { status, readCounters, passkeyCounts }: AdminOptions): void {
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
  server.get('/passkeys.json', (_request, reply) => {
    const counts = passkeyCounts();
    if (counts === undefined) return sendText(reply, 404, 'this tracker is public\n');
    return reply.type('application/json; charset=utf-8').send(`${JSON.stringify(counts, null, 2)}\n`);
  });
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
