// The data plane on this thread's event loop: one authority, one swarm table, and a socket for each port.

import { Counter } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { CREATING_OWNER, swarmTotals } from '../../core/swarm/table.ts';
import { openUdpSocket } from '../../io/udp-socket.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { DataPlane, DataPlaneSetup, Service } from './data-plane.ts';
import { createOwnSources } from './own-sources.ts';
import { createServices } from './services.ts';
import { createSharedState } from './shared-state.ts';
import { createStreamListeners } from './stream-listeners.ts';

/** What every open socket has. */
interface Socket {
  readonly port: number;
  close(): Promise<void>;
}

export function createLocalDataPlane(options: DataPlaneSetup): DataPlane {
  const { logger } = options;
  const clock = createSteadyClock(options.clock);
  const { settings, udpPayload, answers = {} } = options;
  const state = createSharedState({ ...options, clock });
  const { counters, seed, table, connectionKey } = state;
  const owner = CREATING_OWNER;
  const shared = { table: table.shared, owner, settings, udpPayload, answers, connectionKey, seed, counters };
  const services = createServices({
    ...shared,
    wallSeconds: options.clock.nowSeconds,
    tellNotify: (notice) => options.onNotify?.(notice),
  });
  /** By {@link formatListener} of the real port; bounded by the control plane's plan. */
  const sockets = new Map<string, Socket>();
  const ownSources = createOwnSources();
  const wallClock = options.clock;
  const streams = createStreamListeners({
    services,
    seed,
    counters,
    proxies: settings.proxies,
    clock,
    wallClock,
    logger,
  });
  let stopped: Promise<void> | undefined;

  function openSocket(listener: Listener, service: Service): Promise<Socket> {
    if (listener.transport === 'tcp') return streams.open(listener, service);
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
      logger,
      isOwnSource: ownSources.has,
    });
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
    state.stop();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all(open.map((socket) => socket.close()));
  }

  return {
    seed,
    counters,
    readCounters: () => counters,
    open,
    close,
    identify: async (identity) => streams.identify(identity),
    publish: async (publication) => {
      services.publish(publication);
      streams.publish(publication);
    },
    swarmTotals: () => swarmTotals(table),
    swarm: state,
    swarmSeconds: clock.nowSeconds,
    stop: () => (stopped ??= stopAll()),
  };
}
