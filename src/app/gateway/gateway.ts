// A proxy for announces: gives BEP 34 to clients that have a proxy setting and lack BEP 34. It carries announces and
// scrapes of allowed clients to trackers on the Internet, and is nothing else to anybody.

import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { parseIpAddress } from '../../core/net/ip-address.ts';
import { isInAnyPrefix } from '../../core/net/prefix.ts';
import { decide } from '../../core/rewrite/decide.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { formatFailure } from '../../core/tracker/client/http-replies.ts';
import { BindError } from '../../io/bind-error.ts';
import type { AddressLookup } from '../../io/resolver/address-lookup.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { createUdpTrackers } from '../../io/tracker-clients/udp-trackers.ts';
import type { Machine } from '../machine.ts';
import { type Carried, type CarryOptions, carry } from './carry.ts';
import { createEndpointHealth } from './endpoint-health.ts';
import { type GatewayRequest, type RefusedRequest, readGatewayRequest } from './gateway-request.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import { createTargets, isSameSocket } from './targets.ts';
import { createTunnels } from './tunnel.ts';

export interface GatewayOptions {
  readonly settings: Omit<GatewaySettings, 'logLevel'>;
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly addresses: AddressLookup;
  readonly machine: Pick<Machine, 'clock' | 'randomOctets' | 'localAddresses'>;
}

/** Since the start; nothing of it tells who asked for what. */
export interface GatewayCounts {
  /** Announces and scrapes that came. */
  readonly requests: number;
  /** Among them those that waited for the answer to another. */
  readonly coalesced: number;
  readonly carriedOverHttp: number;
  readonly carriedOverUdp: number;
  /** Trackers that say that they are none. */
  readonly denied: number;
  /** Nothing answered, or nothing that may be connected to. */
  readonly failed: number;
  /** Requests that are neither announce nor scrape, and connections of clients that are not allowed. */
  readonly refused: number;
}

export interface Gateway {
  /** Resolves with where it listens, or rejects with a {@link BindError} and leaves nothing open. */
  start(): Promise<readonly SocketAddress[]>;
  counts(): GatewayCounts;
  /** Ends connections and what is carried. Safe twice. */
  stop(): Promise<void>;
}

/** Each is an upstream socket or two: a process may open 1,024 files by habit. A client announces a few at a time. */
const MAX_IN_FLIGHT = 256;
/** Node has none of its own. */
const MAX_CONNECTIONS = 1024;
/** An announce is some hundred octets; whoever dribbles longer than this is no client. */
const REQUEST_MILLISECONDS = 10_000;
/** Clients announce in bursts, and then not for half an hour. */
const KEEP_ALIVE_MILLISECONDS = 30_000;
/** Node's own is 16 KiB; scrapes of 74 hashes take 6 KiB. */
const MAX_HEADER_OCTETS = 16_384;
/** To one tracker, and those that wait for their next use, in all. */
const AGENT_LIMITS = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64, timeout: 60_000 } as const;

const DECIDING = { mode: 'prefer', toAscii: toAsciiHost } as const;

type Reply = Carried | { readonly kind: 'denied' } | { readonly kind: 'busy' };

export function createGateway({ settings, resolver, addresses, machine }: GatewayOptions): Gateway {
  const { clock } = machine;
  const counts = {
    requests: 0,
    coalesced: 0,
    carriedOverHttp: 0,
    carriedOverUdp: 0,
    denied: 0,
    failed: 0,
    refused: 0,
  };
  const listening: SocketAddress[] = []; // as many as the settings name
  const servers: Server[] = [];
  const abort = new AbortController();
  const agents = { clear: new Agent(AGENT_LIMITS), secure: new SecureAgent(AGENT_LIMITS) };
  const udp = createUdpTrackers(machine);
  const inFlight = new Map<string, Promise<Reply>>(); // bounded by MAX_IN_FLIGHT
  const targets = createTargets({
    addresses,
    allowPrivate: settings.allowPrivate,
    isForbidden: (target) =>
      [...listening, settings.admin].some((own) => isSameSocket(target, own, machine.localAddresses)),
    clock,
  });
  const timeoutMilliseconds = settings.timeoutSeconds * 1000;
  const health = createEndpointHealth(clock);
  const carrying: CarryOptions = {
    targets,
    health,
    udp,
    agents,
    clock,
    timeoutMilliseconds,
    signal: abort.signal,
  };
  const isAllowed = settings.allowConnect;
  const tunnels = createTunnels({ isAllowed, resolver, targets, timeoutMilliseconds });

  async function decideAndCarry(request: GatewayRequest): Promise<Reply> {
    const host = lookupHost(request.url, toAsciiHost);
    const outcome =
      typeof host === 'string' ? await resolver.lookupPreference(host, abort.signal) : undefined;
    // Path and query stay what they are: what is decided is where they go.
    const { text, restStart } = request.url;
    const decision = decide(text.slice(0, restStart), () => outcome, DECIDING);
    return decision.reason === 'denied' ? { kind: 'denied' } : await carry(request, decision.urls, carrying);
  }

  /** The same announce of the same client waits for the first one's answer: clients repeat what takes long. */
  function answer(client: string, request: GatewayRequest): Promise<Reply> {
    const { url, userAgent, authorization = '' } = request;
    const key = [client, url.text, userAgent, authorization].join('\n');
    const known = inFlight.get(key);
    if (known !== undefined) {
      counts.coalesced++;
      return known;
    }
    if (inFlight.size >= MAX_IN_FLIGHT) return Promise.resolve({ kind: 'busy' });
    const reply = decideAndCarry(request).finally(() => inFlight.delete(key));
    inFlight.set(key, reply);
    return reply;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = readGatewayRequest(request);
    if ('kind' in read) {
      counts.refused++;
      return sendRefusal(response, read);
    }
    counts.requests++;
    const reply = await answer(request.socket.remoteAddress ?? '', read);
    if (reply.kind === 'carried') counts[reply.over === 'udp' ? 'carriedOverUdp' : 'carriedOverHttp']++;
    else counts[reply.kind === 'denied' ? 'denied' : 'failed']++;
    sendReply(response, reply);
  }

  function createListener(): Server {
    const server = createServer(
      {
        requestTimeout: REQUEST_MILLISECONDS,
        headersTimeout: REQUEST_MILLISECONDS,
        keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
        maxHeaderSize: MAX_HEADER_OCTETS,
        noDelay: true,
      },
      (request, response) => {
        // Whatever goes wrong in here ends with this one connection.
        handle(request, response).catch(() => response.destroy());
      },
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connect', (request, socket, head) => tunnels.open(request, socket, head));
    server.prependListener('connection', (socket: Socket) => {
      if (isAllowedClient(socket, settings)) return;
      counts.refused++;
      socket.destroy();
    });
    servers.push(server);
    return server;
  }

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    abort.abort();
    tunnels.close();
    udp.close();
    agents.clear.destroy();
    agents.secure.destroy();
    await Promise.all(servers.splice(0).map(closeServer));
  }

  return {
    async start() {
      try {
        for (const listen of settings.listen) listening.push(await listenAt(createListener(), listen));
      } catch (error) {
        await stop();
        throw error;
      }
      return listening;
    },
    counts: () => ({ ...counts }),
    stop: () => (stopping ??= stop()),
  };
}

function isAllowedClient({ remoteAddress }: Socket, { allow }: Pick<GatewaySettings, 'allow'>): boolean {
  const octets = parseIpAddress((remoteAddress ?? '').replace(/^::ffff:(?=[0-9.]+$)/, ''));
  if (octets === undefined) return false;
  return isInAnyPrefix({ family: octets.length === 4 ? 4 : 6, octets }, allow);
}

function listenAt(server: Server, { address, port }: SocketAddress): Promise<SocketAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new BindError({ transport: 'tcp', address, port }, error)));
    server.listen({ host: address, port, ipv6Only: address.includes(':'), exclusive: true }, () =>
      resolve({ address, port: (server.address() as AddressInfo).port }),
    );
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
}

function sendRefusal(response: ServerResponse, { status, message }: RefusedRequest): void {
  if (status === 405) response.setHeader('allow', 'GET'); // RFC 9110 §15.5.6
  // What stands in the body of a refused request is not read: nobody waits for it.
  response.setHeader('connection', 'close');
  send(response, status, formatFailure(message));
}

function sendReply(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case 'carried':
      if (reply.location !== undefined) response.setHeader('location', reply.location);
      send(response, reply.status, reply.body);
      return;
    case 'denied':
      send(response, 200, formatFailure('the host says that it has no tracker (BEP 34)', 'never'));
      return;
    case 'failed':
      send(response, 200, formatFailure(reply.message));
      return;
    case 'busy':
      send(response, 503, formatFailure('the gateway has too many announces under way'));
      return;
  }
}

function send(response: ServerResponse, status: number, body: Uint8Array): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length });
  response.end(body);
}
