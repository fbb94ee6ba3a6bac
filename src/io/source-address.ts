// The address text that Node gives with each packet and connection, as octets: by digits, without allocating, because
// it runs once a datagram.

import type { PacketSource } from '../core/net/packet-handler.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const PERCENT = 0x25;

/**
 * Writes family, octets and port of `source`. `address` is text from the system (RFC 5952, perhaps with `%zone`, which
 * is left out), so it is trusted to be well formed.
 */
export function readSource(address: string, port: number, source: PacketSource): void {
  source.port = port;
  if (address.includes(':')) {
    source.family = 6;
    readIpv6(address, source.octets);
  } else {
    source.family = 4;
    readIpv4(address, 0, source.octets, 0);
  }
}

function readIpv4(text: string, from: number, octets: Uint8Array, offset: number): void {
  let at = offset;
  let value = 0;
  for (let index = from; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === DOT) {
      octets[at++] = value;
      value = 0;
    } else if (unit === PERCENT) break;
    else value = value * 10 + (unit - 0x30);
  }
  octets[at] = value;
}

function readIpv6(text: string, octets: Uint8Array): void {
  octets.fill(0);
  let at = 0;
  let gapAt = -1;
  let value = 0;
  let groupStart = 0;
  let digits = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === PERCENT) break;
    if (unit === DOT) {
      readIpv4(text, groupStart, octets, at);
      at += 4;
      digits = 0;
      break;
    }
    if (unit !== COLON) {
      value = (value << 4) | (unit <= 0x39 ? unit - 0x30 : (unit | 0x20) - 0x57);
      digits++;
      continue;
    }
    if (digits > 0) {
      octets[at++] = value >>> 8;
      octets[at++] = value & 0xff;
    } else gapAt = at;
    value = 0;
    digits = 0;
    groupStart = index + 1;
  }
  if (digits > 0) {
    octets[at++] = value >>> 8;
    octets[at++] = value & 0xff;
  }
  if (gapAt >= 0 && at < 16) {
    octets.copyWithin(16 - (at - gapAt), gapAt, at);
    octets.fill(0, gapAt, 16 - (at - gapAt));
  }
}
