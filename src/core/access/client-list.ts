// Lists of clients by how their peer ids begin (BEP 20): `-XL`, `-UT35`, one a line. Few, so that they are looked at one
// after the other.
// Parameters are positional: an object a call is what this code exists to avoid.

import { isAlone, isListFull, type ListReader, readListLine, reportRest, reportWord } from './list-lines.ts';

const PEER_ID_OCTETS = 20;
/** Each costs an announce a comparison. BEP 20 knows some seventy clients. */
export const MAX_CLIENT_PREFIXES = 256;

/** One prefix after the other, each behind an octet with its length. */
export type ClientPrefixes = Uint8Array;

export function parseClientList(reader: ListReader): {
  readonly prefixes: ClientPrefixes;
  readonly count: number;
} {
  const { octets } = reader;
  const prefixes: number[] = []; // at most MAX_CLIENT_PREFIXES × 21
  let count = 0;
  while (readListLine(reader)) {
    if (isListFull(reader, count, MAX_CLIENT_PREFIXES)) break;
    const word = octets.subarray(reader.wordStart, reader.wordEnd);
    if (!isAlone(reader)) reportRest(reader, 'One prefix stands on a line; comments begin with #.');
    else if (word.length > PEER_ID_OCTETS || word.some((octet) => octet >= 0x7f)) {
      const message = `A peer id begins with up to ${PEER_ID_OCTETS} characters of ASCII, such as -XL.`;
      reportWord(reader, 'bad-client-prefix', message);
    } else {
      prefixes.push(word.length, ...word);
      count++;
    }
  }
  return { prefixes: Uint8Array.from(prefixes), count };
}

/** Whether the 20 octets at `offset` begin with one of them. */
export function isClientListed(prefixes: ClientPrefixes, octets: Uint8Array, offset: number): boolean {
  let at = 0;
  while (at < prefixes.length) {
    const length = prefixes[at]!;
    let same = 0;
    while (same < length && prefixes[at + 1 + same] === octets[offset + same]) same++;
    if (same === length) return true;
    at += 1 + length;
  }
  return false;
}
