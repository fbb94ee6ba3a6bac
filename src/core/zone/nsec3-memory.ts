// Hashes that are needed again and again: a flood of names that do not exist asks for one encloser and one wildcard.

import { MAX_NAME_OCTETS } from '../dns/name.ts';
import { MAX_SALT_OCTETS, NSEC3_LABEL_OCTETS } from './dnssec-rdata.ts';

/** Enclosers that are asked for beside each other; 35 kB a worker. A power of two. */
const PLACES = 64;
const INPUT_OCTETS = MAX_NAME_OCTETS + 2 + MAX_SALT_OCTETS;

/** One hash a place: the latest that fell there. What is hashed, name and salt, and how often, is compared in full. */
export class Nsec3Memory {
  private readonly inputs = new Uint8Array(PLACES * INPUT_OCTETS);
  private readonly lengths = new Uint16Array(PLACES);
  private readonly iterations = new Uint16Array(PLACES);
  private readonly labels = new Uint8Array(PLACES * NSEC3_LABEL_OCTETS);

  placeOf(input: Uint8Array, length: number): number {
    let hash = length;
    for (let index = 0; index < length; index++) hash = Math.imul(hash ^ input[index]!, 0x01000193);
    return (hash ^ (hash >>> 15)) & (PLACES - 1);
  }

  /** Whether the hash of `input` is at `place`; it is copied to `label` then. */
  recall(place: number, input: Uint8Array, length: number, iterations: number, label: Uint8Array): boolean {
    if (this.lengths[place] !== length || this.iterations[place] !== iterations) return false;
    const at = place * INPUT_OCTETS;
    for (let index = 0; index < length; index++) {
      if (this.inputs[at + index] !== input[index]) return false;
    }
    for (let index = 0; index < NSEC3_LABEL_OCTETS; index++) {
      label[index] = this.labels[place * NSEC3_LABEL_OCTETS + index]!;
    }
    return true;
  }

  /** Notes what is about to be hashed; {@link finish} follows. Positional parameters: no object a query. */
  begin(place: number, input: Uint8Array, length: number, iterations: number): void {
    this.lengths[place] = length;
    this.iterations[place] = iterations;
    for (let index = 0; index < length; index++) this.inputs[place * INPUT_OCTETS + index] = input[index]!;
  }

  finish(place: number, label: Uint8Array): void {
    for (let index = 0; index < NSEC3_LABEL_OCTETS; index++) {
      this.labels[place * NSEC3_LABEL_OCTETS + index] = label[index]!;
    }
  }
}
