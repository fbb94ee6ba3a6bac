// What two servers share to know each other's messages (RFC 8945), and who computes with it.

import { isSameName } from '../dns/name.ts';
import { textToOctets } from '../octets/text.ts';

/** Those of RFC 8945 §6 that are not on their way out; MD5 and SHA-1 are refused. */
export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';

/** Octets of a whole MAC. */
export const TSIG_MAC_OCTETS: Readonly<Record<TsigAlgorithm, number>> = {
  'hmac-sha256': 32,
  'hmac-sha384': 48,
  'hmac-sha512': 64,
};

/** A secret that two servers share, under a name (RFC 8945 §4.2). */
export interface TsigKey {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
}

/** HMAC (RFC 2104) over the parts, one behind the other. Returns an array of its own, whole, and reads no part later. */
export type Hmac = (algorithm: TsigAlgorithm, secret: Uint8Array, parts: readonly Uint8Array[]) => Uint8Array;

const ALGORITHM_NAMES: Readonly<Record<TsigAlgorithm, Uint8Array>> = {
  'hmac-sha256': textToOctets('\x0bhmac-sha256\0'),
  'hmac-sha384': textToOctets('\x0bhmac-sha384\0'),
  'hmac-sha512': textToOctets('\x0bhmac-sha512\0'),
};

/** The algorithm's domain name in wire form. */
export function tsigAlgorithmName(algorithm: TsigAlgorithm): Uint8Array {
  return ALGORITHM_NAMES[algorithm];
}

/** Whether the names of a record are those of the key: both parts in lower case, or not. */
export function isNamedAs(key: TsigKey, name: Uint8Array, algorithm: Uint8Array): boolean {
  return isSameName(key.name, name) && isSameName(ALGORITHM_NAMES[key.algorithm], algorithm);
}
