// What a primary sends: a transfer is a source of messages that the stream asks for one after the other, as fast as the
// client reads.

import type { Rcode } from '../dns/record-type.ts';
import type { ZoneImage } from '../zone/image.ts';
import { FullTransfer } from './outgoing-full.ts';
import type { TransferRequest } from './request.ts';
import { MAX_MESSAGE_OCTETS, TransferMessage } from './transfer-message.ts';

/** Signs the messages of one transfer, each and in their order (RFC 8945 §5.3.1). */
export interface TransferSigner {
  /** What a signature adds at most. */
  readonly reservedOctets: number;
  /** Appends a TSIG to the message of `length` octets at `offset` and counts it; returns the new length. */
  sign(output: Uint8Array, offset: number, length: number): number;
}

/**
 * The life of one transfer. It reads the image's buffer until it has ended, and has a lease on it for that long (see
 * image-lease.ts): whoever made it calls `end` when it asks no more, whether it has had all messages or not.
 */
export interface OutgoingTransfer {
  /** `zone`: the whole zone; `changes`: the steps from the client's version; `current`: the SOA alone. */
  readonly form: 'zone' | 'changes' | 'current';
  /**
   * Writes the next message at `offset` of `output`, where {@link MAX_MESSAGE_OCTETS} are free; returns its octets, 0
   * after the last one. Never throws; a record that fits no message ends the transfer with SERVFAIL.
   */
  next(output: Uint8Array, offset: number): number;
  /** Gives the image back; safe twice. */
  end(): void;
}

export interface OutgoingTransferOptions {
  readonly signer?: TransferSigner;
  /** Octets of a message where no record needs more; {@link DEFAULT_TRANSFER_MESSAGE_OCTETS} when left out. */
  readonly messageOctets?: number;
}

/** As NSD: what a compression pointer reaches, so that an owner is written once a message (RFC 1035 §4.1.4). */
export const DEFAULT_TRANSFER_MESSAGE_OCTETS = 16_384;

/** The whole zone (RFC 5936): the SOA, every other record once, the SOA. For IXFR too, in the form of AXFR. */
export function createZoneTransfer(
  image: ZoneImage,
  request: TransferRequest,
  options: OutgoingTransferOptions = {},
): OutgoingTransfer {
  return new FullTransfer(image, request, {
    signer: options.signer,
    messageOctets: options.messageOctets ?? DEFAULT_TRANSFER_MESSAGE_OCTETS,
  });
}

/** One message without records that says why there is no transfer: REFUSED, NOTAUTH, SERVFAIL. */
export function createTransferRefusal(
  request: TransferRequest,
  rcode: (typeof Rcode)[keyof typeof Rcode],
  signer?: TransferSigner,
): OutgoingTransfer {
  let isSaid = false;
  return {
    form: 'current',
    next(output, offset) {
      if (isSaid) return 0;
      isSaid = true;
      const message = new TransferMessage(request, request.question);
      message.begin(output, offset, MAX_MESSAGE_OCTETS, true);
      message.refuse(rcode);
      const length = message.finish();
      return signer === undefined ? length : signer.sign(output, offset, length);
    },
    end() {},
  };
}
