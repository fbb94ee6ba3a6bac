// Type and class words, found without making a string of each: a word of up to ten letters, digits and hyphens packs
// into one number.

import { formatRecordType, parseRecordType, RecordType } from '../../dns/record-type.ts';
import { octetsToText } from '../../octets/text.ts';

export const NOT_FOUND = -1;

/** OPENPGPKEY and NSEC3PARAM are the longest. 38^10 is below 2^53, so that the packing is exact. */
const MAX_PACKED_OCTETS = 10;

/** 1–37 for letters in either case, digits and hyphen; 0 for all else. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, octet) => {
  const index = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-'.indexOf(String.fromCharCode(octet).toUpperCase());
  return octet < 0x80 ? index + 1 : 0;
});

function pack(octets: Uint8Array, start: number, end: number): number {
  if (end - start > MAX_PACKED_OCTETS) return NOT_FOUND;
  let packed = 0;
  for (let index = start; index < end; index++) {
    const digit = DIGITS[octets[index]!]!;
    if (digit === 0) return NOT_FOUND;
    packed = packed * 38 + digit;
  }
  return packed;
}

function packText(text: string): number {
  return pack(
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    0,
    text.length,
  );
}

const TYPES = new Map<number, number>(
  Object.entries(RecordType).map(([name, type]) => [packText(name), type]),
);

/** RFC 1035 §3.2.4, RFC 2136 §1.3. */
const CLASSES = new Map<number, number>(
  Object.entries({ IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254 }).map(([name, number]) => [packText(name), number]),
);

/** The two types of which a zone is mostly made, so that the common record asks no map. */
const PACKED_A = packText('A');
const PACKED_AAAA = packText('AAAA');

/** The type of a mnemonic in either case or of `TYPE1234`; NOT_FOUND for anything else. */
export function typeOf(octets: Uint8Array, start: number, end: number): number {
  const packed = pack(octets, start, end);
  if (packed === PACKED_A) return RecordType.A;
  if (packed === PACKED_AAAA) return RecordType.AAAA;
  const known = TYPES.get(packed);
  if (known !== undefined) return known;
  const isGeneric = end - start > 4 && end - start < 10 && (octets[start]! | 0x20) === 0x74;
  return isGeneric ? (parseRecordType(octetsToText(octets, start, end)) ?? NOT_FOUND) : NOT_FOUND;
}

/** The class of a mnemonic in either case or of `CLASS1234` (RFC 3597 §5); NOT_FOUND for anything else. */
export function classOf(octets: Uint8Array, start: number, end: number): number {
  const known = CLASSES.get(pack(octets, start, end));
  if (known !== undefined) return known;
  if (end - start > 10) return NOT_FOUND;
  const match = /^CLASS(\d{1,5})$/i.exec(octetsToText(octets, start, end));
  return match !== null && Number(match[1]) <= 65_535 ? Number(match[1]) : NOT_FOUND;
}

/** The type that is one slip of the finger away from `word`. */
export function suggestType(word: string): string | undefined {
  const upper = word.toUpperCase();
  return Object.values(RecordType)
    .filter((type) => type < 128 || type > 255)
    .map(formatRecordType)
    .find((name) => isOneEditAway(upper, name));
}

/** One letter more, one fewer, one other, or two neighbours exchanged. */
function isOneEditAway(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1 || Math.max(left.length, right.length) < 3) return false;
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  const [leftRest, rightRest] = [left.slice(start), right.slice(start)];
  return (
    leftRest.slice(1) === rightRest.slice(1) ||
    leftRest.slice(1) === rightRest ||
    leftRest === rightRest.slice(1) ||
    (leftRest[0] === rightRest[1] && leftRest[1] === rightRest[0] && leftRest.slice(2) === rightRest.slice(2))
  );
}
