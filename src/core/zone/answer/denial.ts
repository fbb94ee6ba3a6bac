// Proof that what was not found is not there: records of the zone's chain that go into the authority section of an
// answer to a client that sets DO. A zone without chain proves nothing, a broken chain proves what it can.

import { QueryName } from '../../dns/query-name.ts';
import { DenialKind, denialKind } from '../image/denial-owners.ts';
import type { ZoneImage } from '../image/image.ts';
import { NsecChain } from './denial-nsec.ts';
import { Nsec3Chain } from './denial-nsec3.ts';
import { ProofWriter } from './denial-proof.ts';
import type { ReplyWriter } from './reply-writer.ts';

/** What both kinds of chain prove of a name. Each returns false when a record did not fit. */
export interface DenialChain {
  /** The name at `label`, which stands at `node`, does not have the type that was asked for; nor, at a cut, a DS. */
  proveNoData(name: QueryName, label: number, node: number): boolean;
  /** The name does not exist, nor does a wildcard below `encloser`, the label of its closest existing ancestor. */
  proveNoName(name: QueryName, encloser: number): boolean;
  /** The name does not exist, so that the wildcard below `encloser` was right to answer. */
  proveExpansion(name: QueryName, encloser: number): boolean;
  /** The same, and the wildcard, which stands at `node`, does not have the type. */
  proveWildcardNoData(name: QueryName, encloser: number, node: number): boolean;
}

/** One for each alias that an answer follows, and the name that it ends at; `Answer` follows no more than 18. */
const MAX_EXPANSIONS = 19;

/** Writes proofs for one answer after another, without allocation. */
export class Denial {
  private readonly proof = new ProofWriter();
  private readonly nsec = new NsecChain(this.proof);
  private readonly nsec3 = new Nsec3Chain(this.proof);
  /** Names that a wildcard answered for: where they stand in the reply, and how many labels their enclosers have. */
  private readonly positions = new Uint16Array(MAX_EXPANSIONS);
  private readonly labels = new Uint8Array(MAX_EXPANSIONS);
  private expansions = 0;
  private readonly name = new QueryName();

  /** Before each answer that may need one. */
  begin(image: ZoneImage, reply: ReplyWriter): void {
    this.proof.begin(image, reply);
    this.expansions = 0;
  }

  /** The name at `position` of the reply was answered by the wildcard below its ancestor of so many labels. */
  noteExpansion(position: number, encloserLabels: number): void {
    this.positions[this.expansions] = position;
    this.labels[this.expansions++] = encloserLabels;
  }

  /** Writes what was noted; false when it does not fit. */
  proveExpansions(): boolean {
    const { chain, name } = this;
    const { reply } = this.proof;
    const count = chain === undefined ? 0 : this.expansions;
    this.expansions = 0;
    for (let index = 0; index < count; index++) {
      name.readWritten(reply.octets, reply.start, this.positions[index]!);
      if (!chain!.proveExpansion(name, name.labels - this.labels[index]!)) return false;
    }
    return true;
  }

  /** The chain of the answer's zone, if it has one. */
  get chain(): DenialChain | undefined {
    switch (denialKind(this.proof.image)) {
      case DenialKind.nsec:
        return this.nsec;
      case DenialKind.nsec3:
        return this.nsec3;
      default:
        return undefined;
    }
  }
}
