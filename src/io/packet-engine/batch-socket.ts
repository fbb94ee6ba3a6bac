// A UDP socket opened through the C library, for a packet loop to receive and send batches on.

import { getSystemErrorName } from 'node:util';
import { formatIpAddress, parseIpAddress } from '../../core/net/ip-address.ts';
import {
  AF_INET,
  AF_INET6,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  SO_RCVBUF,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SockaddrIn,
  SockaddrIn6,
} from './layout.ts';
import type { Libc } from './libc.ts';

export interface BatchSocketOptions {
  /** Canonical text; `0.0.0.0` or `::` is a wildcard. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Other workers bind the same port (SO_REUSEPORT). */
  readonly isShared: boolean;
  readonly receiveBufferOctets: number;
}

export interface BatchSocket {
  readonly descriptor: number;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** The address asked has to be carried from request to reply. */
  readonly isWildcard: boolean;
  /** What the system granted, which doubles what was asked and caps it (socket(7)). */
  readonly receiveBufferOctets: number;
}

/** A call that failed. `code` is the system's name of its errno, as Node's own errors have it (`EADDRINUSE`). */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** Throws {@link SystemCallError}; nothing stays open then. */
export function openBatchSocket(libc: Libc, options: BatchSocketOptions): BatchSocket {
  const octets = parseIpAddress(options.address);
  if (octets === undefined) throw new TypeError('not an IP address');
  const family = octets.length === 4 ? 4 : 6;
  const isWildcard = octets.every((octet) => octet === 0);
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const descriptor = check(libc, 'socket', libc.socket(family === 4 ? AF_INET : AF_INET6, type, 0));
  try {
    if (options.isShared) setFlag(libc, descriptor, SOL_SOCKET, SO_REUSEPORT);
    if (family === 6) setFlag(libc, descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
    if (isWildcard && family === 4) setFlag(libc, descriptor, IPPROTO_IP, IP_PKTINFO);
    if (isWildcard && family === 6) setFlag(libc, descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    setOption(libc, descriptor, { level: SOL_SOCKET, option: SO_RCVBUF, value: options.receiveBufferOctets });
    const name = encodeAddress(octets, options.port);
    check(libc, 'bind', libc.bind(descriptor, name, name.length));
    return {
      descriptor,
      address: formatIpAddress(octets),
      port: boundPort(libc, descriptor),
      family,
      isWildcard,
      receiveBufferOctets: receiveBufferOctets(libc, descriptor),
    };
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** `struct sockaddr_in` or `sockaddr_in6` (layout.ts). */
export function encodeAddress(address: Uint8Array, port: number): Uint8Array {
  const isIpv4 = address.length === 4;
  const name = new Uint8Array(isIpv4 ? SockaddrIn.octets : SockaddrIn6.octets);
  new DataView(name.buffer).setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  new DataView(name.buffer).setUint16(SockaddrIn.port, port, false);
  name.set(address, isIpv4 ? SockaddrIn.address : SockaddrIn6.address);
  return name;
}

/** Throws {@link SystemCallError}, as the two below do. */
export function boundPort(libc: Libc, descriptor: number): number {
  const name = new Uint8Array(SockaddrIn6.octets);
  const length = Uint8Array.of(name.length, 0, 0, 0);
  check(libc, 'getsockname', libc.getsockname(descriptor, name, length));
  return new DataView(name.buffer).getUint16(SockaddrIn.port, false);
}

function setFlag(libc: Libc, descriptor: number, level: number, option: number): void {
  setOption(libc, descriptor, { level, option, value: 1 });
}

export function setOption(
  libc: Libc,
  descriptor: number,
  { level, option, value }: { level: number; option: number; value: number },
): void {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setInt32(0, value, true);
  check(libc, 'setsockopt', libc.setsockopt(descriptor, level, option, octets, 4));
}

/** What the system granted a socket; see {@link BatchSocket}. Throws {@link SystemCallError}. */
export function receiveBufferOctets(libc: Libc, descriptor: number): number {
  return getOption(libc, descriptor, SOL_SOCKET, SO_RCVBUF);
}

function getOption(libc: Libc, descriptor: number, level: number, option: number): number {
  const octets = new Uint8Array(4);
  check(libc, 'getsockopt', libc.getsockopt(descriptor, level, option, octets, Uint8Array.of(4, 0, 0, 0)));
  return new DataView(octets.buffer).getInt32(0, true);
}

/** `result`, unless it is the call's failure. */
export function check(libc: Libc, call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, libc.errno());
  return result;
}
