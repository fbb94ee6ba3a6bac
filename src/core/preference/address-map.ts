// Which addresses of a zone are this machine's, and where a socket for each is bound (`tracker.addresses`).

import { formatIpAddress, parseIpAddress } from '../net/ip-address.ts';

/** From the address in the zone to the address that is bound; canonical text both. */
export type AddressMap = ReadonlyMap<string, string>;

/** One entry of `tracker.addresses`: the machine's interfaces, or one address. */
export type AddressEntry = 'auto' | AddressPair;

export interface AddressPair {
  /** As it stands in the zone. */
  readonly published: string;
  /** As it is bound: a private address behind NAT, or a wildcard where the operator wrote one. */
  readonly bound: string;
}

/**
 * `auto`, `203.0.113.5`, `203.0.113.5=10.0.0.5`, `2001:db8::5=::`. Undefined when it is none of these, when the two
 * sides differ in family, or when a wildcard stands where an address is published.
 */
export function parseAddressEntry(text: string): AddressEntry | undefined {
  if (text === 'auto') return 'auto';
  const sides = text.split('=').map((side) => parseIpAddress(side.trim()));
  const published = sides[0];
  const bound = sides.length === 1 ? published : sides[1];
  if (sides.length > 2 || published === undefined || bound === undefined) return undefined;
  if (published.length !== bound.length || published.every((octet) => octet === 0)) return undefined;
  return { published: formatIpAddress(published), bound: formatIpAddress(bound) };
}

/** A pair wins over `auto` for the address that it names. `interfaces`: canonical text of each address. */
export function createAddressMap(
  entries: readonly AddressEntry[],
  interfaces: readonly string[],
): AddressMap {
  const map = new Map<string, string>(); // bounded by the machine's interfaces and the configuration
  if (entries.includes('auto')) for (const address of interfaces) map.set(address, address);
  for (const entry of entries) if (entry !== 'auto') map.set(entry.published, entry.bound);
  return map;
}
