// A strict scanner of bencoded octets (BEP 3): says where values are, and builds none of them. Strangers' torrents are
// read by this alone and never decoded and encoded again, because the info-hash is that of the octets as found.

import { stringSpan } from './spans.ts';

/** Nesting, as libtorrent and qBittorrent bound it; BEP 52 nests file trees as deep as folders go. */
export const MAX_DEPTH = 100;

/** Values, keys and ends of lists and dictionaries in one document: qBittorrent's default. */
export const MAX_TOKENS = 10_000_000;

export interface BencodeError {
  readonly kind: 'error';
  readonly code:
    | 'truncated'
    | 'bad-value'
    | 'bad-integer'
    | 'bad-length'
    | 'bad-key'
    | 'duplicate-key'
    | 'too-deep'
    | 'too-many-values'
    | 'trailing-octets';
  /** Where in the octets. */
  readonly offset: number;
  /** One sentence, without the offset. */
  readonly message: string;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const MINUS = 0x2d;
const DICTIONARY = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/** One open list or dictionary. */
interface Frame {
  readonly isDictionary: boolean;
  /** Where the offsets of this dictionary's keys begin in the shared array. */
  readonly firstKey: number;
  /** A key is below the one before it. */
  unsorted: boolean;
  expectsKey: boolean;
}

/**
 * Checks that the octets are exactly one value: canonical integers and lengths (no leading zeros, no `-0`), keys that
 * are strings, no key twice in a dictionary, everything closed, nothing after it. Keys out of order are accepted:
 * torrents with them exist, and they leave no doubt about what a key's value is. Time is linear but for dictionaries
 * out of order, which are sorted; memory is a number a key of the dictionaries open at once.
 */
export function checkBencode(octets: Uint8Array): BencodeError | undefined {
  const frames: Frame[] = [];
  const keys: number[] = [];
  let offset = 0;
  for (let tokens = 0; tokens <= MAX_TOKENS; tokens++) {
    const frame = frames.at(-1);
    const octet = octets[offset];
    if (octet === undefined) return failure('truncated', offset, 'the octets end inside a value');
    if (octet === END && frame !== undefined) {
      const error = closeFrame(octets, frame, keys, offset);
      if (error !== undefined) return error;
      frames.pop();
      offset++;
    } else if (frame?.expectsKey === true) {
      const end = endOfString(octets, offset);
      if (typeof end !== 'number') return asKeyError(end);
      const error = noteKey(octets, frame, keys, offset);
      if (error !== undefined) return error;
      frame.expectsKey = false;
      offset = end;
      continue;
    } else if (octet === LIST || octet === DICTIONARY) {
      if (frames.length === MAX_DEPTH) {
        return failure('too-deep', offset, `values are nested deeper than ${MAX_DEPTH}`);
      }
      const isDictionary = octet === DICTIONARY;
      if (frame?.isDictionary === true) frame.expectsKey = true;
      frames.push({ isDictionary, firstKey: keys.length, unsorted: false, expectsKey: isDictionary });
      offset++;
      continue;
    } else {
      const end = octet === INTEGER ? endOfInteger(octets, offset) : endOfString(octets, offset);
      if (typeof end !== 'number') return end;
      if (frame?.isDictionary === true) frame.expectsKey = true;
      offset = end;
    }
    if (frames.length === 0) {
      if (offset === octets.length) return undefined;
      return failure('trailing-octets', offset, 'octets follow after the value');
    }
  }
  return failure('too-many-values', offset, `more than ${MAX_TOKENS} values`);
}

function failure(code: BencodeError['code'], offset: number, message: string): BencodeError {
  return { kind: 'error', code, offset, message };
}

function asKeyError(error: BencodeError): BencodeError {
  return error.code === 'bad-value' ? failure('bad-key', error.offset, 'a key is not a string') : error;
}

/** The offset after `i…e` at `offset`. */
function endOfInteger(octets: Uint8Array, offset: number): number | BencodeError {
  let index = offset + 1;
  const isNegative = octets[index] === MINUS;
  if (isNegative) index++;
  const first = octets[index];
  const digits = index;
  while (isDigit(octets[index])) index++;
  if (index === octets.length) return failure('truncated', index, 'the octets end inside an integer');
  if (octets[index] !== END || index === digits) {
    return failure('bad-integer', index, 'an integer has something other than digits');
  }
  if (first === DIGIT_0 && (isNegative || index > digits + 1)) {
    return failure('bad-integer', offset, 'an integer has a leading zero');
  }
  return index + 1;
}

/** The offset after the string at `offset`, whose length is checked against the octets before it can grow large. */
function endOfString(octets: Uint8Array, offset: number): number | BencodeError {
  if (!isDigit(octets[offset])) {
    return failure('bad-value', offset, 'no value begins with this octet');
  }
  let length = 0;
  let index = offset;
  for (; isDigit(octets[index]); index++) {
    length = length * 10 + octets[index]! - DIGIT_0;
    if (length > octets.length) {
      return failure('truncated', offset, 'a string is longer than the octets that are left');
    }
  }
  if (octets[index] === undefined) return failure('truncated', index, 'the octets end inside a length');
  if (octets[index] !== COLON)
    return failure('bad-length', index, 'a length has something other than digits');
  if (octets[offset] === DIGIT_0 && index > offset + 1) {
    return failure('bad-length', offset, 'a length has a leading zero');
  }
  const end = index + 1 + length;
  if (end > octets.length) {
    return failure('truncated', offset, 'a string is longer than the octets that are left');
  }
  return end;
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= DIGIT_0 && octet <= DIGIT_9;
}

/** Compares with the key before; equal neighbours are found at once, others when an unsorted dictionary closes. */
function noteKey(octets: Uint8Array, frame: Frame, keys: number[], offset: number): BencodeError | undefined {
  if (keys.length > frame.firstKey) {
    const order = compareStrings(octets, keys.at(-1)!, offset);
    if (order === 0) return failure('duplicate-key', offset, 'a key is in the same dictionary twice');
    if (order > 0) frame.unsorted = true;
  }
  keys.push(offset);
  return undefined;
}

function closeFrame(
  octets: Uint8Array,
  frame: Frame,
  keys: number[],
  offset: number,
): BencodeError | undefined {
  if (!frame.isDictionary) return undefined;
  if (!frame.expectsKey) return failure('bad-value', offset, 'a key has no value');
  if (frame.unsorted) {
    const sorted = keys.slice(frame.firstKey).sort((left, right) => compareStrings(octets, left, right));
    for (let index = 1; index < sorted.length; index++) {
      if (compareStrings(octets, sorted[index - 1]!, sorted[index]!) === 0) {
        const second = Math.max(sorted[index - 1]!, sorted[index]!);
        return failure('duplicate-key', second, 'a key is in the same dictionary twice');
      }
    }
  }
  keys.length = frame.firstKey;
  return undefined;
}

/** Order of two checked strings, by their octets. */
function compareStrings(octets: Uint8Array, left: number, right: number): number {
  const a = stringSpan(octets, left);
  const b = stringSpan(octets, right);
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let index = 0; index < length; index++) {
    const difference = octets[a.start + index]! - octets[b.start + index]!;
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}
