// What the server can say of itself: one value for the start-up table, the status page, /status.json and the metrics.

import {
  formatEndpoint,
  formatSocketAddress,
  type SocketAddress,
  type Transport,
} from '../../core/net/endpoint.ts';
import { formatAnnounceUrl } from '../../core/preference/host-rule.ts';
import type { PreferenceHost } from '../../core/preference/hosts.ts';
import type { PlannedListener } from '../../core/preference/plan.ts';
import type { SwarmTotals } from '../../core/swarm/table.ts';
import type { AccessStatus } from '../access/access.ts';
import type { Finding } from '../finding.ts';
import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import type { Drains } from '../zones/drains.ts';
import type { OpenSockets } from '../zones/open-sockets.ts';
import { publishedOnlyRemedy } from '../zones/published-only.ts';
import type { ServedZone, ZoneEntry } from '../zones/zone-entry.ts';
import type { HostTraffic, SocketStatus } from './socket-status.ts';
import type { TrackerCounts } from './tracker-counts.ts';

export type ServerState = 'starting' | 'serving' | 'stopping' | 'stopped';

export interface ServerStatus {
  readonly state: ServerState;
  /** Every socket that should be open is. */
  readonly isReady: boolean;
  readonly startedAtSeconds: number;
  /** Over UDP and TCP. */
  readonly dns: readonly SocketAddress[];
  readonly dnsTls: readonly SocketAddress[];
  readonly admin: SocketAddress | undefined;
  /** The rewriting service's own address. */
  readonly rewriter: SocketAddress | undefined;
  readonly zones: readonly ZoneStatus[];
  /** Zones that are copied from other servers, those without a copy too. */
  readonly secondaries: readonly SecondaryStatus[];
  readonly hosts: readonly HostStatus[];
  readonly draining: readonly DrainStatus[];
  readonly swarm: SwarmTotals;
  /** Lists and passkeys. */
  readonly access: AccessStatus;
  readonly tracker: TrackerCounts;
  readonly sockets: readonly SocketStatus[];
  /** As many as are told apart; see createTrafficBook. */
  readonly httpHosts: readonly HostTraffic[];
}

export interface ZoneStatus {
  readonly path: string;
  readonly name: string | undefined;
  readonly role: 'primary' | 'secondary';
  /** `last-good`: the file is wrong or gone, and what it said before is served. */
  readonly state: 'current' | 'last-good' | 'not-served';
  readonly serial: number | undefined;
  readonly recordCount: number | undefined;
  readonly findings: readonly Finding[];
}

/** One host at one endpoint and address; a host that opens nothing has one line of its own. */
export interface HostStatus {
  readonly zone: string;
  readonly host: string;
  /** `UDP:6969`; undefined for a host that declares none. */
  readonly endpoint: string | undefined;
  /** Where its socket is bound: `127.0.0.1:6969`. */
  readonly address: string | undefined;
  readonly state: 'open' | 'closed' | 'published-only' | 'denied';
  /** Undefined for a wildcard too: which name is announced to is the client's choice. */
  readonly announceUrl: string | undefined;
  /** What to write so that it is served here. */
  readonly remedy: string | undefined;
}

export interface DrainStatus {
  readonly host: string;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly isOpen: boolean;
  readonly secondsLeft: number;
}

export function zoneStatus({ path, origin, served, isCurrent, isGone, findings }: ZoneEntry): ZoneStatus {
  const state = served === undefined ? 'not-served' : isCurrent && !isGone ? 'current' : 'last-good';
  const { name, serial, image } = served?.version ?? {};
  return { path, name, role: origin.kind, state, serial, recordCount: image?.recordCount, findings };
}

/** `localAddresses`: for {@link publishedOnlyRemedy}. */
export function hostStatuses(
  { version, wanted, publishedOnly, unopened }: ServedZone,
  sockets: OpenSockets,
  localAddresses: readonly string[],
): HostStatus[] {
  const zone = version.name;
  const denied = version.hosts.filter(({ endpoints }) => endpoints.length === 0);
  return [
    ...[...wanted, ...unopened].flatMap((listener) => listenerRows(zone, listener, sockets)),
    ...publishedOnly.flatMap((host) => publishedOnlyRows(zone, host, localAddresses)),
    ...denied.map(({ name }) => ({ ...row(zone, name), state: 'denied' as const })),
  ].sort((left, right) => orderOf(version.hosts, left.host) - orderOf(version.hosts, right.host));
}

function listenerRows(zone: string, listener: PlannedListener, sockets: OpenSockets): HostStatus[] {
  const state = sockets.has(listener) ? 'open' : 'closed';
  return listener.declarations.map(({ host }) => ({
    ...row(zone, host),
    endpoint: formatEndpoint(listener),
    address: formatSocketAddress(listener),
    state,
    announceUrl: host.startsWith('*') ? undefined : formatAnnounceUrl(host, listener),
  }));
}

function publishedOnlyRows(
  zone: string,
  host: PreferenceHost,
  localAddresses: readonly string[],
): HostStatus[] {
  const remedy = publishedOnlyRemedy(host, localAddresses);
  return host.endpoints.map((endpoint) => ({
    ...row(zone, host.name),
    endpoint: formatEndpoint(endpoint),
    state: 'published-only',
    remedy,
  }));
}

function row(zone: string, host: string): Omit<HostStatus, 'state'> {
  return { zone, host, endpoint: undefined, address: undefined, announceUrl: undefined, remedy: undefined };
}

function orderOf(hosts: readonly PreferenceHost[], name: string): number {
  return hosts.findIndex((host) => host.name === name);
}

export function drainStatuses(drains: Drains, sockets: OpenSockets): DrainStatus[] {
  return drains.list().map((entry) => ({
    host: entry.host,
    transport: entry.listener.transport,
    address: entry.listener.address,
    port: entry.listener.port,
    isOpen: sockets.has(entry.listener),
    secondsLeft: drains.secondsLeft(entry),
  }));
}
