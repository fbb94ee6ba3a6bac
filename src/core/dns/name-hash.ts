// The hash under which names stand in a zone image and apexes in a catalog.

import { FOLD } from './name.ts';

/** FNV-1a's prime: one multiplication an octet, and good enough where every hit is compared in full. */
const PRIME = 0x01000193;

/** The hash of the root; `seed` is any 32-bit number, the same for all images of a catalog. */
export function rootHash(seed: number): number {
  return (seed ^ 0x811c9dc5) >>> 0;
}

/**
 * The hash of a name from that of its parent and its first label, which starts (with its length octet) at `offset`.
 * Right to left, so that one pass over a question yields the hash of every ancestor.
 */
export function labelHash(parent: number, octets: Uint8Array, offset: number): number {
  const end = offset + octets[offset]!;
  let hash = Math.imul(parent ^ octets[offset]!, PRIME);
  for (let index = offset + 1; index <= end; index++) hash = Math.imul(hash ^ FOLD[octets[index]!]!, PRIME);
  hash ^= hash >>> 15;
  return hash >>> 0;
}
