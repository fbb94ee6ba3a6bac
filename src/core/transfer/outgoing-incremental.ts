// IXFR (RFC 1995): the new SOA, each step as what it removes and what it adds, the new SOA. And the answer that is only
// the SOA.

import { nameLength } from '../dns/name.ts';
import { Rcode } from '../dns/record-type.ts';
import type { ZoneChange } from './changes.ts';
import type { OutgoingTransfer, TransferSigner } from './outgoing.ts';
import { fieldsOf, recordEnd } from './record-block.ts';
import type { TransferRequest } from './request.ts';
import { MAX_MESSAGE_OCTETS, TransferMessage } from './transfer-message.ts';

export interface IncrementalTransferSettings {
  readonly form: 'changes' | 'current';
  /** Of the server's version, uncompressed and whole. */
  readonly soa: Uint8Array;
  /** From the client's version to the server's, one after the other; none for the SOA alone. */
  readonly changes: readonly ZoneChange[];
  readonly signer: TransferSigner | undefined;
  readonly messageOctets: number;
  /** The one message is never larger than `messageOctets`. */
  readonly isDatagram: boolean;
}

export class IncrementalTransfer implements OutgoingTransfer {
  readonly form: 'changes' | 'current';
  private readonly signer: TransferSigner | undefined;
  private readonly limit: number;
  private readonly maximum: number;
  private readonly message: TransferMessage;
  /** What is sent, block by block. Bounded by the journal: three for each of its steps. */
  private readonly blocks: readonly Uint8Array[];
  private block = 0;
  private at = 0;
  private isFirst = true;

  constructor(request: TransferRequest, settings: IncrementalTransferSettings) {
    const { soa, changes, signer } = settings;
    this.form = settings.form;
    this.signer = signer;
    const largest = settings.isDatagram ? settings.messageOctets : MAX_MESSAGE_OCTETS;
    this.maximum = largest - (signer?.reservedOctets ?? 0);
    this.limit = Math.min(settings.messageOctets, this.maximum);
    this.message = new TransferMessage(request, soa.slice(0, nameLength(soa)));
    const steps = changes.flatMap(({ removed, added }) => [removed, added]);
    this.blocks = changes.length === 0 ? [soa] : [soa, ...steps, soa];
  }

  next(output: Uint8Array, offset: number): number {
    if (this.isOver) return 0;
    const { message } = this;
    message.begin(output, offset, this.limit, this.isFirst);
    this.isFirst = false;
    while (!this.isOver && this.appendRecord()) {}
    if (message.answers === 0) {
      // A record larger than a message should be.
      message.extend(this.maximum);
      if (!this.appendRecord()) {
        message.refuse(Rcode.SERVFAIL);
        this.end();
      }
    }
    const length = message.finish();
    return this.signer === undefined ? length : this.signer.sign(output, offset, length);
  }

  /** Whether everything has been written. */
  get isOver(): boolean {
    return this.block >= this.blocks.length;
  }

  end(): void {
    this.block = this.blocks.length;
  }

  /** False when the next record does not fit. */
  private appendRecord(): boolean {
    const block = this.blocks[this.block]!;
    const fields = fieldsOf(block, this.at);
    this.message.setOwner(block, this.at, fields - this.at);
    if (this.message.append(block, fields) < 0) return false;
    this.at = recordEnd(block, fields);
    if (this.at === block.length) {
      this.block++;
      this.at = 0;
    }
    return true;
  }
}
