// What a MAC is computed over (RFC 8945 §4.3).

import { HEADER_OCTETS } from '../dns/query.ts';
import { RecordClass } from '../dns/record-type.ts';
import { readUint16, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { isSameSecret } from '../octets/secret.ts';
import { TSIG_MAC_OCTETS, type TsigAlgorithm, type TsigKey } from './tsig-key.ts';
import { type PlacedTsigRecord, type TsigRecord, writeTime } from './tsig-record.ts';

type TsigFields = Omit<TsigRecord, 'mac' | 'originalId'>;

/** §4.3.3: what of the record is signed with the first message, names in canonical form. */
export function tsigVariables({ name, algorithm, timeSigned, fudge, error, other }: TsigFields): Uint8Array {
  const octets = new Uint8Array(name.length + 6 + algorithm.length + 12 + other.length);
  octets.set(name);
  let at = name.length;
  writeUint16(octets, at, RecordClass.ANY);
  writeUint32(octets, at + 2, 0);
  at += 6;
  octets.set(algorithm, at);
  at += algorithm.length;
  writeTime(octets, at, timeSigned);
  writeUint16(octets, at + 6, fudge);
  writeUint16(octets, at + 8, error);
  writeUint16(octets, at + 10, other.length);
  octets.set(other, at + 12);
  return octets;
}

/** §5.3.1: what of the record is signed with each message after the first. */
export function tsigTimers({ timeSigned, fudge }: Pick<TsigRecord, 'timeSigned' | 'fudge'>): Uint8Array {
  const octets = new Uint8Array(8);
  writeTime(octets, 0, timeSigned);
  writeUint16(octets, 6, fudge);
  return octets;
}

/** §4.3.1: the MAC that the digest begins with, with its length. Empty for none: a request has no MAC before it. */
export function precedingMac(mac: Uint8Array | undefined): Uint8Array {
  if (mac === undefined) return new Uint8Array();
  const octets = new Uint8Array(2 + mac.length);
  writeUint16(octets, 0, mac.length);
  octets.set(mac, 2);
  return octets;
}

/** §4.3.2: the message as it was before it was signed: without the record, not counted, under its original id. */
export function unsignedParts(message: Uint8Array, { start, originalId }: PlacedTsigRecord): Uint8Array[] {
  const header = new Uint8Array(message.subarray(0, HEADER_OCTETS));
  writeUint16(header, 0, originalId);
  writeUint16(header, 10, readUint16(message, 10) - 1);
  return [header, message.subarray(HEADER_OCTETS, start)];
}

/** Octets that a truncated MAC has at least (§5.2.2.1): half of the whole one, and ten. */
export function minimumMacOctets(algorithm: TsigAlgorithm): number {
  return Math.max(10, TSIG_MAC_OCTETS[algorithm] / 2);
}

/**
 * §5.2.2: `malformed` (FORMERR) for a MAC that is longer than the algorithm makes it, or shorter than it may be
 * truncated to; otherwise whether it is the one computed here, as far as it goes.
 */
export function compareMac(received: Uint8Array, computed: Uint8Array, { algorithm }: TsigKey) {
  if (received.length > computed.length || received.length < minimumMacOctets(algorithm)) return 'malformed';
  return isSameSecret(received, computed.subarray(0, received.length)) ? 'same' : 'other';
}

/** §5.2.3. */
export function isInTime({ timeSigned, fudge }: TsigRecord, nowSeconds: number): boolean {
  return Math.abs(nowSeconds - timeSigned) <= fudge;
}
