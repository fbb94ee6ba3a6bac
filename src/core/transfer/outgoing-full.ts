// AXFR (RFC 5936) straight out of a compiled zone: RRset octets are copied with their owner in front, pointers to the
// apex aimed anew. No object a record is made.
// Non-null assertions: offsets come from a compiled image.

import { Rcode, RecordType } from '../dns/record-type.ts';
import { readUint16 } from '../octets/big-endian.ts';
import { RRSET_WORDS, type ZoneImage } from '../zone/image/image.ts';
import { type ImageLease, leaseImage } from './image-lease.ts';
import type { OutgoingTransfer, TransferSigner } from './outgoing.ts';
import type { TransferRequest } from './request.ts';
import { MAX_MESSAGE_OCTETS, TransferMessage } from './transfer-message.ts';

/** Owner (a pointer), type, class, TTL and rdata length of a record in an image. */
const IMAGE_RECORD_OCTETS = 12;

export interface FullTransferOptions {
  readonly signer: TransferSigner | undefined;
  readonly messageOctets: number;
}

export class FullTransfer implements OutgoingTransfer {
  readonly form = 'zone';
  private readonly image: ZoneImage;
  private readonly lease: ImageLease;
  private readonly signer: TransferSigner | undefined;
  private readonly limit: number;
  private readonly maximum: number;
  private readonly message: TransferMessage;
  private step: 'first-soa' | 'records' | 'last-soa' | 'over' = 'first-soa';
  private isFirst = true;
  private node = 0;
  /** Entry of the RRset in work, and how many of the node come after it. */
  private entry = 0;
  private entriesLeft = 0;
  /** The next record of it: offset in its octets; how many are left; its first pointer to the apex. */
  private source = 0;
  private recordsLeft = 0;
  private patch = 0;

  constructor(image: ZoneImage, request: TransferRequest, options: FullTransferOptions) {
    this.image = image;
    this.lease = leaseImage(image);
    this.signer = options.signer;
    this.maximum = MAX_MESSAGE_OCTETS - (options.signer?.reservedOctets ?? 0);
    this.limit = Math.min(options.messageOctets, this.maximum);
    this.message = new TransferMessage(request, image.apex.slice());
    this.selectSoa();
  }

  next(output: Uint8Array, offset: number): number {
    if (this.step === 'over') return 0;
    const { message } = this;
    message.begin(output, offset, this.limit, this.isFirst);
    this.isFirst = false;
    this.fill();
    if (message.answers === 0) {
      // A record larger than a message should be.
      message.extend(this.maximum);
      if (this.appendRecord()) this.advance();
      else {
        message.refuse(Rcode.SERVFAIL);
        this.step = 'over';
      }
    }
    const length = message.finish();
    if (this.step === 'over') this.end();
    return this.signer === undefined ? length : this.signer.sign(output, offset, length);
  }

  end(): void {
    this.step = 'over';
    this.lease.end();
  }

  private fill(): void {
    while (this.step !== 'over' && this.appendRecord()) this.advance();
  }

  /** False when the record in work does not fit. */
  private appendRecord(): boolean {
    const { image, entry, source } = this;
    const at = this.message.append(image.octets, image.octetsOf(entry) + source + 2);
    if (at < 0) return false;
    const next = source + IMAGE_RECORD_OCTETS + readUint16(image.octets, image.octetsOf(entry) + source + 10);
    for (const patches = image.patchCountOf(entry); this.patch < patches; this.patch++) {
      const position = image.patchPosition(entry, this.patch);
      if (position >= next) break;
      this.message.pointToApex(at + position - source - IMAGE_RECORD_OCTETS);
    }
    this.source = next;
    this.recordsLeft--;
    return true;
  }

  /** To the next record: of this RRset, of this node, of the zone. */
  private advance(): void {
    if (this.step !== 'records') {
      this.step = this.step === 'first-soa' ? 'records' : 'over';
      if (this.step === 'over') return;
      this.recordsLeft = 0;
      this.selectNode(this.image.firstNode);
    }
    while (this.recordsLeft === 0) {
      if (this.entriesLeft > 0) this.selectRrset(this.entry + RRSET_WORDS);
      else this.selectNextNode();
    }
  }

  private selectNextNode(): void {
    const node = this.image.nodeAfter(this.node);
    if (node !== 0) this.selectNode(node);
    else {
      this.step = 'last-soa';
      this.selectSoa();
    }
  }

  private selectNode(node: number): void {
    const { image } = this;
    this.node = node;
    this.entriesLeft = image.rrsetCountOf(node);
    this.entry = image.firstRrset(node) - RRSET_WORDS;
    this.message.setOwner(image.octets, image.nameOf(node), image.nameLengthOf(node));
  }

  private selectRrset(entry: number): void {
    const { image } = this;
    this.entry = entry;
    this.entriesLeft--;
    this.source = 0;
    this.patch = 0;
    // The SOA of the apex stands at both ends, and nowhere between (RFC 5936 §2.2).
    const isSoa = this.node === image.firstNode && image.words[entry]! >>> 16 === RecordType.SOA;
    this.recordsLeft = isSoa ? 0 : image.recordsOf(entry);
  }

  private selectSoa(): void {
    const { image } = this;
    this.node = image.firstNode;
    this.entry = image.findRrset(this.node, RecordType.SOA);
    this.source = 0;
    this.patch = 0;
    this.recordsLeft = 1;
    this.message.setOwner(image.octets, image.nameOf(this.node), image.nameLengthOf(this.node));
  }
}
