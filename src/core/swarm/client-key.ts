// The `key` of an announce (BEP 3, BEP 15) as one number, so that it can be compared between UDP, where it is 32
// bits, and HTTP, where the same client writes it as eight hexadecimal digits, or decimal, or something of its own.
// 0 is no key. The table keeps an octet of it.

/** What {@link readNumericKey} returns for text that is no number: not 32 bits. */
export const NO_NUMBER = 2 ** 32;

/**
 * The number of a key given as text, signed: up to eight hexadecimal digits, else a decimal that fits 32 bits (signed
 * or not), else {@link NO_NUMBER}: then the caller hashes the text, and takes 1 for a hash of 0.
 */
export function readNumericKey(octets: Uint8Array, offset: number, length: number): number {
  const hexadecimal = length <= 8 ? readDigits(octets, offset, length, 16) : -1;
  if (hexadecimal >= 0) return hexadecimal | 0;
  const negative = octets[offset] === 0x2d;
  const decimal = negative
    ? readDigits(octets, offset + 1, length - 1, 10)
    : readDigits(octets, offset, length, 10);
  if (decimal >= 0 && decimal <= (negative ? 0x80000000 : 0xffffffff))
    return (negative ? -decimal : decimal) | 0;
  return NO_NUMBER;
}

/** At most ten digits, or −1. */
function readDigits(octets: Uint8Array, offset: number, length: number, base: 10 | 16): number {
  if (length < 1 || length > 10) return -1;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const octet = octets[offset + index]!;
    const letter = octet | 0x20;
    if (octet >= 0x30 && octet <= 0x39) value = value * base + octet - 0x30;
    else if (base === 16 && letter >= 0x61 && letter <= 0x66) value = value * 16 + letter - 0x57;
    else return -1;
  }
  return value;
}

/**
 * What the table keeps of a key: 1 to 255, or 0 for none. Keys that are the same number have the same, also where
 * digits up to eight were taken for hexadecimal and were decimal; of two that differ one pair in 255 has.
 */
export function clientKeyTag(key: number): number {
  if (key === 0) return 0;
  return 1 + ((Math.imul(leastReading(key), 0x9e3779b1) >>> 16) % 255);
}

/** What is left when the hexadecimal digits of `key` are read as decimal ones for as long as they can be. */
function leastReading(key: number): number {
  let least = key >>> 0;
  for (;;) {
    const decimal = asDecimal(least);
    if (decimal < 0 || decimal === least) return least;
    least = decimal;
  }
}

/** The number whose decimal digits are the hexadecimal digits of `key`, or −1; less than `key`, unless a digit. */
function asDecimal(key: number): number {
  let value = 0;
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (key >>> shift) & 15;
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
