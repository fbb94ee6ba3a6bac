// From preference hosts to the sockets that a tracker opens for them, and from one set of sockets to the next.

import { type Endpoint, formatEndpoint, formatListener, type Listener } from '../net/endpoint.ts';
import type { AddressMap } from './address-map.ts';
import type { PreferenceHost, RecordPosition } from './hosts.ts';
import type { ListenerCode } from './listener-codes.ts';

/** One socket, and who wants it. */
export interface PlannedListener extends Listener {
  readonly declarations: readonly Declaration[];
}

/** One host that names a listener. The position is that of its TXT record. */
export interface Declaration extends RecordPosition {
  readonly host: string;
  /** The longer of the TXT record's TTL and the address record's: as long may a cache name the listener. */
  readonly ttlSeconds: number;
}

/** Why a zone may not have a listener, at the TXT record that asks for it. */
export interface Rejection extends RecordPosition {
  readonly code: ListenerCode;
  readonly message: string;
}

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface PlanOptions {
  readonly addresses: AddressMap;
  /** Empty: any port. */
  readonly allowedPorts: readonly PortRange[];
  /** Sockets of our own that no zone may take: DNS and admin. */
  readonly reserved: readonly Listener[];
  /** Keys ({@link formatListener}) of what is open for other zones or draining: it counts towards `maxListeners`. */
  readonly occupied: ReadonlySet<string>;
  readonly maxListeners: number;
}

export interface ListenerPlan {
  readonly wanted: readonly PlannedListener[];
  /** Hosts that declare endpoints and have no address of ours: their record is published, no socket is opened. */
  readonly publishedOnly: readonly PreferenceHost[];
  /** A plan with a rejection is not carried out. */
  readonly rejections: readonly Rejection[];
}

/** What one zone's hosts ask to be opened. Several hosts on one address and port share one listener. */
export function planListeners(hosts: readonly PreferenceHost[], options: PlanOptions): ListenerPlan {
  const draft: Draft = { wanted: new Map(), added: 0, publishedOnly: [], rejections: [] };
  for (const host of hosts) {
    if (host.endpoints.length > 0) planHost(host, options, draft);
    if (draft.rejections.at(-1)?.code === 'too-many-listeners') break;
  }
  const wanted = [...draft.wanted.values()];
  return { wanted, publishedOnly: draft.publishedOnly, rejections: draft.rejections };
}

interface Draft {
  /** By {@link formatListener}; bounded by `maxListeners`. */
  readonly wanted: Map<string, Listener & { readonly declarations: Declaration[] }>;
  /** Listeners of `wanted` that are not open yet. */
  added: number;
  readonly publishedOnly: PreferenceHost[];
  readonly rejections: Rejection[];
}

function planHost(host: PreferenceHost, options: PlanOptions, draft: Draft): void {
  const bindings = boundAddresses(host, options.addresses);
  if (bindings.size === 0) {
    draft.publishedOnly.push(host);
    return;
  }
  for (const endpoint of host.endpoints) {
    const refusal = refusePort(host, endpoint, bindings, options);
    if (refusal !== undefined) {
      draft.rejections.push(refusal);
      continue;
    }
    for (const [address, ttlSeconds] of bindings) {
      const listener = { transport: endpoint.transport, address, port: endpoint.port };
      if (!reserveListener(listener, options, draft)) {
        draft.rejections.push(rejectTooMany(host, options));
        return;
      }
      const { name, file, line, column } = host;
      draft.wanted
        .get(formatListener(listener))!
        .declarations.push({ host: name, ttlSeconds, file, line, column });
    }
  }
}

/** The addresses to bind for a host, each with how long a cache may name it. */
function boundAddresses(host: PreferenceHost, addresses: AddressMap): Map<string, number> {
  const bindings = new Map<string, number>(); // at most one entry an address record
  for (const { address, ttlSeconds } of host.addresses) {
    const bound = addresses.get(address);
    if (bound === undefined) continue;
    bindings.set(bound, Math.max(bindings.get(bound) ?? host.ttlSeconds, ttlSeconds));
  }
  return bindings;
}

/** False when the listener would be one too many. */
function reserveListener(listener: Listener, options: PlanOptions, draft: Draft): boolean {
  const key = formatListener(listener);
  if (draft.wanted.has(key)) return true;
  const isNew = !options.occupied.has(key);
  if (isNew && options.occupied.size + draft.added >= options.maxListeners) return false;
  if (isNew) draft.added++;
  draft.wanted.set(key, { ...listener, declarations: [] });
  return true;
}

function refusePort(
  host: PreferenceHost,
  endpoint: Endpoint,
  bindings: ReadonlyMap<string, number>,
  options: PlanOptions,
): Rejection | undefined {
  const { allowedPorts, reserved } = options;
  const declared = `${host.name} declares ${formatEndpoint(endpoint)}`;
  if (allowedPorts.length > 0 && !allowedPorts.some((range) => isWithin(endpoint.port, range))) {
    const allowed = allowedPorts.map(formatPortRange).join(', ');
    const message = `${declared}, and tracker.allowed_ports permits ${allowed}; take the port out of the record or permit it`;
    return { code: 'port-not-allowed', message, ...positionOf(host) };
  }
  for (const address of bindings.keys()) {
    const own = reserved.find((socket) => isSameSocket(socket, { ...endpoint, address }));
    if (own === undefined) continue;
    const message = `${declared}, and ${formatListener(own)} is this server's own DNS or admin address; declare another port, or move that address in the configuration`;
    return { code: 'port-reserved', message, ...positionOf(host) };
  }
  return undefined;
}

function rejectTooMany(host: PreferenceHost, { maxListeners }: PlanOptions): Rejection {
  const message = `${host.name} would need more than tracker.max_listeners = ${maxListeners} sockets, draining ones included; declare fewer ports, wait for a drain, or raise the limit`;
  return { code: 'too-many-listeners', message, ...positionOf(host) };
}

/** Whether binding both would collide: the same transport, port and address, or a wildcard of its family. */
export function isSameSocket(left: Listener, right: Listener): boolean {
  if (left.transport !== right.transport || left.port !== right.port) return false;
  if (left.address === right.address) return true;
  if (left.address.includes(':') !== right.address.includes(':')) return false;
  return isWildcardAddress(left.address) || isWildcardAddress(right.address);
}

/** Whether what is sent to `listener` reaches `open`, a wildcard of its family. */
export function coversSocket(open: Listener, listener: Listener): boolean {
  return isWildcardAddress(open.address) && isSameSocket(open, listener);
}

function isWildcardAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isWithin(port: number, { first, last }: PortRange): boolean {
  return port >= first && port <= last;
}

export function formatPortRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

function positionOf({ file, line, column }: RecordPosition): RecordPosition {
  return { file, line, column };
}

/** What must be opened, what stays, and what is no longer wanted. Compared by transport, address and port. */
export interface ListenerDifference {
  readonly open: readonly Listener[];
  readonly keep: readonly Listener[];
  readonly withdraw: readonly Listener[];
}

export function difference(current: Iterable<Listener>, wanted: Iterable<Listener>): ListenerDifference {
  const before = new Map([...current].map((listener) => [formatListener(listener), listener]));
  const after = new Map([...wanted].map((listener) => [formatListener(listener), listener]));
  return {
    open: [...after].filter(([key]) => !before.has(key)).map(([, listener]) => listener),
    keep: [...after].filter(([key]) => before.has(key)).map(([, listener]) => listener),
    withdraw: [...before].filter(([key]) => !after.has(key)).map(([, listener]) => listener),
  };
}
