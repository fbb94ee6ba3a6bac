// The `key` of an announce (BEP 3, BEP 15) as one number, so that it can be compared between UDP, where it is 32
// bits, and HTTP, where the same client writes it as eight hexadecimal digits, or decimal, or something of its own.
// 0 is no key.

/**
 * The number of a key given as text: up to eight hexadecimal digits, else a decimal that fits 32 bits (signed or
 * not), else `opaqueHash` of it, which is never read as 0.
 */
export function readClientKey(
  octets: Uint8Array,
  offset: number,
  length: number,
  opaqueHash: number,
): number {
  const hexadecimal = length <= 8 ? readDigits(octets, offset, length, 16) : -1;
  if (hexadecimal >= 0) return hexadecimal | 0;
  const negative = octets[offset] === 0x2d;
  const decimal = negative
    ? readDigits(octets, offset + 1, length - 1, 10)
    : readDigits(octets, offset, length, 10);
  if (decimal >= 0 && decimal <= (negative ? 0x80000000 : 0xffffffff))
    return (negative ? -decimal : decimal) | 0;
  return opaqueHash === 0 ? 1 : opaqueHash;
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
 * No difference is known between the two: one is absent, or they are equal as numbers. Digits up to eight were
 * taken for hexadecimal; where they read as decimal too, that number is tried.
 */
export function sameClientKey(one: number, other: number): boolean {
  if (one === 0 || other === 0 || one === other) return true;
  return asDecimal(one) === other >>> 0 || asDecimal(other) === one >>> 0;
}

/** The number whose decimal digits are the hexadecimal digits of `key`, or −1. */
function asDecimal(key: number): number {
  let value = 0;
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (key >>> shift) & 15;
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
