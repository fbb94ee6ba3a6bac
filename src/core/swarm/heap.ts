// A buddy allocator over one (shared) buffer of 32-bit words: everything in a swarm that has no fixed size. Blocks
// have 2^order words and merge with their buddy when freed, so that swarms that grow in step leave no holes. Links
// of free blocks live inside them; the only other state is one bit for each smallest block.
//
// The buffer is reserved whole at the start and its pages are touched in order: the system gives memory as it is used.

/** 8 words, 32 octets: one IPv4 peer. */
export const MIN_BLOCK_ORDER = 3;
/** 4 MiB: the largest block there can be, and the step in which the heap touches new memory. */
const MAX_BLOCK_ORDER = 20;

/** What `allocate` returns when nothing is free; offset 0 is never handed out. */
export const NO_BLOCK = 0;

const NEXT = 0;
const PREVIOUS = 1;
const ORDER = 2;

// Offsets in `state`: the first word never used yet, words handed out, then one list head for each order.
const FRONTIER = 0;
const USED = 1;
const HEADS = 2;

export interface Heap {
  readonly words: Int32Array;
  /** The same memory. */
  readonly halves: Uint16Array;
  /** The same memory. */
  readonly octets: Uint8Array;
  /** One bit a smallest block, set where a free block begins. */
  readonly freeBits: Uint8Array;
  readonly state: Int32Array;
  readonly topOrder: number;
}

/** `sizeOctets` is rounded up to a power of two below 4 MiB and to a multiple of 4 MiB above. */
export function createHeap(sizeOctets: number): Heap {
  const wanted = Math.max(sizeOctets >>> 2, 1 << (MIN_BLOCK_ORDER + 1));
  const topOrder = Math.min(MAX_BLOCK_ORDER, Math.ceil(Math.log2(wanted)));
  const size = Math.ceil(wanted / 2 ** topOrder) * 2 ** topOrder;
  const buffer = new SharedArrayBuffer(size * 4);
  const heap: Heap = {
    words: new Int32Array(buffer),
    halves: new Uint16Array(buffer),
    octets: new Uint8Array(buffer),
    freeBits: new Uint8Array(new SharedArrayBuffer(Math.ceil(size / (8 << MIN_BLOCK_ORDER)))),
    state: new Int32Array(new SharedArrayBuffer((HEADS + MAX_BLOCK_ORDER + 1) * 4)),
    topOrder,
  };
  allocate(heap, MIN_BLOCK_ORDER);
  return heap;
}

/** Words from the start that may have been used; the rest was never written. */
export function touchedWords({ words, state }: Heap): number {
  return Math.min(Math.max(state[FRONTIER]!, 0), words.length);
}

/** Forgets every block, whatever the state was. */
export function resetHeap(heap: Heap): void {
  heap.freeBits.fill(0);
  heap.state.fill(0);
  allocate(heap, MIN_BLOCK_ORDER);
}

/** Octets in blocks that are handed out, the rounding of their sizes included. */
export function heapUsedOctets(heap: Heap): number {
  return heap.state[USED]! * 4;
}

/** The smallest order whose block holds `octets`. */
export function orderFor(octets: number): number {
  const words = (octets + 3) >>> 2;
  return Math.max(MIN_BLOCK_ORDER, 32 - Math.clz32(words - 1));
}

/** The word offset of a block of 2^`order` words, contents undefined; {@link NO_BLOCK} when the heap is full. */
export function allocate(heap: Heap, order: number): number {
  if (order > heap.topOrder) return NO_BLOCK;
  const { state } = heap;
  let found = order;
  while (found <= heap.topOrder && state[HEADS + found] === 0) found++;
  let block: number;
  if (found <= heap.topOrder) {
    block = state[HEADS + found]! - 1;
    unlink(heap, block, found);
  } else {
    found = heap.topOrder;
    block = state[FRONTIER]!;
    if (block >= heap.words.length) return NO_BLOCK;
    state[FRONTIER] = block + (1 << found);
  }
  while (found > order) {
    found--;
    link(heap, block + (1 << found), found);
  }
  state[USED] = state[USED]! + (1 << order);
  return block;
}

/** Gives back what {@link allocate} gave, with the same order. */
export function release(heap: Heap, block: number, order: number): void {
  heap.state[USED] = heap.state[USED]! - (1 << order);
  let start = block;
  let size = order;
  while (size < heap.topOrder) {
    const buddy = start ^ (1 << size);
    if (!isFree(heap, buddy) || heap.words[buddy + ORDER] !== size) break;
    unlink(heap, buddy, size);
    start &= ~(1 << size);
    size++;
  }
  link(heap, start, size);
}

function isFree(heap: Heap, block: number): boolean {
  const unit = block >>> MIN_BLOCK_ORDER;
  return (heap.freeBits[unit >>> 3]! & (1 << (unit & 7))) !== 0;
}

/** List links are offsets + 1, because 0 ends a list. */
function link(heap: Heap, block: number, order: number): void {
  const { words, state } = heap;
  const next = state[HEADS + order]!;
  words[block + NEXT] = next;
  words[block + PREVIOUS] = 0;
  words[block + ORDER] = order;
  if (next !== 0) words[next - 1 + PREVIOUS] = block + 1;
  state[HEADS + order] = block + 1;
  const unit = block >>> MIN_BLOCK_ORDER;
  heap.freeBits[unit >>> 3]! |= 1 << (unit & 7);
}

function unlink(heap: Heap, block: number, order: number): void {
  const { words, state } = heap;
  const next = words[block + NEXT]!;
  const previous = words[block + PREVIOUS]!;
  if (next !== 0) words[next - 1 + PREVIOUS] = previous;
  if (previous !== 0) words[previous - 1 + NEXT] = next;
  else state[HEADS + order] = next;
  const unit = block >>> MIN_BLOCK_ORDER;
  heap.freeBits[unit >>> 3]! &= ~(1 << (unit & 7));
}
