// Query strings of announces and scrapes, read where they lie.
// Parameters are positional: an object a call is what this code exists to avoid.

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;

/** What {@link decodePercent} returns for a `%` without two hexadecimal digits, and for more octets than fit. */
export const MALFORMED = -1;

/** One `name=value` after the other. */
export interface Parameter {
  nameStart: number;
  nameEnd: number;
  valueStart: number;
  valueEnd: number;
  /** Where the next one begins. */
  next: number;
}

export function createParameter(): Parameter {
  return { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
}

/** Reads the parameter at `at`; false at the end of the query. */
export function readParameter(octets: Uint8Array, at: number, end: number, parameter: Parameter): boolean {
  if (at >= end) return false;
  let nameEnd = at;
  while (nameEnd < end && octets[nameEnd] !== EQUALS && octets[nameEnd] !== AMPERSAND) nameEnd++;
  let stop = nameEnd;
  while (stop < end && octets[stop] !== AMPERSAND) stop++;
  parameter.nameStart = at;
  parameter.nameEnd = nameEnd;
  parameter.valueStart = stop === nameEnd ? stop : nameEnd + 1;
  parameter.valueEnd = stop;
  parameter.next = stop + 1;
  return true;
}

/** Whether octets[start..end) are `name`, which is ASCII. */
export function isName(octets: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (octets[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Undoes percent-encoding (RFC 3986 §2.1; `+` is itself) into `out`, where at most `limit` octets may go. Returns the
 * number of octets, or {@link MALFORMED}.
 */
export function decodePercent(
  octets: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  offset: number,
  limit: number,
): number {
  let length = 0;
  let at = start;
  while (at < end) {
    let octet = octets[at]!;
    if (octet === PERCENT) {
      if (at + 2 >= end) return MALFORMED;
      const value = (hexDigit(octets[at + 1]!) << 4) | hexDigit(octets[at + 2]!);
      if (value < 0) return MALFORMED;
      octet = value;
      at += 2;
    }
    if (length === limit) return MALFORMED;
    out[offset + length++] = octet;
    at++;
  }
  return length;
}

/** −1, whose every bit is set, for what is no digit. */
function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** So many digits are a number that a double holds exactly. */
const EXACT_DIGITS = 15;

/** A number up to 2⁶⁴ − 1, as a double; {@link MALFORMED} for anything else. */
export function readDecimal(octets: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 20) return MALFORMED;
  if (end - start > EXACT_DIGITS) return readLongDecimal(octets, start, end);
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = octets[at]! - 0x30;
    if (digit < 0 || digit > 9) return MALFORMED;
    value = value * 10 + digit;
  }
  return value;
}

function readLongDecimal(octets: Uint8Array, start: number, end: number): number {
  let high = 0;
  let low = 0;
  for (let at = start; at < end; at++) {
    const digit = octets[at]! - 0x30;
    if (digit < 0 || digit > 9) return MALFORMED;
    low = low * 10 + digit;
    high = high * 10 + Math.floor(low / 0x100000000);
    low %= 0x100000000;
  }
  return high > 0xffffffff ? MALFORMED : high * 0x100000000 + low;
}
