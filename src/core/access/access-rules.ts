// What the access lists say of an announce: views on the compiled lists, made once a publication.

import type { PacketSource } from '../net/packet-handler.ts';
import { type AddressSet, type AddressSetPlace, attachAddressSet, isInAddressSet } from './address-set.ts';
import { type ClientPrefixes, isClientListed } from './client-list.ts';
import type { CompiledAccess, FamilyPlaces } from './compile-access.ts';
import {
  attachHashSet,
  type HashSet,
  type HashSetPlace,
  isInHashSet,
  isInLikelyHashSet,
} from './hash-set.ts';

interface FamilySets {
  readonly ipv4: AddressSet;
  readonly ipv6: AddressSet;
}

/** Where a kind has both lists, what is allowed and not denied is let through. */
export interface AccessRules {
  readonly torrentsAllow: HashSet | undefined;
  readonly torrentsDeny: HashSet | undefined;
  readonly addressesAllow: FamilySets | undefined;
  readonly addressesDeny: FamilySets | undefined;
  readonly clientsAllow: ClientPrefixes | undefined;
  readonly clientsDeny: ClientPrefixes | undefined;
}

/** Refuses nothing. */
export const OPEN_ACCESS: AccessRules = {
  torrentsAllow: undefined,
  torrentsDeny: undefined,
  addressesAllow: undefined,
  addressesDeny: undefined,
  clientsAllow: undefined,
  clientsDeny: undefined,
};

export function attachAccess(compiled: CompiledAccess): AccessRules {
  const { buffer, key, clientsAllow, clientsDeny } = compiled;
  const all = new Uint32Array(buffer);
  const hashes = (place: HashSetPlace | undefined): HashSet | undefined =>
    place && attachHashSet(key, buffer, place);
  const family = ({ words, start, length, borders }: AddressSetPlace): AddressSet =>
    attachAddressSet(words, all.subarray(start, start + length), borders);
  const families = (places: FamilyPlaces | undefined): FamilySets | undefined =>
    places && { ipv4: family(places.ipv4), ipv6: family(places.ipv6) };
  return {
    torrentsAllow: hashes(compiled.torrentsAllow),
    torrentsDeny: hashes(compiled.torrentsDeny),
    addressesAllow: families(compiled.addressesAllow),
    addressesDeny: families(compiled.addressesDeny),
    clientsAllow,
    clientsDeny,
  };
}

/** The info-hash at `offset` may be announced and scraped. */
export function isTorrentAllowed(rules: AccessRules, octets: Uint8Array, offset: number): boolean {
  const { torrentsAllow, torrentsDeny } = rules;
  if (torrentsAllow !== undefined && !isInLikelyHashSet(torrentsAllow, octets, offset)) return false;
  return torrentsDeny === undefined || !isInHashSet(torrentsDeny, octets, offset);
}

export function isAddressAllowed(rules: AccessRules, source: PacketSource): boolean {
  const { addressesAllow, addressesDeny } = rules;
  if (addressesAllow !== undefined && !isInFamily(addressesAllow, source)) return false;
  return addressesDeny === undefined || !isInFamily(addressesDeny, source);
}

function isInFamily({ ipv4, ipv6 }: FamilySets, { family, octets }: PacketSource): boolean {
  return isInAddressSet(family === 4 ? ipv4 : ipv6, octets);
}

/** The peer id at `offset` is that of a client that may announce. */
export function isClientAllowed(rules: AccessRules, octets: Uint8Array, offset: number): boolean {
  const { clientsAllow, clientsDeny } = rules;
  if (clientsAllow !== undefined && !isClientListed(clientsAllow, octets, offset)) return false;
  return clientsDeny === undefined || !isClientListed(clientsDeny, octets, offset);
}
