// The records of a proof on their way into the authority section, each once.

import { RRSET_WORDS, type ZoneImage } from '../image/image.ts';
import { type ReplyWriter, Section } from './reply-writer.ts';

/** One for each of 18 aliases by wildcard and three for where they lead. More would be sent twice, which is no harm. */
const MAX_REMEMBERED = 32;

export class ProofWriter {
  private zone: ZoneImage | undefined;
  private target: ReplyWriter | undefined;
  /** Nodes whose record is in this answer already. */
  private readonly sent = new Uint32Array(MAX_REMEMBERED);
  private count = 0;

  begin(image: ZoneImage, reply: ReplyWriter): void {
    this.zone = image;
    this.target = reply;
    this.count = 0;
  }

  /** The zone that the answer is from. */
  get image(): ZoneImage {
    return this.zone!;
  }

  get reply(): ReplyWriter {
    return this.target!;
  }

  /** Appends the NSEC or NSEC3 of a node (0 for none) and its RRSIGs; false when they do not fit. */
  send(node: number, type: number): boolean {
    const { image, reply } = this;
    if (node === 0 || this.isSent(node)) return true;
    const entry = image.findRrset(node, type);
    if (entry === 0) return true;
    if (this.count < MAX_REMEMBERED) this.sent[this.count++] = node;
    return (
      reply.appendOwned(image, node, entry, Section.authority) &&
      (!image.isSigned(entry) || reply.appendOwned(image, node, entry + RRSET_WORDS, Section.authority))
    );
  }

  private isSent(node: number): boolean {
    for (let index = 0; index < this.count; index++) if (this.sent[index] === node) return true;
    return false;
  }
}
