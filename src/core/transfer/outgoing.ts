// What a primary sends: a transfer is a source of messages that the stream asks for one after the other, as fast as the
// client reads.

import { isSameNameAt } from '../dns/name.ts';
import type { Rcode } from '../dns/record-type.ts';
import type { ZoneImage } from '../zone/image/image.ts';
import type { ZoneChange } from './changes.ts';
import { soaOf } from './image-records.ts';
import { FullTransfer } from './outgoing-full.ts';
import { IncrementalTransfer, type IncrementalTransferSettings } from './outgoing-incremental.ts';
import type { TransferRequest } from './request.ts';
import { isNewerSerial } from './serial.ts';
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

/** Below so many records, steps are sent though the zone has fewer: it is one message either way. */
const MIN_STEP_RECORDS = 64;
/** Steps that take more before compression fit no datagram after it: an owner of 255 octets becomes a pointer of two. */
const MAX_UNCOMPRESSED_DATAGRAM_OCTETS = 65_535;

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

export interface IncrementalTransferOptions extends OutgoingTransferOptions {
  /** Octets of the one message that is sent over UDP; left out over TCP. */
  readonly datagramOctets?: number;
}

/**
 * What a client with `request.serial` gets for IXFR (RFC 1995 §2, §4). `changes` is the journal, oldest first; its last
 * step leads to `image`. The SOA alone where the client is not behind, and over UDP where the rest does not fit; the
 * whole zone where the journal does not reach back to the client, is of another zone, or holds more records than it.
 */
export function createIncrementalTransfer(
  image: ZoneImage,
  changes: readonly ZoneChange[],
  request: TransferRequest,
  options: IncrementalTransferOptions = {},
): OutgoingTransfer {
  const { datagramOctets, signer, messageOctets = DEFAULT_TRANSFER_MESSAGE_OCTETS } = options;
  const isDatagram = datagramOctets !== undefined;
  const settings = { soa: soaOf(image), signer, messageOctets: datagramOctets ?? messageOctets, isDatagram };
  const current = () => new IncrementalTransfer(request, { ...settings, form: 'current', changes: [] });
  if (!isNewerSerial(image.serial, request.serial)) return current();
  const steps = findSteps(changes, request.serial, image);
  if (!isDatagram) {
    if (steps === undefined) return createZoneTransfer(image, request, options);
    return new IncrementalTransfer(request, { ...settings, form: 'changes', changes: steps });
  }
  if (steps === undefined || octetsOf(steps) > MAX_UNCOMPRESSED_DATAGRAM_OCTETS) return current();
  const settled = { ...settings, form: 'changes', changes: steps } as const;
  return fitsOneMessage(request, settled) ? new IncrementalTransfer(request, settled) : current();
}

/** The steps from `serial` to the image without a gap; undefined where there are none, or where the zone is less. */
function findSteps(
  changes: readonly ZoneChange[],
  serial: number,
  image: ZoneImage,
): readonly ZoneChange[] | undefined {
  const first = changes.findLastIndex(({ fromSerial }) => fromSerial === serial);
  if (first < 0) return undefined;
  const steps = changes.slice(first);
  let reached = serial;
  let records = 0;
  for (const { fromSerial, toSerial, removed, removedCount, addedCount } of steps) {
    if (fromSerial !== reached || !isSameNameAt(removed, 0, image.apex, 0)) return undefined;
    reached = toSerial;
    records += removedCount + addedCount;
  }
  return reached === image.serial && records <= Math.max(image.recordCount, MIN_STEP_RECORDS)
    ? steps
    : undefined;
}

function octetsOf(changes: readonly ZoneChange[]): number {
  return changes.reduce((sum, { removed, added }) => sum + removed.length + added.length, 0);
}

/** Tries it on memory of its own: what is sent must be known before its first octet. */
function fitsOneMessage(request: TransferRequest, settings: IncrementalTransferSettings): boolean {
  const messageOctets = settings.messageOctets - (settings.signer?.reservedOctets ?? 0);
  const trial = new IncrementalTransfer(request, { ...settings, messageOctets, signer: undefined });
  const length = trial.next(new Uint8Array(MAX_MESSAGE_OCTETS), 0);
  return trial.isOver && length <= messageOctets;
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
