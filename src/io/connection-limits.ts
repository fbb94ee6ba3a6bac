// How many TCP connections may be open, in all and from one neighbourhood, and which one goes when there is a newcomer.
// A newcomer always gets in: connections that sit idle, or never finish a request, must not keep a client waiting.

import type { PacketSource } from '../core/net/packet-handler.ts';

/** A connection as the accounting sees it. */
export interface CountedConnection {
  /** See {@link prefixOf}. */
  readonly prefix: string;
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

/** One customer's network: a /64 (RFC 6177), of whose addresses there is no end. */
const IPV6_PREFIX_OCTETS = 8;

/** What connections are counted by: an IPv4 address, the /64 of an IPv6 address. */
export function prefixOf(source: PacketSource): string {
  return source.octets.subarray(0, source.family === 4 ? 4 : IPV6_PREFIX_OCTETS).join('.');
}

export function createConnectionLimits(
  maxConnections: number,
  maxConnectionsPerPrefix: number,
): ConnectionLimits {
  // Sets keep the order of insertion: the first is the one whose last completed request is the longest ago.
  /** Bounded by `maxConnections`. */
  const all = new Set<CountedConnection>();
  /** Bounded by `maxConnections`: a prefix goes with its last connection. */
  const byPrefix = new Map<string, Set<CountedConnection>>();

  function release(connection: CountedConnection): void {
    if (!all.delete(connection)) return;
    const neighbours = byPrefix.get(connection.prefix);
    neighbours?.delete(connection);
    if (neighbours?.size === 0) byPrefix.delete(connection.prefix);
  }

  function shedFirst(connections: ReadonlySet<CountedConnection>): boolean {
    for (const oldest of connections) {
      release(oldest);
      oldest.shed();
      return true;
    }
    return false;
  }

  return {
    admit(connection) {
      const neighbours = byPrefix.get(connection.prefix);
      if (neighbours !== undefined && neighbours.size >= maxConnectionsPerPrefix) shedFirst(neighbours);
      else if (all.size >= maxConnections) shedFirst(all);
      all.add(connection);
      // Looked up again: shedding the last neighbour has taken the set away.
      const group = byPrefix.get(connection.prefix);
      if (group === undefined) byPrefix.set(connection.prefix, new Set([connection]));
      else group.add(connection);
    },
    touch(connection) {
      if (!all.delete(connection)) return;
      all.add(connection);
      const neighbours = byPrefix.get(connection.prefix);
      neighbours?.delete(connection);
      neighbours?.add(connection);
    },
    release,
    shedOldest: () => shedFirst(all),
    size: () => all.size,
  };
}
