// Who connected, as accept4(2) writes it (layout.ts).
// Non-null assertions: the octets hold the longer of the two structures.

import type { PacketSource } from '../../core/net/packet-handler.ts';
import { readUint16 } from '../../core/octets/big-endian.ts';
import { AF_INET, SockaddrIn, SockaddrIn6 } from '../packet-engine/layout.ts';

/** Writes family, octets and port of `source`. */
export function readPeerAddress(name: Uint8Array, source: PacketSource): void {
  const isIpv4 = name[SockaddrIn.family] === AF_INET;
  const length = isIpv4 ? 4 : 16;
  const at = isIpv4 ? SockaddrIn.address : SockaddrIn6.address;
  for (let index = 0; index < length; index++) source.octets[index] = name[at + index]!;
  source.family = isIpv4 ? 4 : 6;
  source.port = readUint16(name, SockaddrIn.port);
}
