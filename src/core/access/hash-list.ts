// Lists of info-hashes, as text: 40 hexadecimal digits a line, or the 64 of BEP 52, of which a tracker sees the first 40.
// Behind them may stand whatever is no letter and no digit, and then anything, as opentracker has it.

import { INFO_HASH_OCTETS } from './hash-set.ts';
import { isListFull, type ListReader, readListLine, reportWord } from './list-lines.ts';

const V1_DIGITS = 40;
/** BEP 52: SHA-256, cut to 20 octets in announces. */
const V2_DIGITS = 64;

export interface HashList {
  /** 20 octets each, in the order of the file. */
  readonly octets: Uint8Array;
  readonly count: number;
}

const NO_DIGIT = 0xff;
/** By octet: the value of a hexadecimal digit, or {@link NO_DIGIT}. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, octet) => digitOf(octet));

function digitOf(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NO_DIGIT;
}

export function parseHashList(reader: ListReader): HashList {
  const most = Math.floor((reader.octets.length - reader.next) / (V1_DIGITS + 1)) + 1;
  const octets = new Uint8Array(most * INFO_HASH_OCTETS);
  let count = 0;
  while (readListLine(reader)) {
    if (isListFull(reader, count)) break;
    if (readHash(reader, octets, count * INFO_HASH_OCTETS)) count++;
    else reportWord(reader, 'bad-info-hash', 'An info-hash has 40 hexadecimal digits, one of BEP 52 has 64.');
  }
  return { octets, count };
}

function readHash({ octets, wordStart, wordEnd }: ListReader, out: Uint8Array, at: number): boolean {
  let end = wordStart;
  while (end < wordEnd && DIGITS[octets[end]!] !== NO_DIGIT) end++;
  const digits = end - wordStart;
  if (digits !== V1_DIGITS && digits !== V2_DIGITS) return false;
  if (end < wordEnd && isWordOctet(octets[end]!)) return false;
  for (let index = 0; index < INFO_HASH_OCTETS; index++) {
    const digit = wordStart + index * 2;
    out[at + index] = (DIGITS[octets[digit]!]! << 4) | DIGITS[octets[digit + 1]!]!;
  }
  return true;
}

/** Letters, digits, and what is no ASCII. */
function isWordOctet(octet: number): boolean {
  const letter = octet | 0x20;
  return (octet >= 0x30 && octet <= 0x39) || (letter >= 0x61 && letter <= 0x7a) || octet >= 0x80;
}
