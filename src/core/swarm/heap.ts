// An allocator without holes, over one (shared) buffer of 32-bit words: everything in a swarm that has no fixed size.
// Pages of 4 KiB hold blocks of one size each, and the blocks of a size are dense: when one in the middle is given
// back, the last of that size moves into its place, and its owner is told (blocks.ts). So all that is ever wasted is
// the rest of one page a size, and what a block's size is rounded up by. Blocks longer than a page, of which only the
// largest swarms have any, are two pages from the other end.
//
// The buffer is reserved whole at the start and its pages are touched in order: the system gives memory as it is used.
// Non-null assertions: offsets are checked by who makes them, and the checks would be paid several times a packet.

export const PAGE_WORDS = 1024;
const PAGE_SHIFT = 10;
export const PAGE_OCTETS = PAGE_WORDS * 4;
/** The longest block. */
export const LARGE_WORDS = 2 * PAGE_WORDS;

/** What `allocate` returns when nothing is free; no block is at offset 0, where records or an unused page stand. */
export const NO_BLOCK = 0;

/** A block of one IPv4 peer. */
const SMALLEST_WORDS = 4;
/** Up to here there is a class for each number of words. */
const FINE_WORDS = 16;
/** Beyond, each class is larger than the one before by this share of it, or by what the next division of a page gives. */
const CLASS_STEP = 1 / 14;

/** Words of a block, by class. */
export const CLASS_WORDS: Int32Array = classSizes();
/** The smallest class whose blocks have so many words. */
const CLASS_BY_WORDS: Uint8Array = classesByWords();

function classSizes(): Int32Array {
  const sizes: number[] = [];
  for (let words = SMALLEST_WORDS; words <= FINE_WORDS; words++) sizes.push(words);
  for (let blocks = Math.floor(PAGE_WORDS / FINE_WORDS); blocks > 0; blocks--) {
    const words = Math.floor(PAGE_WORDS / blocks);
    if (words > sizes.at(-1)! * (1 + CLASS_STEP)) sizes.push(words);
  }
  sizes.push(LARGE_WORDS);
  return Int32Array.from(sizes);
}

function classesByWords(): Uint8Array {
  const classes = new Uint8Array(LARGE_WORDS + 1);
  let sizeClass = 0;
  for (let words = 0; words <= LARGE_WORDS; words++) {
    if (words > CLASS_WORDS[sizeClass]!) sizeClass++;
    classes[words] = sizeClass;
  }
  return classes;
}

const LARGE_CLASS = CLASS_WORDS.length - 1;

// Words of `state`: pages touched so far at either end, the first of the free pages + 1 at either end, pages in use,
// and for each class its last page + 1 and the blocks in it.
/** Word of `state`: pages touched so far from the start. */
export const FRONTIER = 0;
/** Word of `state`: pages touched so far from the end. */
export const LARGE_FRONTIER = 1;
const FREE_PAGE = 2;
const FREE_LARGE = 3;
const USED_PAGES = 4;
const LAST_PAGE = 5;
const LAST_COUNT = LAST_PAGE + CLASS_WORDS.length;
const STATE_WORDS = LAST_COUNT + CLASS_WORDS.length;

export interface Heap {
  readonly words: Int32Array;
  /** The same memory. */
  readonly halves: Uint16Array;
  /** The same memory. */
  readonly octets: Uint8Array;
  /** Word offset of the first page; what stands before it is not the heap's. */
  readonly start: number;
  /** By page: the class of its blocks. */
  readonly pageClasses: Uint8Array;
  /** By page: the page of the same class before it, or the next free page, + 1. */
  readonly pageLinks: Int32Array;
  readonly state: Int32Array;
}

/** `sizeOctets` is rounded up to whole pages, and so are the `reservedWords` before them. */
export function createHeap(sizeOctets: number, reservedWords = 0): Heap {
  const pages = Math.max(1, Math.ceil(sizeOctets / PAGE_OCTETS));
  const start = Math.max(1, Math.ceil(reservedWords / PAGE_WORDS)) * PAGE_WORDS;
  const buffer = new SharedArrayBuffer((start + pages * PAGE_WORDS) * 4);
  return {
    words: new Int32Array(buffer),
    halves: new Uint16Array(buffer),
    octets: new Uint8Array(buffer),
    start,
    pageClasses: new Uint8Array(new SharedArrayBuffer(pages)),
    pageLinks: new Int32Array(new SharedArrayBuffer(pages * 4)),
    state: new Int32Array(new SharedArrayBuffer(STATE_WORDS * 4)),
  };
}

/** End of the words that may have been used; the rest was never written. */
export function touchedEnd({ words, start, state }: Heap): number {
  if (state[LARGE_FRONTIER] !== 0) return words.length;
  const end = start + Math.max(state[FRONTIER]!, 0) * PAGE_WORDS;
  return Math.min(end, words.length);
}

/** Forgets every block, whatever the state was; pages once touched are the system's to hold. */
export function resetHeap({ state }: Heap): void {
  state.fill(0);
}

/** Octets of all pages that hold blocks. */
export function heapUsedOctets({ state }: Heap): number {
  return state[USED_PAGES]! * PAGE_OCTETS;
}

/** Less than a sixteenth of the pages is left: for swarms that live, when new ones are kept from it. */
export function isNearlyFull({ state, pageLinks }: Heap): boolean {
  return (pageLinks.length - state[USED_PAGES]!) * 16 < pageLinks.length;
}

/** The smallest class whose blocks hold `words`, which are at most {@link LARGE_WORDS}. */
export function classFor(words: number): number {
  return CLASS_BY_WORDS[words]!;
}

/** The class of a block that was allocated. */
export function classOf({ start, pageClasses }: Heap, block: number): number {
  return pageClasses[(block - start) >>> PAGE_SHIFT]!;
}

/** The word offset of a block, contents undefined; {@link NO_BLOCK} when the heap is full. */
export function allocate(heap: Heap, sizeClass: number): number {
  if (sizeClass === LARGE_CLASS) return allocateLarge(heap);
  const { state } = heap;
  const size = CLASS_WORDS[sizeClass]!;
  let page = state[LAST_PAGE + sizeClass]! - 1;
  let count = state[LAST_COUNT + sizeClass]!;
  if (page < 0 || (count + 1) * size > PAGE_WORDS) {
    const fresh = takePage(heap);
    if (fresh < 0) return NO_BLOCK;
    heap.pageLinks[fresh] = page + 1;
    heap.pageClasses[fresh] = sizeClass;
    state[LAST_PAGE + sizeClass] = fresh + 1;
    page = fresh;
    count = 0;
  }
  state[LAST_COUNT + sizeClass] = count + 1;
  return heap.start + (page << PAGE_SHIFT) + count * size;
}

function takePage({ state, pageLinks }: Heap): number {
  let page = state[FREE_PAGE]! - 1;
  if (page >= 0) state[FREE_PAGE] = pageLinks[page]!;
  else {
    page = state[FRONTIER]!;
    if (page + state[LARGE_FRONTIER]! >= pageLinks.length) return -1;
    state[FRONTIER] = page + 1;
  }
  state[USED_PAGES] = state[USED_PAGES]! + 1;
  return page;
}

function allocateLarge(heap: Heap): number {
  const { state, pageLinks, pageClasses } = heap;
  let page = state[FREE_LARGE]! - 1;
  if (page >= 0) state[FREE_LARGE] = pageLinks[page]!;
  else {
    page = pageLinks.length - state[LARGE_FRONTIER]! - 2;
    if (page < state[FRONTIER]!) return NO_BLOCK;
    state[LARGE_FRONTIER] = state[LARGE_FRONTIER]! + 2;
    pageClasses[page] = LARGE_CLASS;
  }
  state[USED_PAGES] = state[USED_PAGES]! + 2;
  return heap.start + (page << PAGE_SHIFT);
}

function releaseLarge({ state, pageLinks, start }: Heap, block: number): void {
  const page = (block - start) >>> PAGE_SHIFT;
  pageLinks[page] = state[FREE_LARGE]!;
  state[FREE_LARGE] = page + 1;
  state[USED_PAGES] = state[USED_PAGES]! - 2;
}

/**
 * Gives back a block. True when another block, the last of its class, has moved to `block`: whoever owns that must
 * be told.
 */
export function release(heap: Heap, block: number): boolean {
  const { words, state, pageLinks } = heap;
  const sizeClass = classOf(heap, block);
  if (sizeClass === LARGE_CLASS) {
    releaseLarge(heap, block);
    return false;
  }
  const size = CLASS_WORDS[sizeClass]!;
  const page = state[LAST_PAGE + sizeClass]! - 1;
  const count = state[LAST_COUNT + sizeClass]! - 1;
  const last = heap.start + (page << PAGE_SHIFT) + count * size;
  if (last !== block) words.copyWithin(block, last, last + size);
  if (count > 0) state[LAST_COUNT + sizeClass] = count;
  else {
    const before = pageLinks[page]!;
    state[LAST_PAGE + sizeClass] = before;
    state[LAST_COUNT + sizeClass] = before === 0 ? 0 : Math.floor(PAGE_WORDS / size);
    pageLinks[page] = state[FREE_PAGE]!;
    state[FREE_PAGE] = page + 1;
    state[USED_PAGES] = state[USED_PAGES]! - 1;
  }
  return last !== block;
}
