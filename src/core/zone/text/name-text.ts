// A name in a zone file, token octets to wire form, without a string in between: each record begins with one.
// Non-null assertions: the offsets lie inside the token, and `out` has MAX_NAME_OCTETS to spare.

import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../../dns/name.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';

/** A part of some octets. The lexer is one. */
export interface OctetSpan {
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The span holds a backslash. */
  readonly escaped: boolean;
  /** Called with `name-not-ascii` where a name holds octets above ASCII as they are, not as `\DDD`. */
  remark(kind: 'name-not-ascii'): void;
}

export interface NameProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
}

/** What {@link writeName} returns instead of a length, as a negative number. */
const PROBLEMS: readonly NameProblem[] = [
  {
    code: 'bad-name',
    message: 'A label of this name is empty: two dots stand side by side, or one at the start.',
  },
  { code: 'label-too-long', message: `A label has at most ${MAX_LABEL_OCTETS} octets (RFC 1035 §2.3.4).` },
  {
    code: 'name-too-long',
    message: `A name has at most ${MAX_NAME_OCTETS} octets with its origin (RFC 1035 §2.3.4).`,
  },
  {
    code: 'bad-escape',
    message: 'After a backslash come three digits from 000 to 255, or one other character.',
  },
  {
    code: 'no-origin',
    message: 'This name is relative and no origin is known: write $ORIGIN before it, or end it with a dot.',
  },
];

const EMPTY_LABEL = -1;
const LABEL_TOO_LONG = -2;
const NAME_TOO_LONG = -3;
const BAD_ESCAPE = -4;
const NO_ORIGIN = -5;

export function nameProblem(result: number): NameProblem {
  return PROBLEMS[-result - 1]!;
}

/**
 * Writes the name of `span` to `out` at `at` and returns its length, or a negative number for {@link nameProblem}.
 * `@` alone is the origin; a name without a final dot is completed with it. At most 255 octets are written.
 */
export function writeName(
  span: OctetSpan,
  origin: Uint8Array | undefined,
  out: Uint8Array,
  at: number,
): number {
  const { octets, start, end } = span;
  if (end - start === 1) {
    if (octets[start] === 0x40) return appendOrigin(origin, out, at, 0);
    if (octets[start] === 0x2e) {
      out[at] = 0;
      return 1;
    }
  }
  if (start === end) return EMPTY_LABEL;
  let lengthAt = at;
  let position = at + 1;
  let isAscii = true;
  for (let index = start; index < end; index++) {
    let octet = octets[index]!;
    if (octet === 0x2e) {
      const length = position - lengthAt - 1;
      if (length === 0) return EMPTY_LABEL;
      out[lengthAt] = length;
      lengthAt = position++;
      continue;
    }
    if (octet === 0x5c) {
      octet = escapedOctet(octets, index, end);
      if (octet < 0) return BAD_ESCAPE;
      index += isDigit(octets[index + 1]!) ? 3 : 1;
    } else if (octet > 0x7f) isAscii = false;
    if (position - lengthAt > MAX_LABEL_OCTETS) return LABEL_TOO_LONG;
    if (position - at >= MAX_NAME_OCTETS) return NAME_TOO_LONG;
    out[position++] = octet;
  }
  const length = position - lengthAt - 1;
  if (position - at > MAX_NAME_OCTETS) return NAME_TOO_LONG;
  if (!isAscii) span.remark('name-not-ascii');
  if (length === 0) {
    out[lengthAt] = 0;
    return position - at;
  }
  out[lengthAt] = length;
  return appendOrigin(origin, out, at, position - at);
}

function appendOrigin(origin: Uint8Array | undefined, out: Uint8Array, at: number, length: number): number {
  if (origin === undefined) return NO_ORIGIN;
  if (length + origin.length > MAX_NAME_OCTETS) return NAME_TOO_LONG;
  for (let index = 0; index < origin.length; index++) out[at + length + index] = origin[index]!;
  return length + origin.length;
}

/** Whether the name of `span` is completed: no dot at its end, or one that is its label's. */
export function isRelative({ octets, start, end }: OctetSpan): boolean {
  if (octets[end - 1] !== 0x2e) return true;
  return end - start > 1 && octets[end - 2] === 0x5c;
}

/** The octet that the escape at `index` stands for (RFC 1035 §5.1), or −1. A digit after the backslash means three. */
export function escapedOctet(octets: Uint8Array, index: number, end: number): number {
  if (index + 1 >= end) return -1;
  const first = octets[index + 1]!;
  if (!isDigit(first)) return first;
  if (index + 3 >= end) return -1;
  const second = octets[index + 2]!;
  const third = octets[index + 3]!;
  if (!isDigit(second) || !isDigit(third)) return -1;
  const value = (first - 0x30) * 100 + (second - 0x30) * 10 + (third - 0x30);
  return value <= 255 ? value : -1;
}

export function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}
