// Hashes of the names of a zone and of their ancestors. Neighbours in a zone file mostly have one parent: its hash is
// kept, so that of the next name only the first label is read.
// Non-null assertions: names are whole, and have at most 127 labels.

import { MAX_LABELS } from '../dns/name.ts';
import { labelHash, rootHash } from '../dns/name-hash.ts';

/** One name at a time: {@link read} it, then ask. */
export class OwnerHasher {
  /** Labels of the name, the root's excluded. */
  labels = 0;
  /** Of the name as a whole. */
  hash = 0;
  /** Where the parent of the name was read first: the same as long as names have the same parent to the letter. */
  parentAt = -1;

  private octets: Uint8Array;
  private readonly root: number;
  private parentLength = 0;
  private parentLabels = 0;
  /** Octets of the first label with its length. */
  private firstOctets = 0;
  /** Of the parent and each of its ancestors: where it begins in the parent, and its hash; the root is the last. */
  private readonly offsets = new Uint8Array(MAX_LABELS + 1);
  private readonly hashes = new Uint32Array(MAX_LABELS + 1);

  constructor(octets: Uint8Array, seed: number) {
    this.octets = octets;
    this.root = rootHash(seed);
  }

  /** From here on names lie in other octets. */
  moveTo(octets: Uint8Array): void {
    this.octets = octets;
    this.parentAt = -1;
  }

  /** Reads the wire name at `offset` and returns its hash. */
  read(offset: number): number {
    const size = this.octets[offset]!;
    if (size === 0) {
      this.labels = 0;
      this.firstOctets = 0;
      this.hash = this.root;
      return this.root;
    }
    this.firstOctets = size + 1;
    if (!this.isParent(offset + size + 1)) this.readParent(offset + size + 1);
    this.labels = this.parentLabels + 1;
    this.hash = labelHash(this.hashes[0]!, this.octets, offset);
    return this.hash;
  }

  /** Offset in the name of what is left without its first `label` labels. */
  offsetOf(label: number): number {
    return label === 0 ? 0 : this.firstOctets + this.offsets[label - 1]!;
  }

  /** Hash of what is left without the first `label` labels. */
  hashOf(label: number): number {
    return label === 0 ? this.hash : this.hashes[label - 1]!;
  }

  private isParent(offset: number): boolean {
    const { octets, parentAt } = this;
    if (parentAt < 0) return false;
    for (let index = this.parentLength - 1; index >= 0; index--) {
      if (octets[offset + index] !== octets[parentAt + index]) return false;
    }
    return true;
  }

  private readParent(offset: number): void {
    const { octets, offsets, hashes } = this;
    let labels = 0;
    let at = offset;
    for (; octets[at]! !== 0; at += octets[at]! + 1) offsets[labels++] = at - offset;
    offsets[labels] = at - offset;
    let hash = this.root;
    hashes[labels] = hash;
    for (let label = labels - 1; label >= 0; label--) {
      hash = labelHash(hash, octets, offset + offsets[label]!);
      hashes[label] = hash;
    }
    this.parentAt = offset;
    this.parentLength = at + 1 - offset;
    this.parentLabels = labels;
  }
}
