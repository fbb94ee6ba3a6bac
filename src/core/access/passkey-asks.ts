// Passkeys that somebody has to be asked about, on their way from the threads that met them to the one that asks: a ring
// in shared memory. A thread that finds its place taken goes on; the client comes again, and with it the question.

import { MAX_PASSKEY_OCTETS } from './passkey-path.ts';

/** So many may wait: a thread that asks empties it in a millisecond. */
const PLACES = 256;
const HEAD_WORDS = 2;
const HEAD = { next: 0, put: 1 } as const;
/** State and length, then the octets. */
const PLACE_WORDS = 2 + MAX_PASSKEY_OCTETS / 4;
const PlaceState = { free: 0, filling: 1, full: 2 } as const;

export interface PasskeyAsks {
  readonly words: Int32Array;
  readonly octets: Uint8Array;
}

export function createPasskeyAsks(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD_WORDS + PLACES * PLACE_WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

export function attachPasskeyAsks(memory: SharedArrayBuffer): PasskeyAsks {
  return { words: new Int32Array(memory), octets: new Uint8Array(memory) };
}

/** Puts the key octets[start..end), {@link MAX_PASSKEY_OCTETS} at most, where there is room. Positional: it is hot. */
export function putAsk(asks: PasskeyAsks, octets: Uint8Array, start: number, end: number): void {
  const { words } = asks;
  const place = HEAD_WORDS + (Atomics.add(words, HEAD.next, 1) & (PLACES - 1)) * PLACE_WORDS;
  if (Atomics.compareExchange(words, place, PlaceState.free, PlaceState.filling) !== PlaceState.free) return;
  words[place + 1] = end - start;
  const at = (place + 2) * 4;
  for (let index = start; index < end; index++) asks.octets[at + index - start] = octets[index]!;
  Atomics.store(words, place, PlaceState.full);
  Atomics.add(words, HEAD.put, 1);
  Atomics.notify(words, HEAD.put);
}

/** Copies of the keys that wait, which make room. */
export function takeAsks({ words, octets }: PasskeyAsks): Uint8Array[] {
  const keys: Uint8Array[] = []; // at most PLACES
  for (let place = HEAD_WORDS; place < words.length; place += PLACE_WORDS) {
    if (Atomics.load(words, place) !== PlaceState.full) continue;
    const at = (place + 2) * 4;
    keys.push(octets.slice(at, at + words[place + 1]!));
    Atomics.store(words, place, PlaceState.free);
  }
  return keys;
}

/** How often something was put: what {@link ASKS_PUT} holds, for who waits for it to change. */
export function asksPut({ words }: PasskeyAsks): number {
  return Atomics.load(words, HEAD.put);
}

/** Index of the word that changes with each key, and is notified. */
export const ASKS_PUT: number = HEAD.put;
