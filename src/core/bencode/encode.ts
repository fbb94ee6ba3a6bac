// Bencoded messages of our own making (BEP 3): the only importer of npm's `bencode`.

import bencode from 'bencode';

/** No fractions, no bigint, no undefined: npm's `bencode` writes each of them as something else, or nothing. */
export type BencodeValue =
  | Uint8Array
  | string
  | number
  | readonly BencodeValue[]
  | { readonly [key: string]: BencodeValue };

/**
 * Strings become UTF-8; keys are sorted. For messages of the control plane: replies on the packet path are written in
 * place, and strangers' torrents are never encoded again. Throws a RangeError for a number that is no safe integer.
 */
export function encodeBencode(value: BencodeValue): Uint8Array {
  refuseFractions(value);
  const encoded = bencode.encode(value);
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

function refuseFractions(value: BencodeValue): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError('bencode holds integers only');
  } else if (typeof value === 'object' && !(value instanceof Uint8Array)) {
    for (const each of Object.values(value)) refuseFractions(each);
  }
}
