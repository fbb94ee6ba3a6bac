// The data plane on this thread's event loop: one authority, one swarm table, and a socket for each port.

import { Counter, createCounters } from '../core/counters.ts';
import { formatListener, type Listener } from '../core/net/endpoint.ts';
import type { PacketHandler } from '../core/net/packet-handler.ts';
import { createHostRule, namesStandingFor } from '../core/preference/host-rule.ts';
import { expire, expiryWork } from '../core/swarm/expire.ts';
import { createSwarmTable, type SwarmTable, swarmTotals } from '../core/swarm/table.ts';
import { createHttpTracker, type HttpTracker } from '../core/tracker/http/tracker.ts';
import { PEER_LIFETIME_INTERVALS, type TrackerSettings } from '../core/tracker/settings.ts';
import { createUdpTracker } from '../core/tracker/udp/tracker.ts';
import { createAuthority } from '../core/zone/authority.ts';
import { type Catalog, createCatalog } from '../core/zone/catalog.ts';
import { findTxt } from '../core/zone/find-txt.ts';
import type { Cancel, Clock } from '../io/clock.ts';
import { createConnectionLimits } from '../io/connection-limits.ts';
import { DNS_STREAM_LIMITS, type DnsStreamHandler, openDnsStream } from '../io/dns-stream.ts';
import { HTTP_STREAM_LIMITS, openHttpStream } from '../io/http-stream.ts';
import type { Logger } from '../io/log.ts';
import { openUdpSocket } from '../io/udp-socket.ts';
import type { DataPlane, DrainingHost, Publication, Service } from './data-plane.ts';
import { createOwnSources } from './own-sources.ts';
import { createSteadyClock } from './steady-clock.ts';

export interface LocalDataPlaneOptions {
  readonly udpPayload: number;
  readonly settings: TrackerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
}

/** What every open socket has. */
interface Socket {
  readonly port: number;
  close(): Promise<void>;
}

/** Seconds in which the walk for silent peers goes round the whole table. */
const EXPIRY_ROUND_SECONDS = 60;

export function createLocalDataPlane(options: LocalDataPlaneOptions): DataPlane {
  const { logger } = options;
  const clock = createSteadyClock(options.clock);
  const counters = createCounters();
  const services = createServices(options, counters);
  /** By {@link formatListener} of the real port; bounded by the control plane's plan. */
  const sockets = new Map<string, Socket>();
  const ownSources = createOwnSources();
  const dnsConnections = createConnectionLimits(
    DNS_STREAM_LIMITS.maxConnections,
    DNS_STREAM_LIMITS.maxConnectionsPerPrefix,
  );
  const httpConnections = createConnectionLimits(
    HTTP_STREAM_LIMITS.maxConnections,
    HTTP_STREAM_LIMITS.maxConnectionsPerPrefix,
  );
  let stopped: Promise<void> | undefined;
  let cancelTick: Cancel = tick();

  /** Peers that fell silent are looked for a little every second. */
  function tick(): Cancel {
    return clock.schedule(1000, () => {
      const { table } = services;
      expire(table, clock.nowSeconds(), Math.ceil(expiryWork(table) / EXPIRY_ROUND_SECONDS));
      cancelTick = tick();
    });
  }

  function openSocket({ transport, address, port }: Listener, service: Service): Promise<Socket> {
    if (transport === 'udp') {
      const handler = service === 'dns' ? services.answerDns : services.answerUdpTracker;
      const dropCounter = service === 'dns' ? Counter.dnsDropped : Counter.udpDropped;
      return openUdpSocket({
        address,
        port,
        handler,
        clock,
        counters,
        dropCounter,
        logger,
        isOwnSource: ownSources.has,
      });
    }
    if (service === 'dns') {
      const answer = services.answerDnsStream;
      const dropCounter = Counter.dnsDropped;
      return openDnsStream({
        address,
        port,
        answer,
        clock,
        connections: dnsConnections,
        counters,
        dropCounter,
        logger,
      });
    }
    const { respond } = services.httpTracker;
    return openHttpStream({ address, port, respond, clock, connections: httpConnections, counters, logger });
  }

  async function open(listener: Listener, service: Service): Promise<Listener> {
    const socket = await openSocket(listener, service);
    const opened = { ...listener, port: socket.port };
    sockets.set(formatListener(opened), socket);
    ownSources.add(opened);
    return opened;
  }

  async function close(listener: Listener): Promise<void> {
    const socket = sockets.get(formatListener(listener));
    sockets.delete(formatListener(listener));
    ownSources.delete(listener);
    await socket?.close();
  }

  async function stopAll(): Promise<void> {
    cancelTick();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all(open.map((socket) => socket.close()));
  }

  return {
    seed: services.seed,
    readCounters: () => counters,
    open,
    close,
    publish: async (publication) => services.publish(publication),
    swarmTotals: () => swarmTotals(services.table),
    stop: () => (stopped ??= stopAll()),
  };
}

interface Services {
  readonly seed: number;
  readonly table: SwarmTable;
  readonly answerDns: PacketHandler;
  readonly answerDnsStream: DnsStreamHandler;
  readonly answerUdpTracker: PacketHandler;
  readonly httpTracker: HttpTracker;
  publish(publication: Publication): void;
}

/** Everything pure that answers, around one catalog and one swarm table. */
function createServices(options: LocalDataPlaneOptions, counters: Float64Array): Services {
  const { settings, randomOctets, udpPayload } = options;
  const seed = new DataView(randomOctets(4).buffer).getUint32(0);
  let catalog: Catalog = createCatalog([], seed);
  let draining = drainingKeys([]);
  const authority = createAuthority({ catalog, counters, udpPayload });
  const peerLifetimeSeconds = settings.intervalSeconds * PEER_LIFETIME_INTERVALS;
  const table = createSwarmTable({ secret: randomOctets(20), counters, peerLifetimeSeconds });
  const rule = createHostRule({
    findTxt: (name) => findTxt(catalog, name),
    isDraining: (host, transport, port) =>
      draining.size > 0 &&
      [...namesStandingFor(host)].some((name) => draining.has(`${name} ${transport} ${port}`)),
  });
  return {
    seed,
    table,
    answerDns: authority.handle,
    // Five positional parameters, as a DnsStreamHandler has.
    answerDnsStream: (request, offset, length, reply, replyOffset) =>
      authority.handleStream(request, offset, length, reply, replyOffset),
    answerUdpTracker: createUdpTracker({ table, settings, connectionKey: randomOctets(16), counters }),
    httpTracker: createHttpTracker({ table, settings, counters, hostRule: rule.refuse }),
    publish(publication) {
      catalog = createCatalog(publication.images, seed);
      draining = drainingKeys(publication.draining);
      authority.publish(catalog);
      rule.clear();
    },
  };
}

/** Bounded by the drain ledger. */
function drainingKeys(hosts: readonly DrainingHost[]): ReadonlySet<string> {
  return new Set(hosts.map(({ host, transport, port }) => `${host} ${transport} ${port}`));
}
