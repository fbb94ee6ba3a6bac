// Fetches what a batch of queries to large zones is about to need. A look-up waits twice for memory that no cache holds,
// for the slot of a name and then for its node; touched one after the other for the whole batch, those waits overlap
// (1,000,000 names: 450 ns a query in place of 560). Nothing that is read here decides an answer.
// Non-null assertions: indices are bounded by MAX_QUERIES and by the image that made them.

import { MAX_LABELS } from '../../dns/name.ts';
import { labelHash, rootHash } from '../../dns/name-hash.ts';
import { HEADER_OCTETS } from '../../dns/query.ts';
import type { PacketPrefetch } from '../../net/packet-handler.ts';
import { apexHash, type Catalog } from '../image/catalog.ts';
import { Header, type ZoneImage } from '../image/image.ts';

/** Queries of a batch that are looked at: what one call of recvmmsg brings. */
const MAX_QUERIES = 64;
/**
 * Octets of the smallest image that gains by it, some 200,000 names: reading a batch's names twice costs 40 ns a query,
 * and what the first-level and second-level caches miss of a smaller one comes sooner than that.
 */
const MIN_IMAGE_OCTETS = 16 * 1024 * 1024;
/** Images that names are compared with, the largest: each costs every query a comparison. */
const MAX_IMAGES = 8;
/** Words of a cache line: small nodes span two. */
const LINE_WORDS = 16;

export interface ZonePrefetch {
  /** From the next batch on, queries are for zones of `catalog`. */
  publish(catalog: Catalog): void;
  readonly prefetch: PacketPrefetch;
}

interface LargeZone {
  readonly words: Uint32Array;
  readonly apexHash: number;
  readonly apexLabels: number;
  /** Word index of the first. */
  readonly slots: number;
  readonly slotMask: number;
}

/** For one worker: it owns the scratch memory. */
export function createZonePrefetch(): ZonePrefetch {
  const starts = new Uint32Array(MAX_LABELS);
  const slots = new Uint32Array(MAX_QUERIES);
  const nodes = new Uint32Array(MAX_QUERIES);
  /** Of the queries found; bounded by MAX_QUERIES. */
  const found: Uint32Array[] = [];
  /** Written to, so that no compiler drops the reads. */
  const touched = new Uint32Array(1);
  let zones: readonly LargeZone[] = [];
  let root = 0;

  /** Notes the slot of the name asked as number `index` where its zone is a large one; returns the next number. */
  function place(index: number, request: Uint8Array, name: number, end: number): number {
    let labels = 0;
    for (let at = name; request[at] !== 0; at += request[at]! + 1) {
      if (request[at]! > 63 || labels === MAX_LABELS || at + request[at]! + 1 >= end) return index;
      starts[labels++] = at;
    }
    let hash = root;
    let zone: LargeZone | undefined;
    for (let label = labels - 1; label >= 0; label--) {
      hash = labelHash(hash, request, starts[label]!);
      for (const candidate of zones)
        if (candidate.apexHash === hash && candidate.apexLabels === labels - label) zone = candidate;
    }
    if (zone === undefined) return index;
    found[index] = zone.words;
    slots[index] = zone.slots + (hash & zone.slotMask) * 2;
    return index + 1;
  }

  return {
    publish(catalog) {
      root = rootHash(catalog.seed);
      zones = catalog.images
        .filter(({ octets }) => octets.length >= MIN_IMAGE_OCTETS)
        .sort((left, right) => right.octets.length - left.octets.length)
        .slice(0, MAX_IMAGES)
        .map(describe);
      found.length = 0;
    },
    prefetch(requests, offset, stride, count) {
      if (zones.length === 0) return;
      let queries = 0;
      for (let packet = 0; packet < count && packet < MAX_QUERIES; packet++) {
        const start = offset + packet * stride;
        queries = place(queries, requests, start + HEADER_OCTETS, start + stride);
      }
      for (let index = 0; index < queries; index++) nodes[index] = found[index]![slots[index]! + 1]! >>> 2;
      for (let index = 0; index < queries; index++) {
        const words = found[index]!;
        const node = nodes[index]!;
        touched[0]! ^= words[node]! ^ words[Math.min(node + LINE_WORDS, words.length - 1)]!;
      }
    },
  };
}

function describe(image: ZoneImage): LargeZone {
  const { apexLabels, seed, words } = image;
  return {
    words,
    apexHash: apexHash(image, seed),
    apexLabels,
    slots: words[Header.slots]! >>> 2,
    slotMask: words[Header.slotMask]!,
  };
}
