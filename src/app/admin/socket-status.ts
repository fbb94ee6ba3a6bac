// What is known of each open socket, and what was asked of it. Counts only: never who asked, or for what.

import { formatListener, formatSocketAddress, type Transport } from '../../core/net/endpoint.ts';
import type { OpenSocket, Service } from '../data-plane/data-plane.ts';
import type { ReceiveBuffer } from '../data-plane/receive-buffer.ts';
import type { TrafficSum } from '../data-plane/traffic-book.ts';
import type { DrainStatus, HostStatus } from './status.ts';

export interface SocketStatus {
  readonly transport: Transport;
  /** Where it is bound: `127.0.0.1:6969`. */
  readonly address: string;
  readonly service: Service;
  /** Tracker hosts that declare it, and those that have and may be cached still. */
  readonly hosts: readonly string[];
  /** Of UDP. */
  readonly receiveBuffer: ReceiveBuffer | undefined;
  /** What the tracker answered there since it was opened. */
  readonly traffic: TrafficSum | undefined;
}

/** Announces and scrapes over HTTP that named one of our hosts, since it was first published. */
export interface HostTraffic extends TrafficSum {
  readonly host: string;
}

/** `hosts` and `draining` say whose each socket is. */
export function socketStatuses(
  sockets: readonly OpenSocket[],
  hosts: readonly HostStatus[],
  draining: readonly DrainStatus[],
): SocketStatus[] {
  const names = new Map<string, Set<string>>(); // at most one entry an open socket or drain
  const add = (key: string, host: string): void =>
    void names.set(key, (names.get(key) ?? new Set()).add(host));
  for (const { endpoint, address, host } of hosts) {
    if (endpoint === undefined || address === undefined) continue;
    add(`${endpoint.startsWith('UDP') ? 'udp' : 'tcp'} ${address}`, host);
  }
  for (const { host, ...listener } of draining) add(formatListener(listener), host);
  return sockets.map(({ listener, service, receiveBuffer, traffic }) => ({
    transport: listener.transport,
    address: formatSocketAddress(listener),
    service,
    hosts: [...(names.get(formatListener(listener)) ?? [])],
    receiveBuffer,
    traffic,
  }));
}

export function hostTraffics(traffic: ReadonlyMap<string, TrafficSum>): HostTraffic[] {
  return [...traffic].map(([host, sum]) => ({ host, ...sum }));
}
