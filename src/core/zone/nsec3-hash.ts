// Hashed owner names (RFC 5155 §5): a name to the label that its NSEC3 record has.

import { FOLD, MAX_NAME_OCTETS, nameLength } from '../dns/name.ts';
import { SHA1_BLOCK_OCTETS, SHA1_OCTETS, Sha1 } from '../octets/sha1.ts';
import { MAX_SALT_OCTETS, NSEC3_LABEL_OCTETS } from './dnssec-rdata.ts';
import { Nsec3Memory } from './nsec3-memory.ts';

/**
 * Chains with more iterations are not answered from: RFC 5155 §10.3 allows no more for the longest keys, and each costs
 * time a query. NSD and Knot answer whatever the zone says.
 */
export const MAX_NSEC3_ITERATIONS = 2500;

const INPUT_OCTETS = MAX_NAME_OCTETS + MAX_SALT_OCTETS + SHA1_BLOCK_OCTETS + 9;

/** RFC 4648 §7, in the lower case that names are compared in. */
const BASE32_HEX = Uint8Array.from('0123456789abcdefghijklmnopqrstuv', (character) =>
  character.charCodeAt(0),
);

/** One name at a time, without allocation. */
export class Nsec3Hash {
  /** The hash of the name hashed last, as a label without its length octet. */
  readonly label = new Uint8Array(NSEC3_LABEL_OCTETS);
  private readonly input = new Uint8Array(INPUT_OCTETS);
  private readonly digest = new Uint8Array(SHA1_OCTETS);
  private readonly sha1 = new Sha1();
  private readonly memory = new Nsec3Memory();
  private salt: Uint8Array = this.input;
  private saltOffset = 0;
  private saltLength = 0;
  private iterations = 0;

  /** Salt and iterations for the names that follow; the salt is read where it lies. */
  configure(iterations: number, salt: Uint8Array, saltOffset: number, saltLength: number): void {
    this.iterations = iterations;
    this.salt = salt;
    this.saltOffset = saltOffset;
    this.saltLength = saltLength;
  }

  /** Hashes the wire name at `offset`, any case, into {@link label}. */
  hash(octets: Uint8Array, offset: number): void {
    this.hashInput(this.read(octets, offset, 0));
  }

  /** The same of a name that exists, and that will be asked for again. */
  hashExisting(octets: Uint8Array, offset: number): void {
    this.hashOnce(this.read(octets, offset, 0));
  }

  /** Hashes the wildcard below the existing name at `offset`, a name of at most 253 octets. */
  hashWildcard(octets: Uint8Array, offset: number): void {
    this.input[0] = 1;
    this.input[1] = 0x2a;
    this.hashOnce(this.read(octets, offset, 2));
  }

  private read(octets: Uint8Array, offset: number, at: number): number {
    const length = nameLength(octets, offset);
    for (let index = 0; index < length; index++) this.input[at + index] = FOLD[octets[offset + index]!]!;
    return at + length;
  }

  private hashOnce(length: number): void {
    const { memory, input, iterations, label } = this;
    this.appendSalt(length);
    const whole = length + this.saltLength;
    const place = memory.placeOf(input, whole);
    if (memory.recall(place, input, whole, iterations, label)) return;
    memory.begin(place, input, whole, iterations);
    this.hashInput(length);
    memory.finish(place, label);
  }

  /** IH(0) = H(name ‖ salt), IH(k) = H(IH(k − 1) ‖ salt). */
  private hashInput(length: number): void {
    const { sha1, input } = this;
    this.appendSalt(length);
    sha1.digest(input, length + this.saltLength, this.digest);
    for (let left = this.iterations; left > 0; left--) {
      for (let index = 0; index < SHA1_OCTETS; index++) input[index] = this.digest[index]!;
      this.appendSalt(SHA1_OCTETS);
      sha1.digest(input, SHA1_OCTETS + this.saltLength, this.digest);
    }
    encodeHash(this.digest, 0, this.label);
  }

  private appendSalt(at: number): void {
    for (let index = 0; index < this.saltLength; index++) {
      this.input[at + index] = this.salt[this.saltOffset + index]!;
    }
  }
}

/** The 20 octets at `offset` as a label of 32 characters, without its length octet. */
export function encodeHash(octets: Uint8Array, offset: number, label: Uint8Array): void {
  let bits = 0;
  let held = 0;
  let written = 0;
  for (let index = 0; index < SHA1_OCTETS; index++) {
    held = ((held << 8) | octets[offset + index]!) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) label[written++] = BASE32_HEX[(held >>> (bits - 5)) & 31]!;
  }
}
