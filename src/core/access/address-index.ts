// What leads to the borders of IPv4 ranges: by the upper bits of an address, a bit that says whether anything near it is
// in the set, and the run of borders in which the rest is sought. What is far from all ranges, most addresses at most
// lists, is known from one bit, 2 MB of them for a million entries; what is not, from a run of some sixteen borders.
// Parameters are positional: an object a call is what this code exists to avoid.

const ADDRESS_BITS = 32;
/** Borders a run, at least on average, up to the next power of two. */
const RUN = 16;
/** 256 KB, which a processor's second cache holds. */
const MAX_RUN_BITS = 16;
/** Two borders a lone address: of what is not in a set of those, one in sixteen is sought all the same. */
const FILTER_BITS_A_BORDER = 8;
/** One a /24: 2 MB, which is what a million lone addresses take. */
const MAX_FILTER_BITS = 24;
/** A word. */
const MIN_FILTER_BITS = 5;

export interface AddressIndex {
  /** Sorted; an address is in the set when an odd number of them is not above it. */
  readonly borders: Uint32Array;
  /** By the upper bits of an address: the number of borders below all that have these; one more at the end. */
  readonly runs: Uint32Array;
  readonly runShift: number;
  /** By the upper bits of an address, a bit: whether one that has these is in the set. */
  readonly filter: Uint32Array;
  readonly filterShift: number;
}

/** Words that stand behind so many borders. */
export function addressIndexWords(borders: number): number {
  return 2 ** runBits(borders) + 1 + 2 ** filterBits(borders) / 32;
}

function runBits(borders: number): number {
  return Math.min(MAX_RUN_BITS, Math.max(1, Math.ceil(Math.log2(borders / RUN))));
}

function filterBits(borders: number): number {
  const bits = Math.ceil(Math.log2(borders * FILTER_BITS_A_BORDER));
  return Math.min(MAX_FILTER_BITS, Math.max(MIN_FILTER_BITS, bits));
}

/** `words` holds the borders and what {@link writeAddressIndex} wrote behind them. */
export function attachAddressIndex(words: Uint32Array, borders: number): AddressIndex {
  const runsEnd = borders + 2 ** runBits(borders) + 1;
  return {
    borders: words.subarray(0, borders),
    runs: words.subarray(borders, runsEnd),
    runShift: ADDRESS_BITS - runBits(borders),
    filter: words.subarray(runsEnd, borders + addressIndexWords(borders)),
    filterShift: ADDRESS_BITS - filterBits(borders),
  };
}

/** Fills what stands behind the borders, which is zero before. */
export function writeAddressIndex(words: Uint32Array, count: number): void {
  const { borders, runs, runShift, filter, filterShift } = attachAddressIndex(words, count);
  let border = 0;
  for (let run = 0; run < runs.length - 1; run++) {
    while (border < count && borders[border]! >>> runShift < run) border++;
    runs[run] = border;
  }
  runs[runs.length - 1] = count;
  for (let start = 0; start < count; start += 2) {
    const last = start + 1 < count ? borders[start + 1]! - 1 : 0xffffffff;
    for (let bit = borders[start]! >>> filterShift; bit <= last >>> filterShift; bit++)
      filter[bit >>> 5]! |= 1 << (bit & 31);
  }
}

/** Whether the address, as a number, is in the set. */
export function isInAddressIndex(index: AddressIndex, address: number): boolean {
  const { borders, runs, runShift, filter, filterShift } = index;
  const bit = address >>> filterShift;
  if (((filter[bit >>> 5]! >>> (bit & 31)) & 1) === 0) return false;
  const run = address >>> runShift;
  let low = runs[run]!;
  let high = runs[run + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (borders[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  return (low & 1) === 1;
}
