// Signatures over the messages that answer one request, in their order (RFC 8945 §5.3.1): the first is bound to the
// request, each later one to the signature before it. One object a transfer, for one direction; a reply of a single
// message is the shortest of them.

import { readUint16 } from '../octets/big-endian.ts';
import { createTsigRecord, tsigOctets } from './tsig.ts';
import {
  compareMac,
  isInTime,
  precedingMac,
  tsigTimers,
  tsigVariables,
  unsignedParts,
} from './tsig-digest.ts';
import { type Hmac, isNamedAs, type TsigKey } from './tsig-key.ts';
import {
  appendTsig,
  findTsig,
  type PlacedTsigRecord,
  readTime,
  TsigErrorCode,
  type TsigRecord,
} from './tsig-record.ts';

/** RFC 8945 §5.3.1: messages without a signature that are taken between two that have one. */
export const MAX_UNSIGNED_MESSAGES = 99;

export interface TsigStreamOptions {
  readonly key: TsigKey;
  readonly hmac: Hmac;
  /** Of the request that is answered. */
  readonly requestMac: Uint8Array;
}

export type TsigStreamCheck =
  /** This message, and all before it. */
  | { readonly kind: 'verified' }
  /** Not signed: good only if a later message verifies, see {@link TsigStream.isCovered}. */
  | { readonly kind: 'pending' }
  /** The server says why it did not take our signature. Signed only for BADTIME: otherwise no more than a hint. */
  | {
      readonly kind: 'rejected';
      readonly error: 'BADSIG' | 'BADKEY' | 'BADTIME' | 'BADTRUNC' | 'unknown';
      /** Seconds since 1970 at the server, for BADTIME. */
      readonly serverTime: number | undefined;
    }
  /** Nothing of the transfer may be used. */
  | {
      readonly kind: 'bad';
      readonly error: 'FORMERR' | 'BADSIG' | 'BADKEY' | 'BADTIME' | 'unsigned' | 'too-many-unsigned';
    };

export class TsigStream {
  /** What {@link sign} adds to a message at most. */
  readonly reservedOctets: number;
  private readonly key: TsigKey;
  private readonly hmac: Hmac;
  private isFirst = true;
  private priorMac: Uint8Array;
  /** Copies of the messages since the last signature: at most {@link MAX_UNSIGNED_MESSAGES} of 64 kB. */
  private pending: Uint8Array[] = [];
  private failure: TsigStreamCheck | undefined;

  constructor({ key, hmac, requestMac }: TsigStreamOptions) {
    this.key = key;
    this.hmac = hmac;
    this.priorMac = requestMac;
    this.reservedOctets = tsigOctets(key);
  }

  /** Whether a signature covers all that was verified so far: must hold at the end (§5.3.1). */
  get isCovered(): boolean {
    return !this.isFirst && this.pending.length === 0 && this.failure === undefined;
  }

  /** Signs the message of `length` octets at `offset` of `output`; returns its new length. */
  sign(output: Uint8Array, offset: number, length: number, nowSeconds: number): number {
    const record = createTsigRecord(this.key, readUint16(output, offset), nowSeconds);
    const mac = this.digest([output.subarray(offset, offset + length)], record);
    this.isFirst = false;
    this.priorMac = mac;
    return appendTsig(output, offset, length, { ...record, mac });
  }

  /** `message` is exactly the octets of the next one, and is not kept. After `bad` or `rejected` it stays at that. */
  verify(message: Uint8Array, nowSeconds: number): TsigStreamCheck {
    if (this.failure !== undefined) return this.failure;
    const check = this.check(message, nowSeconds);
    if (check.kind === 'bad' || check.kind === 'rejected') {
      this.failure = check;
      this.pending = [];
    }
    return check;
  }

  private check(message: Uint8Array, nowSeconds: number): TsigStreamCheck {
    const record = findTsig(message);
    if (record === 'malformed') return { kind: 'bad', error: 'FORMERR' };
    if (record === 'none') return this.postpone(message);
    const { key } = this;
    if (!isNamedAs(key, record.name, record.algorithm)) {
      return { kind: 'bad', error: 'BADKEY' };
    }
    // §5.4: an error about key or MAC comes unsigned.
    if (this.isFirst && record.mac.length === 0 && record.error !== TsigErrorCode.NOERROR)
      return rejection(record);
    const mac = this.digest([...this.pending, ...unsignedParts(message, record)], record);
    switch (compareMac(record.mac, mac, key)) {
      case 'malformed':
        return { kind: 'bad', error: 'FORMERR' };
      case 'other':
        return { kind: 'bad', error: 'BADSIG' };
      case 'same':
        return this.accept(record, nowSeconds);
    }
  }

  private postpone(message: Uint8Array): TsigStreamCheck {
    if (this.isFirst) return { kind: 'bad', error: 'unsigned' };
    if (this.pending.length === MAX_UNSIGNED_MESSAGES) return { kind: 'bad', error: 'too-many-unsigned' };
    this.pending.push(new Uint8Array(message));
    return { kind: 'pending' };
  }

  private accept(record: PlacedTsigRecord, nowSeconds: number): TsigStreamCheck {
    if (!isInTime(record, nowSeconds)) return { kind: 'bad', error: 'BADTIME' };
    if (record.error !== TsigErrorCode.NOERROR) return rejection(record);
    this.isFirst = false;
    this.priorMac = record.mac;
    this.pending = [];
    return { kind: 'verified' };
  }

  private digest(messages: readonly Uint8Array[], record: TsigRecord): Uint8Array {
    const { algorithm, secret } = this.key;
    const rest = this.isFirst ? tsigVariables(record) : tsigTimers(record);
    return this.hmac(algorithm, secret, [precedingMac(this.priorMac), ...messages, rest]);
  }
}

function rejection({ error, other }: TsigRecord): TsigStreamCheck {
  switch (error) {
    case TsigErrorCode.BADSIG:
      return { kind: 'rejected', error: 'BADSIG', serverTime: undefined };
    case TsigErrorCode.BADKEY:
      return { kind: 'rejected', error: 'BADKEY', serverTime: undefined };
    case TsigErrorCode.BADTRUNC:
      return { kind: 'rejected', error: 'BADTRUNC', serverTime: undefined };
    case TsigErrorCode.BADTIME:
      return {
        kind: 'rejected',
        error: 'BADTIME',
        serverTime: other.length === 6 ? readTime(other, 0) : undefined,
      };
    default:
      return { kind: 'rejected', error: 'unknown', serverTime: undefined };
  }
}
