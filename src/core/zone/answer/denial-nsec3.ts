// Proofs from a chain of NSEC3 (RFC 5155 §7.2): owners are hashes, so that what exists is matched, and what does not is
// covered by the record before it, the last of the chain covering what comes before the first.

import type { QueryName } from '../../dns/query-name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { NSEC3_LABEL_OCTETS } from '../dnssec-rdata.ts';
import { iterationsOf, ownerAt, ownerCount, saltLength, saltOffset } from '../image/denial-owners.ts';
import type { ZoneImage } from '../image/image.ts';
import { Nsec3Hash } from '../nsec3-hash.ts';
import type { DenialChain } from './denial.ts';
import type { ProofWriter } from './denial-proof.ts';

export class Nsec3Chain implements DenialChain {
  private readonly proof: ProofWriter;
  private readonly hash = new Nsec3Hash();
  /** The label of the closest ancestor that has an NSEC3, as {@link proveEncloser} found it; -1 for none. */
  private provable = -1;

  constructor(proof: ProofWriter) {
    this.proof = proof;
  }

  /** §7.2.3, §7.2.4, §7.2.7: without a match the name lies in an opt-out span. */
  proveNoData(name: QueryName, label: number): boolean {
    const match = this.findMatch(name, label);
    if (match !== 0) return this.send(match);
    return label >= this.apexLabel(name) || this.proveEncloser(name, label + 1);
  }

  /** §7.2.2. */
  proveNoName(name: QueryName, encloser: number): boolean {
    if (!this.proveEncloser(name, encloser)) return false;
    if (this.provable < 0) return true;
    this.hashWildcard(name, this.provable);
    return this.send(this.findCover());
  }

  /** §7.2.6. */
  proveExpansion(name: QueryName, encloser: number): boolean {
    return this.sendCover(name, encloser - 1);
  }

  /** §7.2.5. */
  proveWildcardNoData(name: QueryName, encloser: number): boolean {
    if (!this.proveEncloser(name, encloser)) return false;
    this.hashWildcard(name, encloser);
    return this.send(this.findHash());
  }

  /**
   * §7.2.1: the record of the closest ancestor that has one, from `label` upwards, and the one that covers the name a label
   * longer. Nothing where not even the apex has one.
   */
  private proveEncloser(name: QueryName, label: number): boolean {
    const apex = this.apexLabel(name);
    let provable = label;
    let match = this.findMatch(name, provable);
    while (match === 0 && provable < apex) match = this.findMatch(name, ++provable);
    this.provable = match === 0 ? -1 : provable;
    return match === 0 || (this.send(match) && this.sendCover(name, provable - 1));
  }

  private apexLabel(name: QueryName): number {
    return name.labels - this.proof.image.apexLabels;
  }

  private findMatch(name: QueryName, label: number): number {
    this.configure();
    this.hash.hashExisting(name.octets, name.offsets[label]!);
    return this.findHash();
  }

  private sendCover(name: QueryName, label: number): boolean {
    this.configure();
    this.hash.hash(name.octets, name.offsets[label]!);
    return this.send(this.findCover());
  }

  private hashWildcard(name: QueryName, encloser: number): void {
    this.configure();
    this.hash.hashWildcard(name.octets, name.offsets[encloser]!);
  }

  private configure(): void {
    const image = this.proof.image;
    this.hash.configure(iterationsOf(image), image.octets, saltOffset(image), saltLength(image));
  }

  private send(node: number): boolean {
    return this.proof.send(node, RecordType.NSEC3);
  }

  /** The node whose hash is the one computed last, or 0. */
  private findHash(): number {
    const image = this.proof.image;
    const index = this.findPrevious(image);
    const node = index < 0 ? 0 : ownerAt(image, index);
    return node !== 0 && compareHash(image, node, this.hash.label) === 0 ? node : 0;
  }

  /** The node whose record covers the hash computed last. */
  private findCover(): number {
    const image = this.proof.image;
    const index = this.findPrevious(image);
    return ownerAt(image, index < 0 ? ownerCount(image) - 1 : index);
  }

  /** The index of the last owner at or before the hash, or -1. */
  private findPrevious(image: ZoneImage): number {
    let low = 0;
    let high = ownerCount(image);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareHash(image, ownerAt(image, middle), this.hash.label) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Base32 with the extended hex alphabet keeps the order of what it encodes (RFC 5155 §1.3). */
function compareHash(image: ZoneImage, node: number, label: Uint8Array): number {
  const at = image.nameOf(node) + 1;
  for (let index = 0; index < NSEC3_LABEL_OCTETS; index++) {
    const difference = image.octets[at + index]! - label[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
