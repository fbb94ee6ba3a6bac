// Networks of addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address (RFC 4632 §3.1, RFC 4291 §2.3).
// Non-null assertions: a prefix is never longer than its address.

import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import type { PacketSource } from './packet-handler.ts';

export interface Prefix {
  /** 4 or 16, network order; those after the prefix are zero. */
  readonly octets: Uint8Array;
  /** Length in bits. */
  readonly bits: number;
}

/** Before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/**
 * An address without a length is a prefix of one. A network of IPv4-mapped addresses is the IPv4 network that is meant:
 * sources are never mapped ({@link PacketSource}). Undefined for anything else, bits set after the prefix included.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const octets = parseIpAddress(address);
  if (octets === undefined || rest.length > 0) return undefined;
  if (length === undefined) return unmapped({ octets, bits: octets.length * 8 });
  const bits = /^(0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : Number.NaN;
  if (!(bits <= octets.length * 8)) return undefined;
  const prefix = { octets, bits };
  return hasBitsAfter(prefix) ? undefined : unmapped(prefix);
}

function unmapped(prefix: Prefix): Prefix {
  const { octets, bits } = prefix;
  if (octets.length === 4 || bits < MAPPED_BITS) return prefix;
  if (MAPPED_PREFIX.some((octet, index) => octets[index] !== octet)) return prefix;
  return { octets: octets.slice(12), bits: bits - MAPPED_BITS };
}

/** `192.0.2.0/24`; a single address without its length. */
export function formatPrefix({ octets, bits }: Prefix): string {
  const address = formatIpAddress(octets);
  return bits === octets.length * 8 ? address : `${address}/${bits}`;
}

/** What a prefix is compared with. */
type Address = Pick<PacketSource, 'family' | 'octets'>;

/** Whether the source lies in the network. Allocates nothing. */
export function isInPrefix({ family, octets: address }: Address, { octets, bits }: Prefix): boolean {
  if (octets.length !== (family === 4 ? 4 : 16)) return false;
  const whole = bits >>> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== octets[index]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || address[whole]! >>> rest === octets[whole]! >>> rest;
}

/** Whether the source lies in one of them. */
export function isInAnyPrefix(source: Address, prefixes: readonly Prefix[]): boolean {
  for (const prefix of prefixes) if (isInPrefix(source, prefix)) return true;
  return false;
}

function hasBitsAfter({ octets, bits }: Prefix): boolean {
  return octets.some((octet, index) => {
    const within = Math.min(8, Math.max(0, bits - index * 8));
    return (octet & (0xff >>> within)) !== 0;
  });
}
