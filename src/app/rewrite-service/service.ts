// The rewriting service with its page: routes for the admin address, and a server of its own where one is configured.

import cors from '@fastify/cors';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../io/log.ts';
import { createResolver } from '../../io/resolver/resolver.ts';
import type { RewriterConfig } from '../config/rewriter-settings.ts';
import { type HttpServer, openHttpServer } from '../http/http-server.ts';
import { ProblemError } from '../http/problem.ts';
import { addApiRoutes } from './api-routes.ts';
import { MAX_CLIENTS } from './limits.ts';
import { addPageRoutes } from './page-routes.ts';

export interface RewriteService {
  /** For `register` of fastify. `pagePath` is where the page is, beside `/rewrite`. */
  routes(pagePath?: '/'): (server: FastifyInstance) => Promise<void>;
  /** Opens the address of its own; undefined where none is configured. Rejects with BindError. */
  open(): Promise<HttpServer | undefined>;
  /** Ends look-ups under way; servers are closed by whoever opened them. */
  close(): void;
}

/** Opens nothing, and asks no DNS before the first request. */
export function createRewriteService(
  config: RewriterConfig,
  { logger, requestMilliseconds }: { readonly logger: Logger; readonly requestMilliseconds?: number },
): RewriteService {
  const resolver = createResolver({ servers: config.resolvers });
  const { listen, maxTorrentOctets, origins } = config;

  const routes =
    (pagePath?: '/') =>
    async (server: FastifyInstance): Promise<void> => {
      const limitRate = await createRateLimit(server, config.rateLimit);
      if (origins.length > 0) await server.register(cors, corsOptions(origins));
      await server.register(async (scope) => addApiRoutes(scope, { resolver, maxTorrentOctets, limitRate }));
      await server.register(async (scope) => addPageRoutes(scope, { resolver, limitRate, pagePath }));
    };

  return {
    routes,
    async open() {
      if (listen === undefined) return undefined;
      const isPrivate = isLoopback(listen.address);
      const hosts = isPrivate || config.hosts.length > 0 ? config.hosts : undefined;
      const { trustedProxies } = config;
      return await openHttpServer(
        { listen, logger, hosts, origins, trustedProxies, requestMilliseconds },
        (server) => void server.register(routes('/')),
      );
    },
    close: () => resolver.close(),
  };
}

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** What `rewriter.rate_limit` counts requests by. */
const MINUTE_MILLISECONDS = 60_000;

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** By address, of IPv6 by /64, which is one customer's. 0: no limit. */
async function createRateLimit(server: FastifyInstance, perMinute: number): Promise<Hook> {
  if (perMinute === 0) return async () => undefined;
  await server.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: MINUTE_MILLISECONDS,
    cache: MAX_CLIENTS,
    // A zone identifier (fe80::1%eth0) is no part of the address.
    keyGenerator: ({ ip }) => normalizeIP(ip.replace(/%.*$/, '')),
    errorResponseBuilder: () => new ProblemError('rate-limited'),
    enableDraftSpec: true,
  });
  const limit = server.rateLimit();
  return (request, reply) => limit.call(server, request, reply);
}

function corsOptions(origins: readonly string[]) {
  return {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['content-type', 'accept'],
    exposedHeaders: ['portolan-changed', 'portolan-reasons', 'retry-after'],
    maxAge: 600, // seconds; Chromium keeps a preflight for at most two hours
  };
}
