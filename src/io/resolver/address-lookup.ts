// Addresses of a tracker's host, a family at a time, so that whoever connects chooses the very address and nobody
// resolves the name a second time behind its back (DNS rebinding).

import { lookup as lookupSystem } from 'node:dns/promises';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import { toAsciiHost } from './idna.ts';

/** Addresses of one family that are used; round-robin sets of public trackers have two to four. */
const MAX_ADDRESSES = 8;

export type AddressAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** The name has no address of this family. */
  | { readonly kind: 'none' }
  /** A sentence, or the system's name of the error: `EAI_AGAIN`. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface AddressLookup {
  /** `host` is a name, or an address without brackets, which is its own answer. Never rejects. */
  lookup(host: string, family: 4 | 6): Promise<AddressAnswer>;
  /** Ends what is in flight, as `failed`. */
  close(): void;
}

/** Codes with which getaddrinfo says that a name has nothing of the kind. */
const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_ADDRFAMILY']);

/** RFC 7686 §2: whoever does not speak Tor asks nobody for its names, which tell what is wanted; I2P's are like them. */
const HIDDEN_SERVICE = /(?:^|\.)(?:onion|i2p)\.?$/i;

/** As every program of this system resolves names, its hosts file included. */
export function createSystemAddressLookup(): AddressLookup {
  return withLiterals({
    async lookup(host, family) {
      if (HIDDEN_SERVICE.test(toAsciiHost(host) ?? host)) return { kind: 'none' };
      try {
        const found = await lookupSystem(host, { family, all: true });
        return answerOfAddresses(found.map(({ address }) => address));
      } catch (error) {
        const code = String((error as NodeJS.ErrnoException).code ?? 'unknown');
        return NOTHING_THERE.has(code) ? { kind: 'none' } : { kind: 'failed', reason: code };
      }
    },
    close() {}, // getaddrinfo cannot be taken back
  });
}

/** An address is its own answer, in its own family. */
export function withLiterals(inner: AddressLookup): AddressLookup {
  return {
    ...inner,
    async lookup(host, family) {
      const literal = canonicalAddress(host);
      if (literal === undefined) return await inner.lookup(host, family);
      const isOfFamily = literal.includes(':') === (family === 6);
      return isOfFamily ? { kind: 'addresses', addresses: [literal] } : { kind: 'none' };
    },
  };
}

/** Each once and not too many. Those with a zone identifier, which are link-local, are left out: they name no tracker. */
export function answerOfAddresses(found: readonly string[]): Exclude<AddressAnswer, { kind: 'failed' }> {
  const addresses = [...new Set(found.flatMap((address) => canonicalAddress(address) ?? []))];
  return addresses.length === 0
    ? { kind: 'none' }
    : { kind: 'addresses', addresses: addresses.slice(0, MAX_ADDRESSES) };
}
