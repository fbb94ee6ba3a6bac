// Proofs from a chain of NSEC (RFC 4035 §3.1.3): the last owner at or before a name has the record that speaks of it.

import { compareNames } from '../../dns/canonical-order.ts';
import { MAX_NAME_OCTETS } from '../../dns/name.ts';
import type { QueryName } from '../../dns/query-name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { ownerAt, ownerCount } from '../image/denial-owners.ts';
import type { ZoneImage } from '../image/image.ts';
import type { DenialChain } from './denial.ts';
import type { ProofWriter } from './denial-proof.ts';

export class NsecChain implements DenialChain {
  private readonly proof: ProofWriter;
  private readonly wildcard = new Uint8Array(MAX_NAME_OCTETS + 2);

  constructor(proof: ProofWriter) {
    this.proof = proof;
  }

  /** An empty non-terminal has no NSEC of its own: the one before it points to what is below. */
  proveNoData(name: QueryName, label: number, node: number): boolean {
    const image = this.proof.image;
    if (image.rrsetCountOf(node) > 0) return this.proof.send(node, RecordType.NSEC);
    return this.sendPrevious(name.octets, name.offsets[label]!);
  }

  /** §3.1.3.2. */
  proveNoName(name: QueryName, encloser: number): boolean {
    return this.sendPrevious(name.octets, 0) && this.sendPreviousOfWildcard(name, encloser);
  }

  /** §3.1.3.3. */
  proveExpansion(name: QueryName): boolean {
    return this.sendPrevious(name.octets, 0);
  }

  /** §3.1.3.4. */
  proveWildcardNoData(name: QueryName, encloser: number, node: number): boolean {
    if (!this.sendPrevious(name.octets, 0)) return false;
    if (this.proof.image.rrsetCountOf(node) > 0) return this.proof.send(node, RecordType.NSEC);
    return this.sendPreviousOfWildcard(name, encloser);
  }

  private sendPreviousOfWildcard(name: QueryName, encloser: number): boolean {
    const from = name.offsets[encloser]!;
    this.wildcard[0] = 1;
    this.wildcard[1] = 0x2a;
    for (let at = from; at < name.length; at++) this.wildcard[2 + at - from] = name.octets[at]!;
    return this.sendPrevious(this.wildcard, 0);
  }

  private sendPrevious(octets: Uint8Array, offset: number): boolean {
    return this.proof.send(findPrevious(this.proof.image, octets, offset), RecordType.NSEC);
  }
}

/** The node of the last owner at or before the name; 0 where the chain does not reach back to the apex. */
function findPrevious(image: ZoneImage, octets: Uint8Array, offset: number): number {
  let low = 0;
  let high = ownerCount(image);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = ownerAt(image, middle);
    if (compareNames(image.octets, image.nameOf(node), octets, offset) <= 0) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : ownerAt(image, low - 1);
}
