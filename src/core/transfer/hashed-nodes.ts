// The owners of NSEC3 in an image by name: no query finds those (RFC 5155 §7.2.8), and a comparison of versions must.
// Non-null assertions: slots and offsets are made here or come from a compiled image.

import { QueryName } from '../dns/query-name.ts';
import { NodeFlag, type ZoneImage } from '../zone/image/image.ts';

/** Bounded by the image: two to four words a node. */
export class HashedNodes {
  private readonly image: ZoneImage;
  /** Nodes by hash; 0 is free. */
  private readonly slots: Uint32Array;
  private readonly name = new QueryName();

  constructor(image: ZoneImage) {
    this.image = image;
    let count = 0;
    image.forEachNode((node) => {
      if (isHashed(image, node)) count++;
    });
    let capacity = 2;
    while (capacity < count * 2) capacity *= 2;
    this.slots = new Uint32Array(capacity);
    image.forEachNode((node) => {
      if (isHashed(image, node)) this.slots[this.slotOf(image, node)] = node;
    });
  }

  /** The one that has the name of `node` of `other`, or 0. */
  find(other: ZoneImage, node: number): number {
    return this.slots[this.slotOf(other, node)]!;
  }

  /** The slot that holds the name, or where it would be. At least half of them are free. */
  private slotOf(other: ZoneImage, node: number): number {
    const mask = this.slots.length - 1;
    const at = other.nameOf(node);
    this.name.readQuestion(other.octets, at, at, at + other.nameLengthOf(node));
    this.name.hash(this.image.seed);
    let slot = this.name.hashes[0]! & mask;
    while (this.slots[slot] !== 0 && !this.isNamed(this.slots[slot]!)) slot = (slot + 1) & mask;
    return slot;
  }

  /** Whether the node has the name that was read last. */
  private isNamed(node: number): boolean {
    const { image, name } = this;
    if (image.nameLengthOf(node) !== name.length) return false;
    const at = image.nameOf(node);
    for (let index = 0; index < name.length; index++) {
      if (image.octets[at + index] !== name.octets[index]) return false;
    }
    return true;
  }
}

export function isHashed(image: ZoneImage, node: number): boolean {
  return (image.flagsOf(node) & NodeFlag.hashed) !== 0;
}
