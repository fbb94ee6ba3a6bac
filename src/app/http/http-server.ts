// A fastify server as both of our addresses have it: guarded, bounded, with problems for answers where something is wrong.

import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { BindError } from '../../io/bind-error.ts';
import { systemClock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { createBodyDeadline, isAnswering } from './body-deadline.ts';
import type { ControlSocket } from './control-socket.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import {
  formatProblem,
  PROBLEM_TYPE,
  PROBLEMS,
  type ProblemCode,
  problemOf,
  sendProblem,
} from './problem.ts';

export interface HttpServerOptions extends GuardOptions {
  readonly listen: SocketAddress;
  /** Listening there already; the port is opened here where it is left out. */
  readonly socket?: ControlSocket | undefined;
  readonly logger: Logger;
  /** Networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** For a whole request to come, but for streams; {@link REQUEST_MILLISECONDS} by default. */
  readonly requestMilliseconds?: number | undefined;
}

export interface HttpServer {
  /** With the real port. */
  readonly address: SocketAddress;
  /** Ends what is under way; safe twice, and waits. */
  close(): Promise<void>;
}

/** A torrent of 10 MiB over 3 Mbit/s; what is slower than that is most often no client at all. */
const REQUEST_MILLISECONDS = 30_000;
/** For the head alone, which fits a segment or two. */
const HEADERS_MILLISECONDS = 10_000;
/** nginx closes kept connections after 75 s; a monitor asks every 10 or 15. */
const KEEP_ALIVE_MILLISECONDS = 20_000;
/** How often late requests are looked for: Node's own 30 s would double the time that they have. */
const CHECK_MILLISECONDS = 1000;
/** fastify's own default is 1 MiB; routes that take a body say how much. */
const MAX_BODY_OCTETS = 1024;
/** As many as file descriptors that a process may open by habit leave room for beside sockets of trackers. */
const MAX_CONNECTIONS = 256;
/** RFC 1035 §2.3.4: 253 characters, in UTF-8 and percent-encoded at most nine times as many. */
const MAX_PARAMETER_CHARACTERS = 2304;

/** `addRoutes` is called before anything is open. Rejects with {@link BindError}. */
export async function openHttpServer(
  options: HttpServerOptions,
  addRoutes: (server: FastifyInstance) => void,
): Promise<HttpServer> {
  const { listen, socket, logger, trustedProxies = [], requestMilliseconds = REQUEST_MILLISECONDS } = options;
  const server = Fastify({
    bodyLimit: MAX_BODY_OCTETS,
    requestTimeout: 0, // a deadline of our own: body-deadline.ts
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    forceCloseConnections: true,
    http: { connectionsCheckingInterval: CHECK_MILLISECONDS },
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARACTERS },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    frameworkErrors: (_error, _request, reply) => void sendProblem(reply, 'bad-request'),
    clientErrorHandler: refuseOctets,
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.server.headersTimeout = Math.min(HEADERS_MILLISECONDS, requestMilliseconds);
  const deadline = createBodyDeadline(requestMilliseconds, systemClock, (socket) =>
    refuseRequest('request-timeout', socket),
  );
  server.addHook('onRequest', async ({ raw }) => deadline.start(raw));
  server.addHook('onRequest', createGuard(options));
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, 'not-found'));
  // Of a body that is not wanted, the rest is not read.
  server.addHook('onSend', async ({ raw }, reply) => {
    if (!raw.complete) reply.header('connection', 'close');
  });
  server.setErrorHandler((error: Error, _request, reply) => {
    const { code, details } = problemOf(error);
    if (code === 'failed' && !isLeft(error, reply))
      logger.error('a request over HTTP failed: please report this', { error });
    return sendProblem(reply, code, details);
  });
  addRoutes(server);
  try {
    if (socket !== undefined) await listenLater(server, { listen, socket, logger });
    else
      await server.listen({
        host: listen.address,
        port: listen.port,
        ipv6Only: listen.address.includes(':'),
      });
  } catch (error) {
    await server.close();
    if (!isSystemError(error)) throw error;
    throw new BindError({ transport: 'tcp', ...listen }, error);
  }
  const bound = server.server.address();
  const port = socket?.port ?? (typeof bound === 'object' && bound !== null ? bound.port : listen.port);
  let closed: Promise<void> | undefined;
  return { address: { address: listen.address, port }, close: () => (closed ??= server.close()) };
}

/** The client has gone, and what was under way for it has ended with that: nobody's mistake. */
function isLeft(error: Error, { raw }: FastifyReply): boolean {
  return error.name === 'AbortError' && raw.destroyed;
}

/** A connection waits in the socket until it may be accepted. */
async function listenLater(
  server: FastifyInstance,
  { listen, socket, logger }: { listen: SocketAddress; socket: ControlSocket; logger: Logger },
): Promise<void> {
  await server.ready();
  const begin = async (): Promise<void> => {
    // What node:net is given goes through: with `fd` it looks at nothing else.
    const where = { host: listen.address, fd: socket.lend() };
    await server.listen(where);
  };
  if (socket.hasBegun()) await begin();
  else
    socket.begun.then(begin).catch((error: Error) => {
      logger.error('an HTTP service does not answer: is the limit of open files too low?', { error });
    });
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

const CODES_OF_CLIENT_ERRORS: { readonly [code: string]: ProblemCode } = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'header-too-large',
};

/** Octets that are no request, or one that does not come to its end. Nothing is logged: strangers send it. */
function refuseOctets(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') return;
  refuseRequest(CODES_OF_CLIENT_ERRORS[error.code ?? ''] ?? 'bad-request', socket);
}

function refuseRequest(code: ProblemCode, socket: Socket): void {
  if (socket.destroyed) return;
  if (!socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const body = `${JSON.stringify(formatProblem(code))}\n`;
  const head = `HTTP/1.1 ${PROBLEMS[code][0]} ${code}\r\ncontent-type: ${PROBLEM_TYPE}\r\n`;
  socket.end(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}
