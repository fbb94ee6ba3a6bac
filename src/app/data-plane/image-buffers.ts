// Memory for zone images, used again and again: a worker that allocates nothing never collects garbage, so that a new
// buffer a reload would stay for good on its side (60 reloads of a large zone took 6 GB when that was tried).

import { isLeased } from '../../core/transfer/image-lease.ts';
import { type CollapsePages, createPageCollapse } from '../../io/packet-engine/huge-pages.ts';

/** Free buffers that are kept for the next edit; more are left to the collector. */
const MAX_FREE_BUFFERS = 4;
/** A free buffer this many times too large is left for a larger zone. */
const MAX_WASTE = 4;
/** The smallest buffer: a page and then some, so that small edits of a small zone never need another. */
const MIN_BUFFER_OCTETS = 64 * 1024;

export interface ImageBuffers {
  /** At least `octets` long; what it held before is still in it. */
  readonly allocate: (octets: number) => SharedArrayBuffer;
  /**
   * Says which buffers are published, once every worker answers from those. All others are free from then on, each as
   * soon as no transfer reads it any more.
   */
  keepOnly(published: Iterable<SharedArrayBuffer>): void;
  /** An image that is to be published later: it is not free meanwhile. Returns what ends that; safe twice. */
  hold(buffer: SharedArrayBuffer): () => void;
}

export function createImageBuffers(collapsePages: CollapsePages = createPageCollapse()): ImageBuffers {
  /** Bounded by the zones that are served, and those being compiled. */
  let lent = new Set<SharedArrayBuffer>();
  let free: SharedArrayBuffer[] = [];
  /** Bounded by the zones that are served. */
  let served = new Set<SharedArrayBuffer>();
  /** Bounded by the images that wait for a publication. */
  const held = new Set<SharedArrayBuffer>();
  return {
    allocate(octets) {
      const fitting = free
        .filter(({ byteLength }) => byteLength >= octets && byteLength <= roundedSize(octets) * MAX_WASTE)
        .filter((buffer) => !isLeased(buffer))
        .sort((left, right) => left.byteLength - right.byteLength)[0];
      const buffer = fitting ?? new SharedArrayBuffer(roundedSize(octets));
      free = free.filter((other) => other !== buffer);
      lent.add(buffer);
      return buffer;
    },
    keepOnly(published) {
      const kept = new Set(published);
      const released = [...lent].filter((buffer) => !kept.has(buffer) && !held.has(buffer));
      lent = new Set([...kept, ...held]);
      for (const buffer of kept) if (!served.has(buffer)) collapsePages(buffer);
      served = new Set(kept);
      free = [...released, ...free].slice(0, MAX_FREE_BUFFERS);
    },
    hold(buffer) {
      held.add(buffer);
      return () => void held.delete(buffer);
    },
  };
}

/** The next of 4, 5, 6, 7 times a power of two: a zone that grows a little keeps its buffer. */
function roundedSize(octets: number): number {
  let step = MIN_BUFFER_OCTETS / 4;
  while (step * 7 < octets) step *= 2;
  return Math.max(4, Math.ceil(octets / step)) * step;
}
