// Which addresses are anybody's on the Internet, by the special-purpose registries of IANA (RFC 6890): what a proxy may
// connect to for a stranger. Addresses that carry another one inside are judged by that one.

import { isInAnyPrefix, isInPrefix, type Prefix, parsePrefix } from './prefix.ts';

function prefixes(...texts: readonly string[]): readonly Prefix[] {
  return texts.map((text) => {
    const prefix = parsePrefix(text);
    if (prefix === undefined) throw new Error(`no prefix: ${text}`);
    return prefix;
  });
}

const SPECIAL_IPV4 = prefixes(
  '0.0.0.0/8', // "this network", RFC 791
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // carrier-grade NAT, RFC 6598
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, RFC 3927: clouds keep their metadata there
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890
  '192.0.2.0/24', // documentation, RFC 5737
  '192.88.99.0/24', // relays of 6to4, RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
);

/** All global unicast addresses that are given out lie in it (RFC 4291 §2.4). */
const [UNICAST] = prefixes('2000::/3');
const SPECIAL_IPV6 = prefixes(
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks (RFC 2928)
  '2001:db8::/32', // documentation, RFC 3849
  '3fff::/20', // documentation, RFC 9637
);
/** RFC 4291 §2.5.5.2. Not as text, which would mean the IPv4 network. */
const MAPPED: Prefix = {
  octets: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0),
  bits: 96,
};
/** Networks whose addresses carry an IPv4 address, and at which octet. */
const CARRIERS = [
  { prefix: MAPPED, at: 12 },
  { prefix: prefixes('64:ff9b::/96')[0]!, at: 12 }, // NAT64, RFC 6052 §2.1
  { prefix: prefixes('2002::/16')[0]!, at: 2 }, // 6to4, RFC 3056 §2
] as const;

/** `octets` is an address, 4 or 16 octets. */
export function isGlobalAddress(octets: Uint8Array): boolean {
  const source = { family: octets.length === 4 ? 4 : 6, octets, port: 0 } as const;
  if (source.family === 4) return !isInAnyPrefix(source, SPECIAL_IPV4);
  for (const { prefix, at } of CARRIERS)
    if (isInPrefix(source, prefix)) return isGlobalAddress(octets.subarray(at, at + 4));
  return isInPrefix(source, UNICAST!) && !isInAnyPrefix(source, SPECIAL_IPV6);
}
