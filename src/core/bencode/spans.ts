// Where the values are in octets that have passed checkBencode; on others these functions may read past the end. With the
// outline that the check has filled they skip what they need not look into.

import type { Outline } from './outline.ts';

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const DICTIONARY = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/** Offsets, `end` excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Entry {
  /** Of the key's own octets, without its length. */
  readonly key: Span;
  /** Where the entry begins: at the key's length. */
  readonly start: number;
  readonly value: Span;
}

/** The octets of a checked string, without its length. */
export function stringSpan(octets: Uint8Array, offset: number): Span {
  let length = 0;
  let index = offset;
  for (; octets[index] !== COLON; index++) length = length * 10 + octets[index]! - DIGIT_0;
  return { start: index + 1, end: index + 1 + length };
}

export function isString(octets: Uint8Array, offset: number): boolean {
  const octet = octets[offset];
  return octet !== undefined && octet >= DIGIT_0 && octet <= DIGIT_9;
}

export function isList(octets: Uint8Array, offset: number): boolean {
  return octets[offset] === LIST;
}

export function isDictionary(octets: Uint8Array, offset: number): boolean {
  return octets[offset] === DICTIONARY;
}

/** The offset after the checked value at `offset`. */
export function endOfValue(octets: Uint8Array, offset: number, outline?: Outline): number {
  const known = outline?.endOf(offset);
  if (known !== undefined) return known;
  let depth = 0;
  let index = offset;
  do {
    const octet = octets[index]!;
    if (octet === LIST || octet === DICTIONARY) {
      depth++;
      index++;
    } else if (octet === END) {
      depth--;
      index++;
    } else if (octet === INTEGER) {
      while (octets[index] !== END) index++;
      index++;
    } else {
      index = stringSpan(octets, index).end;
    }
  } while (depth > 0);
  return index;
}

/** The entries of a checked dictionary, in the order of the octets. */
export function* entriesOf(octets: Uint8Array, offset: number, outline?: Outline): Generator<Entry> {
  for (let index = offset + 1; octets[index] !== END; ) {
    const key = stringSpan(octets, index);
    const value = { start: key.end, end: endOfValue(octets, key.end, outline) };
    yield { key, start: index, value };
    index = value.end;
  }
}

/** The values of a checked list. */
export function* itemsOf(octets: Uint8Array, offset: number, outline?: Outline): Generator<Span> {
  for (let index = offset + 1; octets[index] !== END; ) {
    const end = endOfValue(octets, index, outline);
    yield { start: index, end };
    index = end;
  }
}

/** Whether the octets of a span are this ASCII text. */
export function spanIs(octets: Uint8Array, { start, end }: Span, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (octets[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
