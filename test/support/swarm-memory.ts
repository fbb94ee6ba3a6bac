// What tests see of a swarm table from outside: who holds a lock of it, and how much of its memory was ever written.

import { FRONTIER, type Heap, LARGE_FRONTIER, PAGE_OCTETS } from '../../src/core/swarm/heap.ts';
import { MAX_OWNER } from '../../src/core/swarm/lock.ts';

/** Who holds the lock at this moment; 0 is nobody. */
export function lockOwner(words: Int32Array, at: number): number {
  return Atomics.load(words, at) & MAX_OWNER;
}

/** Octets of all pages that have been written, before or after. */
export function touchedOctets({ state }: Heap): number {
  return (state[FRONTIER]! + state[LARGE_FRONTIER]!) * PAGE_OCTETS;
}
