// Addresses of a tracker's host, a family at a time, so that whoever connects chooses the very address and nobody
// resolves the name a second time behind its back (DNS rebinding).

import { lookup as lookupSystem, Resolver } from 'node:dns/promises';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { parseServer } from './name-server.ts';

/** Addresses of one family that are used; round-robin sets of public trackers have two to four. */
const MAX_ADDRESSES = 8;
/** For one try; c-ares doubles it for the second (its own default is 5 s, and four tries). */
const TRY_MILLISECONDS = 2000;
const TRIES = 2;

export type AddressAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** The name has no address of this family. */
  | { readonly kind: 'none' }
  /** The system's name of the error: `ESERVFAIL`, `ETIMEOUT`. */
  | { readonly kind: 'failed'; readonly code: string };

export interface AddressLookup {
  /** `host` is a name, or an address without brackets, which is its own answer. Never rejects. */
  lookup(host: string, family: 4 | 6): Promise<AddressAnswer>;
  /** Ends what is in flight, as `failed`. */
  close(): void;
}

/** Codes with which c-ares and getaddrinfo say that a name has nothing of the kind. */
const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_ADDRFAMILY']);

/**
 * By those of the name servers that are asked over UDP and TCP (`127.0.0.1:5300`, `[::1]:5300`, port 53 when left
 * out); without any, as every program of this system resolves names, its hosts file included.
 */
export function createAddressLookup(nameServers: readonly string[] = []): AddressLookup {
  const servers = nameServers.filter((text) => parseServer(text)?.transport === 'udp');
  const resolver =
    servers.length === 0 ? undefined : new Resolver({ timeout: TRY_MILLISECONDS, tries: TRIES });
  resolver?.setServers(servers);
  const ask = async (host: string, family: 4 | 6): Promise<string[]> => {
    if (resolver !== undefined)
      return await (family === 4 ? resolver.resolve4(host) : resolver.resolve6(host));
    const found = await lookupSystem(host, { family, all: true });
    return found.map(({ address }) => address);
  };
  return {
    async lookup(host, family) {
      const literal = canonicalAddress(host);
      if (literal !== undefined) {
        const isOfFamily = literal.includes(':') === (family === 6);
        return isOfFamily ? { kind: 'addresses', addresses: [literal] } : { kind: 'none' };
      }
      try {
        // Addresses with a zone identifier, which are link-local, are left out: they name no tracker.
        const found = (await ask(host, family)).flatMap((address) => canonicalAddress(address) ?? []);
        const addresses = [...new Set(found)].slice(0, MAX_ADDRESSES);
        return addresses.length === 0 ? { kind: 'none' } : { kind: 'addresses', addresses };
      } catch (error) {
        const code = String((error as NodeJS.ErrnoException).code ?? 'unknown');
        return NOTHING_THERE.has(code) ? { kind: 'none' } : { kind: 'failed', code };
      }
    },
    close: () => resolver?.cancel(),
  };
}
