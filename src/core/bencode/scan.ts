// A strict scanner of bencoded octets (BEP 3): says where values are, and builds none of them. Strangers' torrents are
// read by this alone and never decoded and encoded again, because the info-hash is that of the octets as found.
// Non-null assertions: offsets are compared with the length first, depths with their bound.

import type { Outline } from './outline.ts';

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
const COLON = 0x3a;
const MINUS = 0x2d;
const DICTIONARY = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/** Of a string or an integer that is none: {@link explainString} and {@link explainInteger} say why. */
const BAD = -1;

/** A frame: flags, where its keys begin in the shared array, its mark in the outline. */
const FRAME_NUMBERS = 3;
const FIRST_KEY = 1;
const MARK = 2;
const IS_DICTIONARY = 1;
/** A key is below the one before it. */
const UNSORTED = 2;

/**
 * Checks that the octets are exactly one value: canonical integers and lengths (no leading zeros, no `-0`), keys that
 * are strings, no key twice in a dictionary, everything closed, nothing after it. Keys out of order are accepted:
 * torrents with them exist, and they leave no doubt about what a key's value is. Time is linear but for dictionaries
 * out of order, which are sorted; memory is two numbers a key of the dictionaries open at once, and what `outline` keeps.
 */
// Long because it is one loop over every token of a torrent, most of what rewriting one costs: an object a frame and a
// call a token take twice as long.
export function checkBencode(octets: Uint8Array, outline?: Outline): BencodeError | undefined {
  const size = octets.length;
  // The lists and dictionaries that are open, outermost first; the first stands for what is outside.
  const frames = new Int32Array((MAX_DEPTH + 1) * FRAME_NUMBERS);
  // Offset and end of each key of the open dictionaries, those of the outermost first; used up to keyCount.
  const keys: number[] = [];
  let keyCount = 0;
  let firstKey = 0;
  let top = 0;
  let depth = 0;
  let isDictionary = false;
  let expectsKey = false;
  let offset = 0;
  for (let tokens = 0; tokens <= MAX_TOKENS; tokens++) {
    if (offset >= size) return failure('truncated', offset, 'the octets end inside a value');
    const octet = octets[offset]!;
    if (isDigit(octet)) {
      const end = endOfString(octets, offset);
      if (end === BAD) return explainString(octets, offset);
      if (expectsKey) {
        if (keyCount > firstKey) {
          const order = compareStrings(octets, keys[keyCount - 2]!, keys[keyCount - 1]!, offset, end);
          if (order === 0) return duplicateKey(offset);
          if (order > 0) frames[top]! |= UNSORTED;
        }
        keys[keyCount] = offset;
        keys[keyCount + 1] = end;
        keyCount += 2;
        expectsKey = false;
        offset = end;
        continue;
      }
      offset = end;
    } else if (octet === END && depth > 0) {
      if (isDictionary && !expectsKey) return failure('bad-value', offset, 'a key has no value');
      offset++;
      outline?.close(frames[top + MARK]!, offset);
      if ((frames[top]! & UNSORTED) !== 0) {
        const duplicate = findDuplicate(octets, keys, firstKey, keyCount);
        if (duplicate !== BAD) return duplicateKey(duplicate);
      }
      keyCount = firstKey;
      top -= FRAME_NUMBERS;
      depth--;
      isDictionary = (frames[top]! & IS_DICTIONARY) !== 0;
      firstKey = frames[top + FIRST_KEY]!;
    } else if (expectsKey) {
      return failure('bad-key', offset, 'a key is not a string');
    } else if (octet === INTEGER) {
      const end = endOfInteger(octets, offset);
      if (end === BAD) return explainInteger(octets, offset);
      offset = end;
    } else if (octet === LIST || octet === DICTIONARY) {
      if (depth === MAX_DEPTH) {
        return failure('too-deep', offset, `values are nested deeper than ${MAX_DEPTH}`);
      }
      isDictionary = octet === DICTIONARY;
      top += FRAME_NUMBERS;
      frames[top] = isDictionary ? IS_DICTIONARY : 0;
      firstKey = keyCount;
      frames[top + FIRST_KEY] = firstKey;
      if (outline !== undefined) frames[top + MARK] = outline.open(offset, depth);
      depth++;
      expectsKey = isDictionary;
      offset++;
      continue;
    } else {
      return failure('bad-value', offset, 'no value begins with this octet');
    }
    expectsKey = isDictionary;
    if (depth === 0) {
      if (offset === size) return undefined;
      return failure('trailing-octets', offset, 'octets follow after the value');
    }
  }
  return failure('too-many-values', offset, `more than ${MAX_TOKENS} values`);
}

/** Of an unsorted dictionary's keys, from `first` to `keyCount`: the offset of one that is there twice, or BAD. */
function findDuplicate(octets: Uint8Array, keys: readonly number[], first: number, keyCount: number): number {
  const order = Array.from({ length: (keyCount - first) / 2 }, (_, index) => first + index * 2);
  const compare = (left: number, right: number): number =>
    compareStrings(octets, keys[left]!, keys[left + 1]!, keys[right]!, keys[right + 1]!);
  order.sort(compare);
  for (let index = 1; index < order.length; index++) {
    if (compare(order[index - 1]!, order[index]!) === 0) {
      return Math.max(keys[order[index - 1]!]!, keys[order[index]!]!);
    }
  }
  return BAD;
}
function failure(code: BencodeError['code'], offset: number, message: string): BencodeError {
  return { kind: 'error', code, offset, message };
}

function duplicateKey(offset: number): BencodeError {
  return failure('duplicate-key', offset, 'a key is in the same dictionary twice');
}

/** The offset after `i…e` at `offset`, or BAD. */
function endOfInteger(octets: Uint8Array, offset: number): number {
  const size = octets.length;
  let index = offset + 1;
  const isNegative = index < size && octets[index] === MINUS;
  if (isNegative) index++;
  const digits = index;
  while (index < size && isDigit(octets[index]!)) index++;
  if (index === size || octets[index] !== END || index === digits) return BAD;
  if (octets[digits] === DIGIT_0 && (isNegative || index > digits + 1)) return BAD;
  return index + 1;
}

function explainInteger(octets: Uint8Array, offset: number): BencodeError {
  const isNegative = octets[offset + 1] === MINUS;
  const digits = offset + (isNegative ? 2 : 1);
  let index = digits;
  while (index < octets.length && isDigit(octets[index]!)) index++;
  if (index >= octets.length) return failure('truncated', index, 'the octets end inside an integer');
  if (octets[index] !== END || index === digits) {
    return failure('bad-integer', index, 'an integer has something other than digits');
  }
  return failure('bad-integer', offset, 'an integer has a leading zero');
}

/** The offset after the string at `offset`, a digit, or BAD; its length is held against the octets before it can grow large. */
function endOfString(octets: Uint8Array, offset: number): number {
  const size = octets.length;
  let length = octets[offset]! - DIGIT_0;
  const isZero = length === 0;
  let index = offset + 1;
  for (; index < size; index++) {
    const octet = octets[index]!;
    if (!isDigit(octet)) {
      const end = index + 1 + length;
      return octet !== COLON || end > size ? BAD : end;
    }
    length = length * 10 + octet - DIGIT_0;
    if (isZero || length > size) return BAD;
  }
  return BAD;
}

function explainString(octets: Uint8Array, offset: number): BencodeError {
  let length = 0;
  let index = offset;
  for (; index < octets.length && isDigit(octets[index]!); index++) {
    length = length * 10 + octets[index]! - DIGIT_0;
    if (length > octets.length) break;
  }
  if (length > octets.length) {
    return failure('truncated', offset, 'a string is longer than the octets that are left');
  }
  if (index === octets.length) return failure('truncated', index, 'the octets end inside a length');
  if (octets[index] !== COLON)
    return failure('bad-length', index, 'a length has something other than digits');
  if (octets[offset] === DIGIT_0 && index > offset + 1) {
    return failure('bad-length', offset, 'a length has a leading zero');
  }
  return failure('truncated', offset, 'a string is longer than the octets that are left');
}

function isDigit(octet: number): boolean {
  return (octet - DIGIT_0) >>> 0 <= 9;
}

/** Order of two checked strings, each from its length on, by their octets. */
// Five positional parameters: once a key of every dictionary.
function compareStrings(
  octets: Uint8Array,
  left: number,
  leftEnd: number,
  right: number,
  rightEnd: number,
): number {
  let a = contentOf(octets, left);
  let b = contentOf(octets, right);
  const lengths = leftEnd - a - (rightEnd - b);
  const end = lengths < 0 ? leftEnd : leftEnd - lengths;
  for (; a < end; a++, b++) {
    const difference = octets[a]! - octets[b]!;
    if (difference !== 0) return difference;
  }
  return lengths;
}

function contentOf(octets: Uint8Array, offset: number): number {
  let index = offset + 1;
  while (octets[index] !== COLON) index++;
  return index + 1;
}
