// How many TCP connections each service may have: as many as its clients need, or, where the process may not open so many
// descriptors, its share of those. Caps that the kernel would meet first are none: the one who comes then is lost, where a
// cap of our own makes the oldest idle connection go.

import { DNS_STREAM_LIMITS } from '../../io/streams/dns-stream.ts';
import { HTTP_STREAM_LIMITS } from '../../io/streams/http-stream.ts';

export interface ConnectionCap {
  readonly all: number;
  /** Of one client's network; see connection-limits.ts. */
  readonly perPrefix: number;
}

export interface ConnectionCaps {
  /** DNS over TCP and TLS. */
  readonly dns: ConnectionCap;
  /** The tracker's HTTP; as many more over TLS, which another thread has, and as many on their way there. */
  readonly tracker: ConnectionCap;
  /** They are fewer than the process would like to have. */
  readonly areReduced: boolean;
}

/** Threads, the log, the state folder, signals: seen are 55 with two workers and one zone. */
const OWN_DESCRIPTORS = 64;
/** Of the rest; a quarter is for listening sockets, files that are read, look-ups and the admin address. */
const CONNECTIONS_SHARE = 3 / 4;
/** One network has at most a fourth of the places. */
const PREFIX_SHARE = 1 / 4;
/** Clear text, TLS, and what waits to be TLS (hand-over-writer.ts). */
const TRACKER_SHARES = 3;
/** Below, nothing works at all. */
const LEAST_CONNECTIONS = 4;

/** `openFiles` is what the process may have open; undefined where nobody says. */
export function connectionCaps(openFiles: number | undefined): ConnectionCaps {
  const dns = DNS_STREAM_LIMITS.maxConnections;
  const tracker = HTTP_STREAM_LIMITS.maxConnections;
  const places =
    openFiles === undefined ? Number.POSITIVE_INFINITY : (openFiles - OWN_DESCRIPTORS) * CONNECTIONS_SHARE;
  const share = Math.min(1, places / (dns + TRACKER_SHARES * tracker));
  return {
    dns: cap(dns * share, DNS_STREAM_LIMITS.maxConnectionsPerPrefix),
    tracker: cap(tracker * share, HTTP_STREAM_LIMITS.maxConnectionsPerPrefix),
    areReduced: share < 1,
  };
}

function cap(connections: number, perPrefix: number): ConnectionCap {
  const all = Math.max(LEAST_CONNECTIONS, Math.floor(connections));
  return { all, perPrefix: Math.min(perPrefix, Math.max(1, Math.floor(all * PREFIX_SHARE))) };
}
