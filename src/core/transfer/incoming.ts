// What a secondary reads: the messages that answer AXFR (RFC 5936) or IXFR (RFC 1995), one by one, to a zone or to the
// changes of one. The primary is a stranger: every count has a bound, and nothing it sends is an exception.

import { isSameName } from '../dns/name.ts';
import { HEADER_OCTETS, HeaderFlag } from '../dns/query.ts';
import { formatRcode } from '../dns/rcode.ts';
import { Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { readUint16 } from '../octets/big-endian.ts';
import type { RecordTable } from '../zone/record-table.ts';
import type { ZoneChange } from './changes.ts';
import { TransferSequence } from './incoming-sequence.ts';
import { NameReader } from './name-reader.ts';
import { ReceivedRecord } from './received-record.ts';
import type { TsigStream } from './tsig-stream.ts';

export interface TransferReadLimits {
  /** Octets of owners and rdata, names written out. */
  readonly maxOctets: number;
  readonly maxRecords: number;
}

export const TRANSFER_READ_LIMITS: TransferReadLimits = {
  /** As `parseZone` takes of a zone file (MAX_ZONE_OCTETS). */
  maxOctets: 2 ** 30,
  /** The zones of the largest registries have fewer without their signatures; columns for so many take 1.5 GB. */
  maxRecords: 50_000_000,
};

export interface TransferReaderOptions {
  /** Of the zone asked for, in wire form. */
  readonly apex: Uint8Array;
  readonly kind: 'axfr' | 'ixfr';
  readonly id: number;
  /** The version that is at hand; needed for IXFR. */
  readonly serial?: number;
  /** Overrides {@link TRANSFER_READ_LIMITS} key by key. */
  readonly limits?: Partial<TransferReadLimits>;
  /** Verifies the messages where the request was signed. */
  readonly tsig?: TsigStream | undefined;
}

export type TransferReadCode =
  /** The primary says no: the message has its response code. */
  | 'refused'
  /** Cut short, or an encoding that does not hold together. */
  | 'malformed-message'
  | 'malformed-record'
  /** Not an answer to this request: another id, question, zone or class. */
  | 'wrong-answer'
  /** Records of classes or types that are in no zone. */
  | 'wrong-class'
  | 'meta-type'
  /** SOAs do not stand where they should, or their serials do not fit together. */
  | 'wrong-sequence'
  | 'too-large'
  /** A signature is missing or wrong, or the primary did not take ours. */
  | 'bad-signature';

export type TransferReading =
  /** Not the end yet. */
  | { readonly kind: 'more' }
  /** The zone, as `checkZone` and `compileZone` take it. `ignored` records were outside the zone. */
  | {
      readonly kind: 'done';
      readonly records: RecordTable;
      readonly serial: number;
      readonly ignored: number;
    }
  /** The steps from the version at hand to `serial`, oldest first. */
  | {
      readonly kind: 'incremental';
      readonly changes: readonly ZoneChange[];
      readonly serial: number;
      readonly ignored: number;
    }
  /** The primary has `serial`, which is not newer than the version at hand. */
  | { readonly kind: 'current'; readonly serial: number }
  /** Nothing of the transfer may be used. `message` is a sentence without addresses. */
  | { readonly kind: 'failed'; readonly code: TransferReadCode; readonly message: string };

export interface TransferReader {
  /**
   * Reads the next message, which is not kept. `nowSeconds` is the time for TSIG, since 1970. Never throws. After
   * anything but `more` there is nothing to read: it stays at that.
   */
  read(message: Uint8Array, nowSeconds: number): TransferReading;
}

type Failure = Extract<TransferReading, { kind: 'failed' }>;

const MORE: TransferReading = { kind: 'more' };

export function createTransferReader(options: TransferReaderOptions): TransferReader {
  const { tsig } = options;
  const sequence = new TransferSequence(options, { ...TRANSFER_READ_LIMITS, ...options.limits });
  const record = new ReceivedRecord();
  let isFirst = true;
  let reading: TransferReading = MORE;

  function read(message: Uint8Array, nowSeconds: number): TransferReading {
    const failure = checkHead(message, options, isFirst) ?? verify(message, tsig, nowSeconds);
    if (failure !== undefined) return failure;
    const start = questionEnd(message, options.apex, isFirst ? options.kind : undefined);
    if (typeof start !== 'number') return start;
    isFirst = false;
    const outcome = readRecords(message, start);
    if (outcome.kind === 'more' || outcome.kind === 'failed' || (tsig?.isCovered ?? true)) return outcome;
    return failed('bad-signature', 'The last message of the transfer has no signature.');
  }

  function readRecords(message: Uint8Array, start: number): TransferReading {
    const count = readUint16(message, 6);
    if (count === 0) return failed('wrong-sequence', 'A message of the transfer has no records.');
    let at = start;
    for (let left = count; left > 0; left--) {
      const fault = record.read(message, at);
      if (fault !== undefined) return failed(fault, FAULT_SENTENCES[fault]);
      at = record.end;
      const outcome = sequence.take(record);
      if (outcome !== undefined) {
        if (outcome.kind === 'failed' || left === 1) return outcome;
        return failed('wrong-sequence', 'Records follow the end of the transfer.');
      }
    }
    return sequence.endMessage() ?? MORE;
  }

  return {
    read(message, nowSeconds) {
      if (reading.kind === 'more') reading = read(message, nowSeconds);
      return reading;
    },
  };
}

const FAULT_SENTENCES = {
  'malformed-record': 'A record of the transfer is cut short, or its data is not what its type holds.',
  'wrong-class': 'A record of the transfer is not of class IN.',
  'meta-type': 'A record of the transfer has a type that is in no zone.',
} as const;

function failed(code: TransferReadCode, message: string): Failure {
  return { kind: 'failed', code, message };
}

/** Header (RFC 5936 §2.2.1). AA is not asked for: forwarding primaries do not set it, and TSIG is what proves origin. */
function checkHead(
  message: Uint8Array,
  { id, tsig }: TransferReaderOptions,
  isFirst: boolean,
): Failure | undefined {
  if (message.length < HEADER_OCTETS) return failed('malformed-message', 'A message has no whole header.');
  const flags = readUint16(message, 2);
  if (readUint16(message, 0) !== id || (flags & HeaderFlag.qr) === 0 || ((flags >>> 11) & 15) !== 0) {
    return failed('wrong-answer', 'A message does not answer this request.');
  }
  if ((flags & HeaderFlag.tc) !== 0)
    return failed('malformed-message', 'A message says that it is truncated.');
  const rcode = flags & 15;
  // The reason of a refused signature is in the TSIG record of such a message: it is told first.
  if (rcode !== Rcode.NOERROR && !(tsig !== undefined && rcode === Rcode.NOTAUTH)) return refused(rcode);
  if (readUint16(message, 4) > 1 || (isFirst && readUint16(message, 4) === 0 && rcode === Rcode.NOERROR)) {
    return failed('wrong-answer', 'The first message repeats the question, and none has two.');
  }
  return undefined;
}

function refused(rcode: number): Failure {
  return failed('refused', `The primary answers ${formatRcode(rcode)}.`);
}

function verify(message: Uint8Array, tsig: TsigStream | undefined, nowSeconds: number): Failure | undefined {
  if (tsig === undefined) return undefined;
  const check = tsig.verify(message, nowSeconds);
  const rcode = readUint16(message, 2) & 15;
  switch (check.kind) {
    case 'verified':
    case 'pending':
      return rcode === Rcode.NOERROR ? undefined : refused(rcode);
    case 'rejected':
      return failed('bad-signature', `The primary does not take our signature: ${check.error}.`);
    case 'bad':
      if (check.error === 'unsigned' && rcode !== Rcode.NOERROR) return refused(rcode);
      return failed('bad-signature', `The signature of a message is not good: ${check.error}.`);
  }
}

/** Where the answer section starts. `kind` is given for the first message, whose question must be ours. */
function questionEnd(
  message: Uint8Array,
  apex: Uint8Array,
  kind: 'axfr' | 'ixfr' | undefined,
): number | Failure {
  if (readUint16(message, 4) === 0) return HEADER_OCTETS;
  const name = new NameReader();
  const at = name.read(message, HEADER_OCTETS, message.length);
  if (at < 0 || at + 4 > message.length) return failed('malformed-message', 'A question is cut short.');
  const isOurs =
    isSameName(name.octets.subarray(0, name.length), apex) &&
    readUint16(message, at + 2) === RecordClass.IN &&
    (kind === undefined || readUint16(message, at) === (kind === 'axfr' ? RecordType.AXFR : RecordType.IXFR));
  return isOurs ? at + 4 : failed('wrong-answer', 'A message answers another question.');
}
