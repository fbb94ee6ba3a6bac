// The data plane on this thread's event loop: one authority, one swarm table, and a socket for each port.

import { Counter } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { CREATING_OWNER, swarmTotals } from '../../core/swarm/table.ts';
import { NO_ROW } from '../../core/traffic.ts';
import { openUdpSocket } from '../../io/udp-socket.ts';
import { createSteadyClock } from '../steady-clock.ts';
import { connectionCaps } from './connection-caps.ts';
import type { DataPlane, DataPlaneSetup, Service } from './data-plane.ts';
import { createOwnSources } from './own-sources.ts';
import { receiveBufferOf } from './receive-buffer.ts';
import { createServices } from './services.ts';
import { createSharedState } from './shared-state.ts';
import { createStreamListeners } from './stream-listeners.ts';
import { createTrafficBook } from './traffic-book.ts';

/** What every open socket has. */
interface Socket {
  readonly port: number;
  /** Of UDP, as the system says. */
  readonly receiveBufferOctets?: number;
  close(): Promise<void>;
}

interface OpenedSocket {
  readonly socket: Socket;
  readonly listener: Listener;
  readonly service: Service;
  /** What its requests are counted as (traffic.ts). */
  readonly row: number;
}

export function createLocalDataPlane(options: DataPlaneSetup): DataPlane {
  const { logger } = options;
  const clock = createSteadyClock(options.clock);
  const { settings, udpPayload, answers = {} } = options;
  const state = createSharedState({ ...options, clock });
  const { counters, seed, table, connectionKey } = state;
  const owner = CREATING_OWNER;
  const shared = { table: table.shared, owner, settings, udpPayload, answers, connectionKey, seed, counters };
  const traffic = createTrafficBook(options.maxTrafficRows);
  const services = createServices({
    ...shared,
    traffic: traffic.addThread(),
    wallSeconds: options.clock.nowSeconds,
    tellNotify: (notice) => options.onNotify?.(notice),
  });
  /** By {@link formatListener} of the real port; bounded by the control plane's plan. */
  const sockets = new Map<string, OpenedSocket>();
  const ownSources = createOwnSources();
  const wallClock = options.clock;
  const streams = createStreamListeners({
    services,
    seed,
    counters,
    proxies: settings.proxies,
    caps: options.caps ?? connectionCaps(undefined),
    clock,
    wallClock,
    logger,
  });
  let stopped: Promise<void> | undefined;

  function openSocket(listener: Listener, service: Service, row: number): Promise<Socket> {
    if (listener.transport === 'tcp') return streams.open(listener, service, row);
    const { address, port } = listener;
    const handler = service === 'dns' ? services.authority.handle : services.answerUdpTracker;
    const dropCounter = service === 'dns' ? Counter.dnsDropped : Counter.udpDropped;
    return openUdpSocket({
      address,
      port,
      handler,
      clock,
      counters,
      dropCounter,
      row,
      logger,
      isOwnSource: ownSources.has,
    });
  }

  async function open(listener: Listener, service: Service): Promise<Listener> {
    const row = service === 'tracker' ? traffic.takeRow() : NO_ROW;
    try {
      const socket = await openSocket(listener, service, row);
      const opened = { ...listener, port: socket.port };
      sockets.set(formatListener(opened), { socket, listener: opened, service, row });
      ownSources.add(opened);
      return opened;
    } catch (error) {
      traffic.releaseRow(row);
      throw error;
    }
  }

  async function close(listener: Listener): Promise<void> {
    const open = sockets.get(formatListener(listener));
    sockets.delete(formatListener(listener));
    ownSources.delete(listener);
    if (open === undefined) return;
    await open.socket.close();
    traffic.releaseRow(open.row);
  }

  async function stopAll(): Promise<void> {
    state.stop();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all(open.map(({ socket }) => socket.close()));
  }

  return {
    seed,
    counters,
    readCounters: () => counters,
    open,
    close,
    identify: async (identity) => streams.identify(identity),
    publish: async (publication) => {
      services.publish(publication, traffic.takeHosts(publication.hosts ?? []));
      traffic.settleHosts();
      streams.publish(publication);
    },
    swarmTotals: () => swarmTotals(table),
    sockets: () =>
      [...sockets.values()].map(({ socket, listener, service, row }) => ({
        listener,
        service,
        receiveBuffer:
          socket.receiveBufferOctets === undefined ? undefined : receiveBufferOf(socket.receiveBufferOctets),
        traffic: service === 'tracker' ? traffic.read(row) : undefined,
      })),
    hostTraffic: traffic.readHosts,
    ping: async () => {},
    swarm: state,
    swarmSeconds: clock.nowSeconds,
    stop: () => (stopped ??= stopAll()),
  };
}
