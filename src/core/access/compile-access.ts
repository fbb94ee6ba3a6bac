// All access lists of a tracker as one buffer that every thread reads and nobody changes: the torrents' tables first, then
// the borders of networks, then the prefixes of clients.

import type { AddressList } from './address-list.ts';
import { type AddressSetPlace, compileAddressSet, type Networks } from './address-set.ts';
import type { ClientPrefixes } from './client-list.ts';
import type { HashList } from './hash-list.ts';
import {
  compileHashSet,
  createHashSetKey,
  type HashSetKey,
  type HashSetPlace,
  hashSetWords,
} from './hash-set.ts';

/** A list that is left out restricts nothing; one without entries allows or denies nothing. */
export interface AccessLists {
  readonly torrentsAllow?: HashList | undefined;
  readonly torrentsDeny?: HashList | undefined;
  readonly addressesAllow?: AddressList | undefined;
  readonly addressesDeny?: AddressList | undefined;
  readonly clientsAllow?: ClientPrefixes | undefined;
  readonly clientsDeny?: ClientPrefixes | undefined;
}

export interface FamilyPlaces {
  readonly ipv4: AddressSetPlace;
  readonly ipv6: AddressSetPlace;
}

/** Passes between threads by structured clone: shared memory, and where in it what lies. */
export interface CompiledAccess {
  readonly buffer: SharedArrayBuffer;
  readonly key: HashSetKey;
  readonly torrentsAllow: HashSetPlace | undefined;
  readonly torrentsDeny: HashSetPlace | undefined;
  readonly addressesAllow: FamilyPlaces | undefined;
  readonly addressesDeny: FamilyPlaces | undefined;
  readonly clientsAllow: ClientPrefixes | undefined;
  readonly clientsDeny: ClientPrefixes | undefined;
}

export interface CompileAccessOptions {
  /** 20 octets that strangers cannot know. */
  readonly secret: Uint8Array;
  /** At least so many octets; what is in them does not matter. */
  allocate(octets: number): SharedArrayBuffer;
}

export function compileAccess(
  lists: AccessLists,
  { secret, allocate }: CompileAccessOptions,
): CompiledAccess {
  const key = createHashSetKey(secret);
  const sets = [lists.addressesAllow, lists.addressesDeny].map(compileFamilies);
  const tables = [lists.torrentsAllow, lists.torrentsDeny];
  const tableWords = tables.map((list) => (list === undefined ? 0 : hashSetWords(list.count)));
  const setWords = sets.map((families) => (families === undefined ? 0 : wordsOf(families)));
  const length = [...tableWords, ...setWords].reduce((sum, size) => sum + size, 0);
  const buffer = allocate(length * Uint32Array.BYTES_PER_ELEMENT);
  const words = new Uint32Array(buffer);
  let start = 0;
  const [torrentsAllow, torrentsDeny] = tables.map((list, index) => {
    const place = list && compileHashSet(key, list.octets, list.count, buffer, start);
    start += tableWords[index]!;
    return place;
  });
  const [addressesAllow, addressesDeny] = sets.map((families, index) => {
    const places = families && placeFamilies(families, words, start);
    start += setWords[index]!;
    return places;
  });
  const { clientsAllow, clientsDeny } = lists;
  return {
    buffer,
    key,
    torrentsAllow,
    torrentsDeny,
    addressesAllow,
    addressesDeny,
    clientsAllow,
    clientsDeny,
  };
}

interface CompiledFamily {
  readonly words: Networks['words'];
  readonly keys: Uint32Array;
  readonly borders: number;
}

type CompiledFamilies = Readonly<Record<'ipv4' | 'ipv6', CompiledFamily>>;

function compileFamilies(list: AddressList | undefined): CompiledFamilies | undefined {
  if (list === undefined) return undefined;
  const { ipv4, ipv6 } = list;
  return {
    ipv4: { words: ipv4.words, ...compileAddressSet(ipv4) },
    ipv6: { words: ipv6.words, ...compileAddressSet(ipv6) },
  };
}

function wordsOf({ ipv4, ipv6 }: CompiledFamilies): number {
  return ipv4.keys.length + ipv6.keys.length;
}

function placeFamilies({ ipv4, ipv6 }: CompiledFamilies, words: Uint32Array, start: number): FamilyPlaces {
  return { ipv4: placeSet(ipv4, words, start), ipv6: placeSet(ipv6, words, start + ipv4.keys.length) };
}

function placeSet(set: CompiledFamily, words: Uint32Array, start: number): AddressSetPlace {
  words.set(set.keys, start);
  return { words: set.words, start, length: set.keys.length, borders: set.borders };
}
