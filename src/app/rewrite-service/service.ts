// The rewriting service with its page: routes for the admin address, and a server of its own where one is configured.

import cors from '@fastify/cors';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { createOctetPool } from '../../io/files/octet-pool.ts';
import type { Logger } from '../../io/log.ts';
import { createResolver } from '../../io/resolver/resolver.ts';
import type { RewriterConfig } from '../config/rewriter-settings.ts';
import type { ControlSocket } from '../http/control-socket.ts';
import { type HttpServer, openHttpServer } from '../http/http-server.ts';
import { ProblemError } from '../http/problem.ts';
import { type ApiOptions, addApiRoutes } from './api-routes.ts';
import { createBodyBudget } from './held-octets.ts';
import { MAX_CLIENTS, MAX_HELD_OCTETS } from './limits.ts';
import { watchMethods } from './other-methods.ts';
import { addPageRoutes } from './page-routes.ts';

export interface RewriteService {
  /** For `register` of fastify. `pagePath` is where the page is, beside `/rewrite`. */
  routes(pagePath?: '/'): (server: FastifyInstance) => Promise<void>;
  /**
   * Opens the address of its own; undefined where none is configured. `socketFor` has the socket from elsewhere. Rejects with
   * BindError.
   */
  open(socketFor?: (listen: SocketAddress) => ControlSocket | undefined): Promise<HttpServer | undefined>;
  /** Ends look-ups under way; servers are closed by whoever opened them. */
  close(): void;
}

export interface RewriteServiceOptions {
  readonly logger: Logger;
  /** For a whole request to come, and for a stream to stand still; some time of their own by default. */
  readonly requestMilliseconds?: number | undefined;
  readonly idleMilliseconds?: number | undefined;
}

/** Opens nothing, and asks no DNS before the first request. */
export function createRewriteService(
  config: RewriterConfig,
  { logger, requestMilliseconds, idleMilliseconds }: RewriteServiceOptions,
): RewriteService {
  const bodies = createBodyBudget(MAX_HELD_OCTETS);
  const pool = createOctetPool();
  const resolver = createResolver({ servers: config.resolvers });
  const { listen, maxTorrentOctets, origins } = config;

  const routes =
    (pagePath?: '/') =>
    async (server: FastifyInstance): Promise<void> => {
      const rate = await createRateLimit(server, config.rateLimit);
      if (origins.length > 0) await server.register(cors, corsOptions(origins));
      const addOtherMethods = watchMethods(server);
      const common = { ...rate, resolver, bodies, pool };
      await server.register(async (scope) =>
        addApiRoutes(scope, { ...common, maxTorrentOctets, logger, idleMilliseconds }),
      );
      await server.register(async (scope) => addPageRoutes(scope, { ...common, pagePath }));
      addOtherMethods();
    };

  return {
    routes,
    async open(socketFor) {
      if (listen === undefined) return undefined;
      const isPrivate = isLoopback(listen.address);
      const hosts = isPrivate || config.hosts.length > 0 ? config.hosts : undefined;
      const { trustedProxies } = config;
      return await openHttpServer(
        { listen, socket: socketFor?.(listen), logger, hosts, origins, trustedProxies, requestMilliseconds },
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

type RateLimit = Pick<ApiOptions, 'limitRate' | 'mayAskMore'>;

/** By address, of IPv6 by /64, which is one customer's. 0: no limit. */
async function createRateLimit(server: FastifyInstance, perMinute: number): Promise<RateLimit> {
  if (perMinute === 0) return { limitRate: async () => undefined, mayAskMore: async () => true };
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
  const count = server.createRateLimit();
  return {
    limitRate: (request, reply) => limit.call(server, request, reply),
    async mayAskMore(request) {
      const counted = await count(request);
      return counted.isAllowed || !counted.isExceeded;
    },
  };
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
