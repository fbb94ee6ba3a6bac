// Datagrams with a source of the test's choice, from a raw socket: only root may have one.

import { parseIpAddress } from '../../src/core/net/ip-address.ts';
import { encodeAddress } from '../../src/io/packet-engine/batch-socket.ts';
import { AF_INET, AF_INET6, SOCK_CLOEXEC } from '../../src/io/packet-engine/layout.ts';
import type { Libc } from '../../src/io/packet-engine/libc.ts';
import { PacketBatch } from '../../src/io/packet-engine/packet-batch.ts';

const SOCK_RAW = 3;
/** raw(7): the IP header is ours to write. */
const IPPROTO_RAW = 255;
const IPPROTO_UDP = 17;
const UDP_HEADER_OCTETS = 8;

interface End {
  readonly address: string;
  readonly port: number;
}

export function canForge(libc: Libc): boolean {
  const socket = libc.socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (socket >= 0) libc.close(socket);
  return socket >= 0;
}

/** Throws when the kernel refuses. */
export function sendForged(libc: Libc, from: End, to: End, payload: Uint8Array): void {
  const source = parseIpAddress(from.address)!;
  const target = parseIpAddress(to.address)!;
  const udp = udpDatagram({ source, target, ports: [from.port, to.port], payload });
  const header =
    source.length === 4 ? ipv4Header(source, target, udp.length) : ipv6Header(source, target, udp.length);
  const socket = libc.socket(source.length === 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  const batch = new PacketBatch(libc);
  batch.replies.set([...header, ...udp], batch.replyOffset(0));
  // raw(7): the port of the address is 0 or the protocol's number.
  batch.setDestination(0, encodeAddress(target, 0), header.length + udp.length);
  const sent = libc.sendMany(socket, batch.sendVector, 1, 0);
  const errno = libc.errno();
  batch.free(libc);
  libc.close(socket);
  if (sent !== 1) throw new Error(`a raw socket refused with errno ${errno}`);
}

interface UdpParts {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly ports: readonly [number, number];
  readonly payload: Uint8Array;
}

/** RFC 768. */
function udpDatagram({ source, target, ports, payload }: UdpParts): Uint8Array {
  const octets = new Uint8Array(UDP_HEADER_OCTETS + payload.length);
  const view = new DataView(octets.buffer);
  view.setUint16(0, ports[0]);
  view.setUint16(2, ports[1]);
  view.setUint16(4, octets.length);
  octets.set(payload, UDP_HEADER_OCTETS);
  const pseudo = [...source, ...target, 0, IPPROTO_UDP, octets.length >> 8, octets.length & 255];
  view.setUint16(6, checksum([...pseudo, ...octets]) || 0xffff);
  return octets;
}

/** RFC 1071. */
function checksum(octets: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < octets.length; index += 2)
    sum += (octets[index]! << 8) | (octets[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** RFC 791 §3.1; the kernel fills in length, identification and checksum. */
function ipv4Header(source: Uint8Array, target: Uint8Array, length: number): number[] {
  const total = 20 + length;
  return [0x45, 0, total >> 8, total & 255, 0, 0, 0, 0, 64, IPPROTO_UDP, 0, 0, ...source, ...target];
}

/** RFC 8200 §3. */
function ipv6Header(source: Uint8Array, target: Uint8Array, length: number): number[] {
  return [0x60, 0, 0, 0, length >> 8, length & 255, IPPROTO_UDP, 64, ...source, ...target];
}
