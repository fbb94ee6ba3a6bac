// Fetches what a batch of queries to large zones is about to need. A look-up waits twice for memory that no cache holds,
// for the slot of a name and then for its node; touched one after the other for the whole batch, those waits overlap
// (1,000,000 names: 470 ns a query in place of 650). Nothing that is read here decides an answer.
// Non-null assertions: indices are bounded by MAX_QUERIES and by the image that made them.

import { HEADER_OCTETS } from '../dns/query.ts';
import { QueryName } from '../dns/query-name.ts';
import type { PacketPrefetch } from '../net/packet-handler.ts';
import type { Catalog } from './catalog.ts';
import { Header, type ZoneImage } from './image.ts';

/** Queries of a batch that are looked at: what one call of recvmmsg brings. */
const MAX_QUERIES = 64;
/**
 * Octets from which on an image does not stay in a processor's second-level cache, 2 MiB in today's servers: a smaller
 * one gains nothing, and is answered from as it was.
 */
const MIN_IMAGE_OCTETS = 4 * 1024 * 1024;
/** Words of a cache line: small nodes span two. */
const LINE_WORDS = 16;

export interface ZonePrefetch {
  /** From the next batch on, queries are for zones of `catalog`. */
  publish(catalog: Catalog): void;
  readonly prefetch: PacketPrefetch;
}

/** For one worker: it owns the scratch memory. */
export function createZonePrefetch(): ZonePrefetch {
  const name = new QueryName();
  const slots = new Uint32Array(MAX_QUERIES);
  const nodes = new Uint32Array(MAX_QUERIES);
  /** Bounded by MAX_QUERIES. */
  const images: ZoneImage[] = [];
  let catalog: Catalog | undefined;
  /** Written to, so that no compiler drops the reads. */
  const touched = new Uint32Array(1);

  /** The slot of the name asked, if its zone is a large one. */
  function place(found: number, request: Uint8Array, offset: number, end: number): number {
    if (name.readQuestion(request, offset, offset + HEADER_OCTETS, end) < 0) return found;
    name.hash(catalog!.seed);
    const image = catalog!.find(name, 0);
    if (image === undefined || image.octets.length < MIN_IMAGE_OCTETS) return found;
    const { words } = image;
    images[found] = image;
    slots[found] = (words[Header.slots]! >>> 2) + (name.hashes[0]! & words[Header.slotMask]!) * 2;
    return found + 1;
  }

  return {
    publish(next) {
      const isLarge = next.images.some(({ octets }) => octets.length >= MIN_IMAGE_OCTETS);
      catalog = isLarge ? next : undefined;
      images.length = 0;
    },
    prefetch(requests, offset, stride, count) {
      if (catalog === undefined) return;
      let found = 0;
      for (let index = 0; index < Math.min(count, MAX_QUERIES); index++) {
        const start = offset + index * stride;
        found = place(found, requests, start, start + stride);
      }
      for (let index = 0; index < found; index++)
        nodes[index] = images[index]!.words[slots[index]! + 1]! >>> 2;
      for (let index = 0; index < found; index++) {
        const { words } = images[index]!;
        const node = nodes[index]!;
        touched[0]! ^= words[node]! ^ words[Math.min(node + LINE_WORDS, words.length - 1)]!;
      }
    },
  };
}
