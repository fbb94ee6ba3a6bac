// Bencode read by npm's package: the types that the product declares for it leave reading out.

import bencode from 'bencode';

const { decode } = bencode as unknown as { decode(octets: Uint8Array): unknown };

/** Strings come as octets, dictionaries as objects. `text` has one character an octet. */
export function decodeBencode(text: string | Uint8Array): Record<string, unknown> {
  return decode(typeof text === 'string' ? Buffer.from(text, 'latin1') : Buffer.from(text)) as Record<
    string,
    unknown
  >;
}
