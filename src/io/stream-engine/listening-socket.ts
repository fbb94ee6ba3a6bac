// A TCP port opened through the C library, for a stream loop to accept from.

import { formatIpAddress, parseIpAddress } from '../../core/net/ip-address.ts';
import { boundPort, check, encodeAddress, setOption } from '../packet-engine/batch-socket.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_NODELAY,
} from '../packet-engine/layout.ts';
import type { Libc } from '../packet-engine/libc.ts';

export interface ListeningSocketOptions {
  /** Canonical text; `0.0.0.0` or `::` (which is IPv6 only) is a wildcard. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Other workers bind the same port (SO_REUSEPORT). */
  readonly isShared: boolean;
  /**
   * How long a connection waits in the kernel for its first octets before it is there to be accepted (tcp(7),
   * TCP_DEFER_ACCEPT); 0: not at all.
   */
  readonly deferSeconds: number;
}

export interface ListeningSocket {
  readonly descriptor: number;
  readonly address: string;
  readonly port: number;
}

/** The system's queue of connections not yet accepted; Linux cuts it to `net.core.somaxconn` (4096). */
const BACKLOG = 4096;

/** Throws `SystemCallError`; nothing stays open then. What is accepted is without Nagle's delay, as the listener is. */
export function openListeningSocket(libc: Libc, options: ListeningSocketOptions): ListeningSocket {
  const octets = parseIpAddress(options.address);
  if (octets === undefined) throw new TypeError('not an IP address');
  const isIpv4 = octets.length === 4;
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const descriptor = check(libc, 'socket', libc.socket(isIpv4 ? AF_INET : AF_INET6, type, 0));
  const set = (level: number, option: number, value: number): void =>
    setOption(libc, descriptor, { level, option, value });
  try {
    // Connections of an earlier life that linger (TIME-WAIT) do not hold the port. Who listens does, all the same.
    set(SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.isShared) set(SOL_SOCKET, SO_REUSEPORT, 1);
    if (!isIpv4) set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.deferSeconds > 0) set(IPPROTO_TCP, TCP_DEFER_ACCEPT, options.deferSeconds);
    const name = encodeAddress(octets, options.port);
    check(libc, 'bind', libc.bind(descriptor, name, name.length));
    check(libc, 'listen', libc.listen(descriptor, BACKLOG));
    return { descriptor, address: formatIpAddress(octets), port: boundPort(libc, descriptor) };
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}
