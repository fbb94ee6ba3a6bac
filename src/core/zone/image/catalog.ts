// The zones that are served, by apex: longest match (RFC 1034 §4.3.2 step 2). Immutable; an edit makes a new one.

import { labelCount } from '../../dns/name.ts';
import { labelHash, rootHash } from '../../dns/name-hash.ts';
import type { QueryName } from '../../dns/query-name.ts';
import type { ZoneImage } from './image.ts';

export class Catalog {
  readonly images: readonly ZoneImage[];
  /** The seed that all images share. */
  readonly seed: number;
  private readonly hashes: Uint32Array;
  /** Index into `images` plus 1; 0 is free. */
  private readonly slots: Uint32Array;
  private readonly fewestLabels: number;
  private readonly mostLabels: number;

  constructor(images: readonly ZoneImage[], seed: number) {
    if (images.some((image) => image.seed !== seed))
      throw new TypeError('images of one catalog share a seed');
    this.images = images;
    this.seed = seed;
    let capacity = 8;
    while (capacity < images.length * 2) capacity *= 2;
    this.slots = new Uint32Array(capacity);
    this.hashes = new Uint32Array(capacity);
    for (const [index, image] of images.entries()) this.place(apexHash(image, seed), index);
    const labels = images.map((image) => image.apexLabels);
    this.fewestLabels = images.length === 0 ? 1 : Math.min(...labels);
    this.mostLabels = images.length === 0 ? 0 : Math.max(...labels);
  }

  /** The image of the closest apex at or above the name that starts at label `from`, or undefined. */
  find(name: QueryName, from: number): ZoneImage | undefined {
    const last = name.labels - this.fewestLabels;
    for (let label = Math.max(from, name.labels - this.mostLabels); label <= last; label++) {
      const hash = name.hashes[label]!;
      let slot = hash & (this.slots.length - 1);
      for (let index = this.slots[slot]!; index !== 0; index = this.slots[slot]!) {
        const image = this.images[index - 1]!;
        if (
          this.hashes[slot] === hash &&
          image.apexLabels === name.labels - label &&
          image.find(name, label) !== 0
        ) {
          return image;
        }
        slot = (slot + 1) & (this.slots.length - 1);
      }
    }
    return undefined;
  }

  private place(hash: number, index: number): void {
    let slot = hash & (this.slots.length - 1);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
    this.slots[slot] = index + 1;
    this.hashes[slot] = hash;
  }
}

/** `seed` is the one that the images were compiled with. Two images of one apex: the first is found. */
export function createCatalog(images: readonly ZoneImage[], seed: number): Catalog {
  return new Catalog(images, seed);
}

/** The hash under which queries have the image's apex. */
export function apexHash(image: ZoneImage, seed: number): number {
  const apex = image.apex;
  const offsets: number[] = [];
  for (let at = 0; apex[at]! !== 0; at += apex[at]! + 1) offsets.push(at);
  let hash = rootHash(seed);
  for (let label = labelCount(apex) - 1; label >= 0; label--) hash = labelHash(hash, apex, offsets[label]!);
  return hash;
}
