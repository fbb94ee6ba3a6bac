// Networks of one family as the borders of ranges, sorted: an address is in the set when an odd number of borders is not
// above it. Networks inside others vanish, neighbours grow together. Behind those of IPv4 stands an index by their upper
// bits (address-index.ts). Those of IPv6 share their upper bits; above them stand levels, each with every sixteenth key of
// the one below, so that a look-up reads one run of keys a level: a million networks are five or six runs, of which all
// but the last two stay in the processor's caches.
// Parameters are positional: an object a call is what this code exists to avoid.

import {
  type AddressIndex,
  addressIndexWords,
  attachAddressIndex,
  isInAddressIndex,
  writeAddressIndex,
} from './address-index.ts';

/** Keys of one run: four lines of cache. */
const RUN = 16;

/** Words of an address: 1 for IPv4, 4 for IPv6. */
export type AddressWords = 1 | 4;

/** Networks as they were read: for each its address, and then its length in bits. */
export interface Networks {
  readonly words: AddressWords;
  readonly entries: Uint32Array;
  readonly count: number;
}

/** Where a set lies in the buffer of a compiled list: words from its start. */
export interface AddressSetPlace {
  readonly words: AddressWords;
  readonly start: number;
  /** Words in all. */
  readonly length: number;
  readonly borders: number;
}

export interface AddressSet {
  /** Of IPv4, which needs no more than this. */
  readonly index: AddressIndex | undefined;
  readonly words: AddressWords;
  readonly keys: Uint32Array;
  /** Of each level, from the borders upwards: where it begins in `keys`, and how many keys it has. */
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

/** The borders of the networks with their index or the levels above them, and how many borders there are. */
export function compileAddressSet({ words, entries, count }: Networks): {
  keys: Uint32Array;
  borders: number;
} {
  const order = sortNetworks(entries, count, words + 1);
  const borders = findBorders(entries, order, words);
  const own = borders.keys.subarray(0, borders.count * words);
  if (words === 1) {
    const indexed = new Uint32Array(borders.count + addressIndexWords(borders.count));
    indexed.set(own);
    writeAddressIndex(indexed, borders.count);
    return { keys: indexed, borders: borders.count };
  }
  const sizes = levelSizes(borders.count);
  const keys = new Uint32Array(sizes.reduce((sum, size) => sum + size, 0) * words);
  keys.set(own);
  let below = 0;
  for (let level = 1; level < sizes.length; level++) {
    const above = below + sizes[level - 1]! * words;
    for (let key = 0; key < sizes[level]!; key++) {
      const from = below + key * RUN * words;
      keys.copyWithin(above + key * words, from, from + words);
    }
    below = above;
  }
  return { keys, borders: borders.count };
}

function levelSizes(borders: number): number[] {
  const sizes = [borders];
  while (sizes.at(-1)! > RUN) sizes.push(Math.ceil(sizes.at(-1)! / RUN));
  return sizes;
}

export function attachAddressSet(words: AddressWords, keys: Uint32Array, borders: number): AddressSet {
  const sizes = levelSizes(borders);
  const starts: number[] = [];
  let start = 0;
  for (const size of sizes) {
    starts.push(start);
    start += size * words;
  }
  return { index: words === 1 ? attachAddressIndex(keys, borders) : undefined, words, keys, starts, sizes };
}

/** Whether the address at the start of `octets`, 4 or 16 of them by the set's family, is in the set. */
export function isInAddressSet(set: AddressSet, octets: Uint8Array): boolean {
  const { index, words, keys, starts, sizes } = set;
  const first = readWord(octets, 0);
  if (index !== undefined) return isInAddressIndex(index, first);
  let place = 0;
  for (let level = sizes.length - 1; level >= 0; level--) {
    const run = place * RUN;
    const end = Math.min(run + RUN, sizes[level]!);
    const start = starts[level]!;
    let next = run;
    while (next < end && isNotAbove(keys, start + next * words, words, octets, first)) next++;
    // Below the highest level the first key of a run is one that was not above the address a level higher.
    if (next === run) return false;
    place = next - 1;
  }
  return (place & 1) === 0;
}

function isNotAbove(
  keys: Uint32Array,
  at: number,
  words: AddressWords,
  octets: Uint8Array,
  first: number,
): boolean {
  const key = keys[at]!;
  if (key !== first) return key < first;
  for (let word = 1; word < words; word++) {
    const own = readWord(octets, word * 4);
    const other = keys[at + word]!;
    if (own !== other) return other < own;
  }
  return true;
}

function readWord(octets: Uint8Array, at: number): number {
  return ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
}

/**
 * The numbers of the entries by address, and of one address by length, shortest first. By digits of 16 bits, from the
 * last to the first: comparing a million addresses of four words takes seconds.
 */
function sortNetworks(entries: Uint32Array, count: number, stride: number): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, index) => index);
  let other = new Uint32Array(count);
  const places = new Uint32Array(0x10000);
  for (let digit = stride * 2 - 1; digit >= 0; digit--) {
    const isLength = digit >= (stride - 1) * 2;
    // A length is below 65,536: its upper half is zero always.
    if (isLength && digit % 2 === 0) continue;
    const shift = digit % 2 === 0 ? 16 : 0;
    const column = digit >> 1;
    places.fill(0);
    for (let index = 0; index < count; index++)
      places[(entries[index * stride + column]! >>> shift) & 0xffff]!++;
    let sum = 0;
    for (let value = 0; value < places.length; value++) {
      const size = places[value]!;
      places[value] = sum;
      sum += size;
    }
    for (let index = 0; index < count; index++) {
      const entry = order[index]!;
      const value = (entries[entry * stride + column]! >>> shift) & 0xffff;
      other[places[value]!++] = entry;
    }
    [order, other] = [other, order];
  }
  return order;
}

function findBorders(
  entries: Uint32Array,
  order: Uint32Array,
  words: AddressWords,
): { keys: Uint32Array; count: number } {
  const keys = new Uint32Array(order.length * 2 * words);
  let count = 0;
  for (let index = 0; index < order.length; index++) {
    const entry = order[index]! * (words + 1);
    // An odd number of borders: the last range has no end, and there is nothing behind it.
    if (count % 2 === 1) break;
    const order0 = count === 0 ? 1 : compareWords(entries, entry, keys, (count - 1) * words, words);
    if (order0 < 0) continue;
    if (order0 === 0) count--;
    else {
      for (let word = 0; word < words; word++) keys[count * words + word] = entries[entry + word]!;
      count++;
    }
    if (writeEnd(entries, entry, words, keys, count * words)) count++;
  }
  return { keys, count };
}

function compareWords(
  one: Uint32Array,
  at: number,
  other: Uint32Array,
  otherAt: number,
  words: AddressWords,
): number {
  for (let word = 0; word < words; word++) {
    const difference = one[at + word]! - other[otherAt + word]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first address behind the network; false where there is none. */
function writeEnd(
  entries: Uint32Array,
  entry: number,
  words: AddressWords,
  keys: Uint32Array,
  at: number,
): boolean {
  const bits = entries[entry + words]!;
  for (let word = 0; word < words; word++) keys[at + word] = entries[entry + word]!;
  if (bits === 0) return false;
  let carry = 2 ** (31 - ((bits - 1) & 31));
  for (let word = (bits - 1) >> 5; word >= 0 && carry > 0; word--) {
    const sum = keys[at + word]! + carry;
    keys[at + word] = sum;
    carry = sum > 0xffffffff ? 1 : 0;
  }
  return carry === 0;
}
