// A strict scanner of bencoded octets (BEP 3): says where values are, and builds none of them. Strangers' torrents are
// read by this alone and never decoded and encoded again, because the info-hash is that of the octets as found.
// Non-null assertions: offsets are compared with the length first, depths with their bound.

import { FILE_ENTRY_DEPTH, type FileEntryRun, skipFileEntries } from './file-entry.ts';
import { OUTLINED_DEPTH, type Outline } from './outline.ts';

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

/** A frame is the number of keys of the dictionaries outside it, and two flags. */
const IS_DICTIONARY = 1;
/** A key is below the one before it. */
const UNSORTED = 2;

/** Those outside the innermost, outermost first. One for all calls: none of them waits for another. */
const frames = new Int32Array(MAX_DEPTH);
/** As {@link frames} is. */
const run: FileEntryRun = { end: 0, tokens: 0 };

/** What the next octets may be: a value outside of dictionaries, a key, or the value of a key. */
const AS_VALUE = 0;
const AS_KEY = 1;
const AS_KEYED_VALUE = 2;

/**
 * Checks that the octets are exactly one value: canonical integers and lengths (no leading zeros, no `-0`), keys that
 * are strings, no key twice in a dictionary, everything closed, nothing after it. Keys out of order are accepted:
 * torrents with them exist, and they leave no doubt about what a key's value is. Time is linear but for dictionaries
 * out of order, which are sorted; memory is two numbers a key of the dictionaries open at once, and what `outline` keeps.
 */
// Long because it is one loop over every token of a torrent, most of what rewriting one costs: 5 ns a token; with a call
// for each string and an object a frame it is 16.
export function checkBencode(octets: Uint8Array, outline?: Outline): BencodeError | undefined {
  const size = octets.length;
  const view = new DataView(octets.buffer, octets.byteOffset, size);
  const keys: number[] = []; // first octet and end of each key, those of the outermost dictionary first
  let keyCount = 0;
  let firstKey = 0;
  let unsorted = 0;
  let state: number = AS_VALUE;
  let depth = 0;
  let offset = 0;
  for (let tokens = 0; tokens <= MAX_TOKENS; tokens++) {
    if (offset >= size) return failure('truncated', offset, 'the octets end inside a value');
    const octet = octets[offset]!;
    let length = octet - DIGIT_0;
    if (length >>> 0 <= 9) {
      let at = offset + 1;
      let next = at < size ? octets[at]! : 0;
      while (next !== COLON) {
        const digit = next - DIGIT_0;
        if (length === 0 || digit >>> 0 > 9 || length > size) return explainString(octets, offset);
        length = length * 10 + digit;
        next = ++at < size ? octets[at]! : 0;
      }
      const content = at + 1;
      const end = content + length;
      if (end > size) return explainString(octets, offset);
      if (state === AS_KEY) {
        if (keyCount > firstKey) {
          const before = keys[keyCount - 2]!;
          // Most keys differ from the one before in their first octet.
          if (length === 0 || octets[before]! >= octets[content]!) {
            const order = compareSpans(octets, before, keys[keyCount - 1]!, content, end);
            if (order === 0) return duplicateKey(offset);
            if (order > 0) unsorted = UNSORTED;
          }
        }
        keys[keyCount] = content;
        keys[keyCount + 1] = end;
        keyCount += 2;
        offset = end;
        state = AS_KEYED_VALUE;
        continue;
      }
      offset = end;
    } else if (octet === END && depth > 0) {
      if (state === AS_KEYED_VALUE) return failure('bad-value', offset, 'a key has no value');
      if (unsorted !== 0) {
        const duplicate = findDuplicate(octets, keys, firstKey, keyCount);
        if (duplicate !== undefined) return duplicateKey(duplicate);
      }
      offset++;
      depth--;
      outline?.close(depth, offset);
      keyCount = firstKey;
      const frame = frames[depth]!;
      firstKey = frame >> 2;
      unsorted = frame & UNSORTED;
      state = (frame & IS_DICTIONARY) << 1;
    } else if (state === AS_KEY) {
      return failure('bad-key', offset, 'a key is not a string');
    } else if (octet === INTEGER) {
      let at = offset + 1;
      if (octets[at] === MINUS) at++;
      const first = at < size ? octets[at]! : 0;
      while (at < size && (octets[at]! - DIGIT_0) >>> 0 <= 9) at++;
      const isCanonical = first !== DIGIT_0 || at === offset + 2;
      if (at === size || octets[at] !== END || first === END || !isCanonical) {
        return explainInteger(octets, offset);
      }
      offset = at + 1;
    } else if (octet === LIST || octet === DICTIONARY) {
      if (depth === MAX_DEPTH) {
        return failure('too-deep', offset, `values are nested deeper than ${MAX_DEPTH}`);
      }
      if (octet === DICTIONARY && state === AS_VALUE && depth >= OUTLINED_DEPTH) {
        // One of `files`, and all that follow it in the same shape.
        if (depth + FILE_ENTRY_DEPTH <= MAX_DEPTH) {
          run.end = offset;
          run.tokens = tokens;
          skipFileEntries(octets, view, run, MAX_TOKENS);
          offset = run.end;
          tokens = run.tokens;
          if (octets[offset] !== DICTIONARY) {
            tokens--; // the turn of the loop is no token
            continue;
          }
        }
      }
      outline?.open(depth, offset);
      frames[depth++] = (firstKey << 2) | unsorted | (state >> 1);
      firstKey = keyCount;
      unsorted = 0;
      state = octet === DICTIONARY ? AS_KEY : AS_VALUE;
      offset++;
      continue;
    } else {
      return failure('bad-value', offset, 'no value begins with this octet');
    }
    if (depth === 0) {
      if (offset === size) return undefined;
      return failure('trailing-octets', offset, 'octets follow after the value');
    }
    if (state === AS_KEYED_VALUE) state = AS_KEY;
  }
  return failure('too-many-values', offset, `more than ${MAX_TOKENS} values`);
}

/** Of an unsorted dictionary's keys, from `first` to `keyCount`: the offset of one that is there twice. */
function findDuplicate(
  octets: Uint8Array,
  keys: readonly number[],
  first: number,
  keyCount: number,
): number | undefined {
  const order = Array.from({ length: (keyCount - first) / 2 }, (_, index) => first + index * 2);
  const compare = (left: number, right: number): number =>
    compareSpans(octets, keys[left]!, keys[left + 1]!, keys[right]!, keys[right + 1]!);
  order.sort(compare);
  for (let index = 1; index < order.length; index++) {
    if (compare(order[index - 1]!, order[index]!) !== 0) continue;
    const second = Math.max(order[index - 1]!, order[index]!);
    return startOfString(keys[second]!, keys[second + 1]!);
  }
  return undefined;
}

/** Where a checked string with these octets begins: before the colon stand the digits of its length. */
function startOfString(content: number, end: number): number {
  return content - 1 - String(end - content).length;
}

/** Order of two spans by their octets. */
// Five positional parameters: once a key of every dictionary.
function compareSpans(
  octets: Uint8Array,
  left: number,
  leftEnd: number,
  right: number,
  rightEnd: number,
): number {
  const difference = leftEnd - left - (rightEnd - right);
  const end = difference < 0 ? leftEnd : leftEnd - difference;
  for (let a = left, b = right; a < end; a++, b++) {
    const order = octets[a]! - octets[b]!;
    if (order !== 0) return order;
  }
  return difference;
}

function failure(code: BencodeError['code'], offset: number, message: string): BencodeError {
  return { kind: 'error', code, offset, message };
}

function duplicateKey(offset: number): BencodeError {
  return failure('duplicate-key', offset, 'a key is in the same dictionary twice');
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
