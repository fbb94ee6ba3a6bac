// What an octet is to the lexer (RFC 1035 §5.1), and what editors write that is no part of a text.

export const BLANK = 1;
export const NEWLINE = 2;
export const SEMICOLON = 3;
export const OPEN = 4;
export const CLOSE = 5;
export const QUOTE = 6;
export const BACKSLASH = 7;
export const CARRIAGE_RETURN = 8;
export const CONTROL = 9;

/** 0 for octets that words are made of. Octets from 0x80 on are such: UTF-8 in a TXT string is common. */
export const CLASS = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet === 0x20 || octet === 0x09) return BLANK;
  if (octet === 0x0a) return NEWLINE;
  if (octet === 0x3b) return SEMICOLON;
  if (octet === 0x28) return OPEN;
  if (octet === 0x29) return CLOSE;
  if (octet === 0x22) return QUOTE;
  if (octet === 0x5c) return BACKSLASH;
  if (octet === 0x0d) return CARRIAGE_RETURN;
  return octet < 0x20 || octet === 0x7f ? CONTROL : 0;
});

/** U+FEFF in UTF-8, which some editors put before a text; other DNS servers take it for a part of the first name. */
export function hasByteOrderMark(octets: Uint8Array): boolean {
  return octets[0] === 0xef && octets[1] === 0xbb && octets[2] === 0xbf;
}

/** Whether a quoted string can end before `position`. */
export function isFieldEnd(octets: Uint8Array, position: number): boolean {
  if (position >= octets.length) return true;
  const kind = CLASS[octets[position]!]!;
  return kind !== 0 && kind !== BACKSLASH && kind !== QUOTE && kind !== CONTROL;
}
