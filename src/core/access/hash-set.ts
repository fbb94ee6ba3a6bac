// Info-hashes in an open-addressed table of shared memory, at most two thirds full. Slots have a tag of 16 bits each, close
// together, and apart from them the hashes: what is not in a table of a million is known from 3 MB that the processor has
// at hand, and only what most probably is in it is looked up among the 30 MB of hashes. Slot and tag are a keyed hash,
// because info-hashes are chosen by strangers, who ask a public tracker to deny them, too.
// Parameters are positional: an object a call is what this code exists to avoid.

import { halfSipHash13 } from '../octets/half-siphash.ts';
import type { SipHashKey } from '../octets/siphash.ts';

export const INFO_HASH_OCTETS = 20;
const HASH_WORDS = 5;
/** So that a run of slots that are taken is short: 2 on average for what is there, 5 for what is not. */
const SLOTS_AN_ENTRY = 1.5;
const SMALLEST_SLOTS = 8;
/** The tag of an empty slot. */
const EMPTY = 0;

/** Where a table lies in the buffer of a compiled list: words from its start, first those of the hashes. */
export interface HashSetPlace {
  readonly start: number;
  readonly slots: number;
  /** Different hashes. */
  readonly count: number;
}

export interface HashSet {
  readonly key: SipHashKey;
  readonly hashes: Uint32Array;
  readonly tags: Uint16Array;
  /** Of those. */
  readonly slots: number;
}

/** Words that the table of so many hashes takes. */
export function hashSetWords(entries: number): number {
  const slots = slotsFor(entries);
  return slots * HASH_WORDS + slots / 2;
}

/** An even number, so that the tags end with a word. */
function slotsFor(entries: number): number {
  return Math.max(SMALLEST_SLOTS, 2 * Math.ceil((entries * SLOTS_AN_ENTRY) / 2));
}

/** The table that stands at `place`, as one thread sees it. */
export function attachHashSet(key: SipHashKey, buffer: SharedArrayBuffer, place: HashSetPlace): HashSet {
  const { start, slots } = place;
  const words = slots * HASH_WORDS;
  return {
    key,
    hashes: new Uint32Array(buffer, start * 4, words),
    tags: new Uint16Array(buffer, (start + words) * 4, slots),
    slots,
  };
}

/** Fills {@link hashSetWords} words of `buffer` from `start` on with `entries` hashes of 20 octets; twice is once. */
export function compileHashSet(
  key: SipHashKey,
  octets: Uint8Array,
  entries: number,
  buffer: SharedArrayBuffer,
  start: number,
): HashSetPlace {
  const slots = slotsFor(entries);
  const set = attachHashSet(key, buffer, { start, slots, count: 0 });
  set.tags.fill(EMPTY);
  let count = 0;
  for (let entry = 0; entry < entries; entry++) {
    const offset = entry * INFO_HASH_OCTETS;
    const hash = halfSipHash13(key, octets, offset, INFO_HASH_OCTETS);
    const slot = findSlot(set, hash, octets, offset);
    if (set.tags[slot] !== EMPTY) continue;
    set.tags[slot] = tagOf(hash);
    for (let word = 0; word < HASH_WORDS; word++) {
      set.hashes[slot * HASH_WORDS + word] = wordAt(octets, offset + word * 4);
    }
    count++;
  }
  return { start, slots, count };
}

/** Whether the 20 octets at `offset` are in the set. */
export function isInHashSet(set: HashSet, octets: Uint8Array, offset: number): boolean {
  const hash = halfSipHash13(set.key, octets, offset, INFO_HASH_OCTETS);
  return set.tags[findSlot(set, hash, octets, offset)] !== EMPTY;
}

/** The slot that has the hash, or the empty one that it would get. A third of all slots are empty. */
function findSlot(set: HashSet, hash: number, octets: Uint8Array, offset: number): number {
  const { tags, slots } = set;
  const wanted = tagOf(hash);
  // The upper bits choose the slot, because the lower ones are the tag.
  let slot = Math.floor(((hash >>> 0) / 0x100000000) * slots);
  for (;;) {
    const tag = tags[slot]!;
    if (tag === EMPTY || (tag === wanted && isHashAt(set, slot, octets, offset))) return slot;
    slot++;
    if (slot === slots) slot = 0;
  }
}

function tagOf(hash: number): number {
  return (hash & 0xffff) === EMPTY ? 1 : hash & 0xffff;
}

function wordAt(octets: Uint8Array, offset: number): number {
  return (
    (octets[offset]! |
      (octets[offset + 1]! << 8) |
      (octets[offset + 2]! << 16) |
      (octets[offset + 3]! << 24)) >>>
    0
  );
}

function isHashAt({ hashes }: HashSet, slot: number, octets: Uint8Array, offset: number): boolean {
  const at = slot * HASH_WORDS;
  for (let word = 0; word < HASH_WORDS; word++) {
    if (hashes[at + word] !== wordAt(octets, offset + word * 4)) return false;
  }
  return true;
}
