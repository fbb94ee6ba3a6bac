// How many TCP connections may be open, in all and from one neighbourhood, and which one goes when there is a newcomer.
// A newcomer always gets in: connections that sit idle, or never finish a request, must not keep a client waiting.
// Every connection and every request comes by: the orders are linked through the connections themselves.

import type { PacketSource } from '../../core/net/packet-handler.ts';
import { isProxy, type ProxyRule } from '../../core/net/proxy-rule.ts';
import { readUint16 } from '../../core/octets/big-endian.ts';

/** A connection as the accounting sees it. */
export interface CountedConnection {
  /** See {@link prefixOf}. */
  readonly prefix: NetworkPrefix;
  /** The accounting's own. */
  readonly place: ConnectionPlace;
  /** Told to go, to make room. Already released when called. */
  shed(): void;
}

export interface ConnectionLimits {
  /** Counts one in, after shedding the least recently useful one where the prefix or the whole is full. */
  admit(connection: CountedConnection): void;
  /** It completed a request: the last to be shed now. */
  touch(connection: CountedConnection): void;
  /** Counts one out; harmless when it is out already. */
  release(connection: CountedConnection): void;
  /** Makes room for another: false when nothing is open. */
  shedOldest(): boolean;
  size(): number;
}

/** A number for an IPv4 address, four UTF-16 units for the /64 of an IPv6 address; or {@link NO_PREFIX}. */
export type NetworkPrefix = number | string;

/** Of connections that the cap a prefix is not for: those of a proxy, which are many clients'. */
export const NO_PREFIX: NetworkPrefix = '';

/** What connections are counted by: one customer's network is a /64 (RFC 6177), of whose addresses there is no end. */
export function prefixOf(source: PacketSource, proxies?: ProxyRule): NetworkPrefix {
  if (proxies !== undefined && isProxy(proxies, source)) return NO_PREFIX;
  const { family, octets } = source;
  const first = readUint16(octets, 0);
  const second = readUint16(octets, 2);
  if (family === 4) return (first << 16) | second;
  return String.fromCharCode(first, second, readUint16(octets, 4), readUint16(octets, 6));
}

/** Where a connection stands among all and among its neighbours. */
export interface ConnectionPlace {
  /** Undefined: it is not counted. */
  group: Group | undefined;
  readonly links: Record<Order, Links>;
}

interface Links {
  older: CountedConnection | undefined;
  newer: CountedConnection | undefined;
}

type Order = 'all' | 'near';

/** In order of the last completed request: the first is the one without for the longest. */
interface Group {
  readonly order: Order;
  readonly prefix: NetworkPrefix;
  size: number;
  oldest: CountedConnection | undefined;
  newest: CountedConnection | undefined;
}

export function createConnectionPlace(): ConnectionPlace {
  const links = (): Links => ({ older: undefined, newer: undefined });
  return { group: undefined, links: { all: links(), near: links() } };
}

export function createConnectionLimits(
  maxConnections: number,
  maxConnectionsPerPrefix: number,
): ConnectionLimits {
  const all = createGroup('all', 0);
  /** Bounded by `maxConnections`: a prefix goes with its last connection. */
  const byPrefix = new Map<NetworkPrefix, Group>();

  function release(connection: CountedConnection): void {
    const { group } = connection.place;
    if (group === undefined) return;
    connection.place.group = undefined;
    remove(all, connection);
    remove(group, connection);
    if (group.size === 0) byPrefix.delete(group.prefix);
  }

  function shedOldest({ oldest }: Group): boolean {
    if (oldest === undefined) return false;
    release(oldest);
    oldest.shed();
    return true;
  }

  return {
    admit(connection) {
      const { prefix } = connection;
      const neighbours = byPrefix.get(prefix);
      const isCapped = prefix !== NO_PREFIX;
      if (isCapped && neighbours !== undefined && neighbours.size >= maxConnectionsPerPrefix)
        shedOldest(neighbours);
      else if (all.size >= maxConnections) shedOldest(all);
      let group = neighbours;
      // Shedding the last neighbour has taken the group away.
      if (group === undefined || group.size === 0) {
        group = createGroup('near', prefix);
        byPrefix.set(prefix, group);
      }
      connection.place.group = group;
      append(all, connection);
      append(group, connection);
    },
    touch(connection) {
      const { group } = connection.place;
      if (group === undefined || all.newest === connection) return;
      remove(all, connection);
      append(all, connection);
      if (group.newest === connection) return;
      remove(group, connection);
      append(group, connection);
    },
    release,
    shedOldest: () => shedOldest(all),
    size: () => all.size,
  };
}

function createGroup(order: Order, prefix: NetworkPrefix): Group {
  return { order, prefix, size: 0, oldest: undefined, newest: undefined };
}

function append(group: Group, connection: CountedConnection): void {
  const links = connection.place.links[group.order];
  links.older = group.newest;
  links.newer = undefined;
  if (group.newest === undefined) group.oldest = connection;
  else group.newest.place.links[group.order].newer = connection;
  group.newest = connection;
  group.size++;
}

function remove(group: Group, connection: CountedConnection): void {
  const { older, newer } = connection.place.links[group.order];
  if (older === undefined) group.oldest = newer;
  else older.place.links[group.order].newer = newer;
  if (newer === undefined) group.newest = older;
  else newer.place.links[group.order].older = older;
  group.size--;
}
