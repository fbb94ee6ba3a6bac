// The name that a query is at: first the question's, then each alias target. One object a worker, overwritten.
// Non-null assertions: offsets are bounded by the name's own length, which reading has checked.

import { FOLD, MAX_LABELS, MAX_NAME_OCTETS } from './name.ts';
import { labelHash, rootHash } from './name-hash.ts';

export class QueryName {
  /** Wire form, A–Z lowered. */
  readonly octets = new Uint8Array(MAX_NAME_OCTETS + 1);
  length = 1;
  /** Labels without the root. */
  labels = 0;
  /** Offset in `octets` of label i; label number `labels` is the root. */
  readonly offsets = new Uint8Array(MAX_LABELS + 1);
  /** Where label i stands in the reply, counted from its first octet: what a compression pointer names. */
  readonly positions = new Uint16Array(MAX_LABELS + 1);
  /** Hash of the name that starts at label i (name-hash.ts). */
  readonly hashes = new Uint32Array(MAX_LABELS + 1);

  /**
   * Reads an uncompressed name at `position` of the message that starts at `start` and must end before `end`.
   * Returns the position after it, or -1: cut short, a pointer, a label type of RFC 6891 §5, or over 255 octets.
   */
  readQuestion(message: Uint8Array, start: number, position: number, end: number): number {
    let length = 0;
    let labels = 0;
    let at = position;
    while (at < end) {
      const size = message[at]!;
      if (size > 63 || length + size + 1 > MAX_NAME_OCTETS || at + size >= end) return -1;
      this.offsets[labels] = length;
      this.positions[labels] = at - start;
      this.octets[length++] = size;
      at++;
      if (size === 0) {
        this.length = length;
        this.labels = labels;
        return at;
      }
      labels++;
      for (const stop = at + size; at < stop; at++) this.octets[length++] = FOLD[message[at]!]!;
    }
    return -1;
  }

  /** Reads a name that we wrote ourselves at `position` of the reply starting at `start`, following its pointers. */
  readWritten(message: Uint8Array, start: number, position: number): void {
    let length = 0;
    let labels = 0;
    let at = start + position;
    for (;;) {
      const size = message[at]!;
      if (size >= 0xc0) {
        at = start + (((size & 0x3f) << 8) | message[at + 1]!);
        continue;
      }
      this.offsets[labels] = length;
      this.positions[labels] = at - start;
      this.octets[length++] = size;
      if (size === 0) break;
      for (let index = 1; index <= size; index++) this.octets[length++] = FOLD[message[at + index]!]!;
      at += size + 1;
      labels++;
    }
    this.length = length;
    this.labels = labels;
  }

  /** Fills `hashes`, right to left. */
  hash(seed: number): void {
    let hash = rootHash(seed);
    this.hashes[this.labels] = hash;
    for (let label = this.labels - 1; label >= 0; label--) {
      hash = labelHash(hash, this.octets, this.offsets[label]!);
      this.hashes[label] = hash;
    }
  }
}
