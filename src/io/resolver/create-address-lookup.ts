// Who is asked for addresses: the name servers that were given, else the system.

import { type AddressLookup, createSystemAddressLookup } from './address-lookup.ts';
import { createAddressResolver } from './address-resolver.ts';
import type { LookupOptions } from './cached-lookups.ts';

/**
 * With servers, as preferences are looked up. Without any, as every program of this system does, its hosts file included;
 * but where answers must be authenticated, which the system does not say of its own, its name servers are asked.
 */
export function createAddressLookup(options: LookupOptions = {}): AddressLookup {
  const { servers = [], requireAuthenticated } = options;
  return servers.length === 0 && requireAuthenticated !== true
    ? createSystemAddressLookup()
    : createAddressResolver(options);
}
