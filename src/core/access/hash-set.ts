// Info-hashes in an open-addressed table of shared memory, at most half full, with the hashes themselves in the slots: one
// wait for memory finds what is there. Behind it stands a Bloom filter in blocks of a word, 2 MB for a million hashes, for
// who asks for what is likely not there: that is known from memory that the processor mostly has at hand.
//
// Both are chosen by a keyed hash, because info-hashes are chosen by strangers, who ask a public tracker to deny them, too.
// It is no SipHash, which would cost as much as the rest: every word meets a multiplier that nobody knows, and all that a
// stranger could win is that look-ups of the hashes that he had put on the list take longer (Linux's ipset hashes so, too).
// Parameters are positional: an object a call is what this code exists to avoid.

export const INFO_HASH_OCTETS = 20;
const HASH_WORDS = 5;
/** 1.5 slots are looked at on average for what is there, 2.5 for what is not. */
const SLOTS_AN_ENTRY = 2;
/** At least; with three of them set a hash, one in a hundred that is not there is looked for all the same. */
const BITS_AN_ENTRY = 16;
/** 2^32 by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4). */
const FILTER_MULTIPLIER = 0x9e3779b1;
/** Two slots: more are seldom looked at. */
const TOUCHED_WORDS = 2 * HASH_WORDS;
const SMALLEST_TABLE = 8;

/** Multipliers, one a word: odd, and unknown to strangers. */
export type HashSetKey = Int32Array;
/** What a key is made of. */
export const HASH_SET_SECRET_OCTETS = HASH_WORDS * 4;

export function createHashSetKey(secret: Uint8Array): HashSetKey {
  if (secret.length < HASH_SET_SECRET_OCTETS) throw new RangeError('the key of a hash set has 20 octets');
  return Int32Array.from({ length: HASH_WORDS }, (_, word) => wordAt(secret, word * 4) | 1);
}

/** Where a set lies in the buffer of a compiled list: words from its start, first those of the table. */
export interface HashSetPlace {
  readonly start: number;
  /** Most hashes that it has room for. */
  readonly entries: number;
  /** Different hashes. */
  readonly count: number;
  /** The hash of 160 zeros, which would look like an empty slot, is one of them. */
  readonly hasZero: boolean;
}

export interface HashSet {
  readonly key: HashSetKey;
  readonly table: Int32Array;
  readonly filter: Int32Array;
  /** Bits that a hash is shifted by to choose a word of the filter. */
  readonly filterShift: number;
  readonly slots: number;
  readonly hasZero: boolean;
}

/** Words that the set of so many hashes takes. */
export function hashSetWords(entries: number): number {
  return slotsFor(entries) * HASH_WORDS + filterWords(entries);
}

function slotsFor(entries: number): number {
  return Math.max(SMALLEST_TABLE, entries * SLOTS_AN_ENTRY);
}

/** A power of two. */
function filterWords(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(SMALLEST_TABLE, (entries * BITS_AN_ENTRY) / 32)));
}

/** The set that stands at `place`, as one thread sees it. */
export function attachHashSet(key: HashSetKey, buffer: SharedArrayBuffer, place: HashSetPlace): HashSet {
  const { start, entries, hasZero } = place;
  const slots = slotsFor(entries);
  const words = filterWords(entries);
  return {
    key,
    table: new Int32Array(buffer, start * 4, slots * HASH_WORDS),
    filter: new Int32Array(buffer, (start + slots * HASH_WORDS) * 4, words),
    filterShift: 32 - Math.log2(words),
    slots,
    hasZero,
  };
}

/** Fills {@link hashSetWords} words of `buffer` from `start` on with `entries` hashes of 20 octets; twice is once. */
export function compileHashSet(
  key: HashSetKey,
  octets: Uint8Array,
  entries: number,
  buffer: SharedArrayBuffer,
  start: number,
): HashSetPlace {
  const set = attachHashSet(key, buffer, { start, entries, count: 0, hasZero: false });
  set.table.fill(0);
  set.filter.fill(0);
  let hasZero = false;
  let count = 0;
  for (let entry = 0; entry < entries; entry++) {
    const offset = entry * INFO_HASH_OCTETS;
    const hash = hashOf(key, octets, offset);
    const at = findSlot(set, hash, octets, offset);
    set.filter[hash >>> set.filterShift]! |= filterBitsOf(hash);
    if (isEmpty(set.table, at)) {
      const isZero = isHashAt(set.table, at, octets, offset);
      if (!isZero || !hasZero) count++;
      if (isZero) hasZero = true;
      for (let word = 0; word < HASH_WORDS; word++) set.table[at + word] = wordAt(octets, offset + word * 4);
    }
  }
  return { start, entries, count, hasZero };
}

/** Whether the 20 octets at `offset`, which likely are not, are in the set. */
export function isInHashSet(set: HashSet, octets: Uint8Array, offset: number): boolean {
  const hash = hashOf(set.key, octets, offset);
  const bits = filterBitsOf(hash);
  if ((set.filter[hash >>> set.filterShift]! & bits) !== bits) return false;
  return isInTable(set, hash, octets, offset);
}

/** The same where they likely are: nothing is asked but the table. */
export function isInLikelyHashSet(set: HashSet, octets: Uint8Array, offset: number): boolean {
  return isInTable(set, hashOf(set.key, octets, offset), octets, offset);
}

function isInTable(set: HashSet, hash: number, octets: Uint8Array, offset: number): boolean {
  const at = findSlot(set, hash, octets, offset);
  return !isEmpty(set.table, at) || (set.hasZero && isHashAt(set.table, at, octets, offset));
}

/** Reads what {@link isInHashSet} will first, so that it need not wait. What it returns means nothing. */
export function touchHashSet(set: HashSet, octets: Uint8Array, offset: number): number {
  return set.filter[hashOf(set.key, octets, offset) >>> set.filterShift]!;
}

/** Reads what {@link isInLikelyHashSet} will: both lines of cache over which most searches go. */
export function touchLikelyHashSet(set: HashSet, octets: Uint8Array, offset: number): number {
  const at = slotOf(set, hashOf(set.key, octets, offset));
  return set.table[at]! ^ set.table[Math.min(at + TOUCHED_WORDS, set.table.length) - 1]!;
}

function hashOf(key: HashSetKey, octets: Uint8Array, offset: number): number {
  let hash = 0;
  for (let word = 0; word < HASH_WORDS; word++) {
    hash ^= wordAt(octets, offset + word * 4);
    hash = Math.imul(hash ^ (hash >>> 15), key[word]!);
  }
  return hash ^ (hash >>> 16);
}

/** Three of a word, by the bits of the hash that chose the word least: an odd multiplier spreads them. */
function filterBitsOf(hash: number): number {
  const mixed = Math.imul(hash, FILTER_MULTIPLIER);
  return (1 << (mixed >>> 27)) | (1 << (mixed >>> 22)) | (1 << (mixed >>> 17));
}

/** Where in the table the hash stands, or the empty slot is that it would get: half of all are empty. */
function findSlot(set: HashSet, hash: number, octets: Uint8Array, offset: number): number {
  const { table } = set;
  const end = set.slots * HASH_WORDS;
  let at = slotOf(set, hash);
  while (!isHashAt(table, at, octets, offset) && !isEmpty(table, at)) {
    at += HASH_WORDS;
    if (at === end) at = 0;
  }
  return at;
}

/** Where in the table the search for a hash begins. */
function slotOf({ slots }: HashSet, hash: number): number {
  return Math.floor(((hash >>> 0) / 0x100000000) * slots) * HASH_WORDS;
}

function wordAt(octets: Uint8Array, offset: number): number {
  return (
    octets[offset]! | (octets[offset + 1]! << 8) | (octets[offset + 2]! << 16) | (octets[offset + 3]! << 24)
  );
}

function isHashAt(table: Int32Array, at: number, octets: Uint8Array, offset: number): boolean {
  for (let word = 0; word < HASH_WORDS; word++) {
    if (table[at + word] !== wordAt(octets, offset + word * 4)) return false;
  }
  return true;
}

function isEmpty(table: Int32Array, at: number): boolean {
  return (table[at]! | table[at + 1]! | table[at + 2]! | table[at + 3]! | table[at + 4]!) === 0;
}
