// Signatures with a shared secret over one message and its reply (RFC 8945): requests are verified here, replies and our
// own requests are signed. For the many messages of a transfer see tsig-stream.ts.

import { Rcode } from '../dns/record-type.ts';
import { readUint16 } from '../octets/big-endian.ts';
import { compareMac, isInTime, precedingMac, tsigVariables, unsignedParts } from './tsig-digest.ts';
import { type Hmac, isNamedAs, TSIG_MAC_OCTETS, type TsigKey, tsigAlgorithmName } from './tsig-key.ts';
import {
  appendTsig,
  findTsig,
  TsigErrorCode,
  type TsigRecord,
  tsigRecordOctets,
  writeTime,
} from './tsig-record.ts';

/** Seconds by which clocks may differ: RFC 8945 §10 recommends it, and every server uses it. */
export const TSIG_FUDGE_SECONDS = 300;

/** What the signature of a request is worth, and all that its reply needs. */
export type TsigCheck =
  | { readonly kind: 'unsigned' }
  | VerifiedTsig
  /** Malformed, misplaced, doubled, or with a MAC that is too short: the reply has no TSIG either (§5.2). */
  | { readonly kind: 'bad'; readonly error: 'FORMERR'; readonly rcode: number }
  /** The reply says so in a TSIG of its own (§5.3.2): {@link signReply} makes it. */
  | {
      readonly kind: 'bad';
      readonly error: 'BADKEY' | 'BADSIG';
      /** NOTAUTH. */
      readonly rcode: number;
      readonly record: TsigRecord;
    }
  | {
      readonly kind: 'bad';
      readonly error: 'BADTIME';
      readonly rcode: number;
      readonly record: TsigRecord;
      readonly key: TsigKey;
    };

export interface VerifiedTsig {
  readonly kind: 'verified';
  readonly key: TsigKey;
  /** As it came, for the digest of the reply. */
  readonly requestMac: Uint8Array;
  /** Octets of the message without its TSIG; the header still counts the record. */
  readonly unsignedLength: number;
}

/**
 * Verifies a request: `message` is exactly its octets, and is not changed. `keys` are all that are known here. In the
 * order of §5.2: form, key, MAC, time.
 */
export function verifyTsig(
  message: Uint8Array,
  keys: readonly TsigKey[],
  hmac: Hmac,
  nowSeconds: number,
): TsigCheck {
  const record = findTsig(message);
  if (record === 'none') return { kind: 'unsigned' };
  if (record === 'malformed') return { kind: 'bad', error: 'FORMERR', rcode: Rcode.FORMERR };
  const key = keys.find((known) => isNamedAs(known, record.name, record.algorithm));
  if (key === undefined) return { kind: 'bad', error: 'BADKEY', rcode: Rcode.NOTAUTH, record };
  const parts = [...unsignedParts(message, record), tsigVariables(record)];
  switch (compareMac(record.mac, hmac(key.algorithm, key.secret, parts), key)) {
    case 'malformed':
      return { kind: 'bad', error: 'FORMERR', rcode: Rcode.FORMERR };
    case 'other':
      return { kind: 'bad', error: 'BADSIG', rcode: Rcode.NOTAUTH, record };
    case 'same':
      return isInTime(record, nowSeconds)
        ? { kind: 'verified', key, requestMac: record.mac, unsignedLength: record.start }
        : { kind: 'bad', error: 'BADTIME', rcode: Rcode.NOTAUTH, record, key };
  }
}

export interface SignReplyOptions {
  /** Of the request that is answered. */
  readonly check: TsigCheck;
  readonly hmac: Hmac;
  readonly nowSeconds: number;
}

/** Octets that {@link signReply} adds: to be kept free before the reply is filled. */
export function tsigReplyOctets(check: TsigCheck): number {
  const record = replyRecord(check, 0, 0);
  if (record === undefined) return 0;
  return tsigRecordOctets(record) + (isSigned(check) ? TSIG_MAC_OCTETS[check.key.algorithm] : 0);
}

/**
 * Appends to the reply of `length` octets at `offset` what the request's signature asks for, and returns the new
 * length: a signature; for BADTIME a signature with the time here; for BADSIG and BADKEY a TSIG without MAC (§5.3.2);
 * nothing for an unsigned request or FORMERR. The reply's response code is the caller's to set before.
 */
export function signReply(
  output: Uint8Array,
  offset: number,
  length: number,
  { check, hmac, nowSeconds }: SignReplyOptions,
): number {
  const record = replyRecord(check, readUint16(output, offset), nowSeconds);
  if (record === undefined) return length;
  if (!isSigned(check)) return appendTsig(output, offset, length, record);
  const requestMac = check.kind === 'verified' ? check.requestMac : check.record.mac;
  const message = output.subarray(offset, offset + length);
  const parts = [precedingMac(requestMac), message, tsigVariables(record)];
  const mac = hmac(check.key.algorithm, check.key.secret, parts);
  return appendTsig(output, offset, length, { ...record, mac });
}

type SignedCheck = Extract<TsigCheck, { key: TsigKey }>;

function isSigned(check: TsigCheck): check is SignedCheck {
  return 'key' in check;
}

/** The record of the reply before its MAC is computed. */
function replyRecord(check: TsigCheck, id: number, nowSeconds: number): TsigRecord | undefined {
  if (check.kind === 'unsigned' || (check.kind === 'bad' && check.error === 'FORMERR')) return undefined;
  if (check.kind === 'verified') return createTsigRecord(check.key, id, nowSeconds);
  // §5.2.3: the client's own time and fudge, so that its clock does not reject the news that it is wrong.
  const { record, error } = check;
  const base = { ...record, mac: NO_OCTETS, originalId: id, error: TsigErrorCode[error] };
  return { ...base, other: error === 'BADTIME' ? serverTime(nowSeconds) : NO_OCTETS };
}

const NO_OCTETS = new Uint8Array();

function serverTime(nowSeconds: number): Uint8Array {
  const octets = new Uint8Array(6);
  writeTime(octets, 0, nowSeconds);
  return octets;
}

/** A record without MAC, error and other data. */
export function createTsigRecord(key: TsigKey, id: number, nowSeconds: number): TsigRecord {
  return {
    name: key.name,
    algorithm: tsigAlgorithmName(key.algorithm),
    timeSigned: nowSeconds,
    fudge: TSIG_FUDGE_SECONDS,
    mac: NO_OCTETS,
    originalId: id,
    error: TsigErrorCode.NOERROR,
    other: NO_OCTETS,
  };
}

/** Octets that a signature by this key adds to a message. */
export function tsigOctets(key: TsigKey): number {
  return tsigRecordOctets(createTsigRecord(key, 0, 0)) + TSIG_MAC_OCTETS[key.algorithm];
}

export interface SignedRequest {
  readonly message: Uint8Array;
  /** What {@link TsigStream} needs to verify the reply. */
  readonly mac: Uint8Array;
}

export interface SignRequestOptions {
  readonly key: TsigKey;
  readonly hmac: Hmac;
  readonly nowSeconds: number;
}

/** Signs a request of ours (§5.1): `message` is exactly its octets, and is not changed. */
export function signRequest(
  message: Uint8Array,
  { key, hmac, nowSeconds }: SignRequestOptions,
): SignedRequest {
  const record = createTsigRecord(key, readUint16(message, 0), nowSeconds);
  const mac = hmac(key.algorithm, key.secret, [message, tsigVariables(record)]);
  const output = new Uint8Array(message.length + tsigOctets(key));
  output.set(message);
  appendTsig(output, 0, message.length, { ...record, mac });
  return { message: output, mac };
}
