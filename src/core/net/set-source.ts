// A source that somebody else names, in place of the one that packets come from.

import type { PacketSource } from './packet-handler.ts';

/** `address` is 4 or 16 octets. An IPv4 address that is written as IPv6 (RFC 4291 §2.5.5.2) is one of IPv4. */
export function setSource(source: PacketSource, address: Uint8Array, port: number): void {
  const isMapped = address.length === 16 && isMappedIpv4(address);
  source.family = address.length === 4 || isMapped ? 4 : 6;
  source.octets.set(isMapped ? address.subarray(12) : address, 0);
  source.port = port;
}

function isMappedIpv4(address: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (address[index] !== 0) return false;
  return address[10] === 0xff && address[11] === 0xff;
}
