// The text of a TXT record: its character-strings one behind the other, without separator (RFC 1035 §3.3.14, BEP 34).

import { octetsToText } from '../octets/text.ts';

/** Reads rdata from `start` to `end` (excluded); undefined when a string overruns it. One character an octet. */
export function joinStrings(octets: Uint8Array, start = 0, end = octets.length): string | undefined {
  let text = '';
  let offset = start;
  while (offset < end) {
    const next = offset + 1 + octets[offset]!;
    if (next > end) return undefined;
    text += octetsToText(octets, offset + 1, next);
    offset = next;
  }
  return text;
}
