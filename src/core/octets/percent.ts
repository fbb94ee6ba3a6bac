// Percent-encoding (RFC 3986 §2.1) between the text of a URI and octet text (one character an octet).

import { encodeUtf8 } from './utf8.ts';

/**
 * Undefined where a `%` is not followed by two hexadecimal digits. Characters outside ASCII become their UTF-8; a `+`
 * stays one.
 */
export function decodePercent(text: string): string | undefined {
  let octetText = '';
  let plainStart = 0;
  for (let index = text.indexOf('%'); index >= 0; index = text.indexOf('%', plainStart)) {
    const plain = encodeUtf8(text.slice(plainStart, index));
    const high = hexDigit(text.charCodeAt(index + 1));
    const low = hexDigit(text.charCodeAt(index + 2));
    if (plain === undefined || high < 0 || low < 0) return undefined;
    octetText += plain + String.fromCharCode((high << 4) | low);
    plainStart = index + 3;
  }
  const plain = encodeUtf8(text.slice(plainStart));
  return plain === undefined ? undefined : octetText + plain;
}

/** Everything but unreserved characters (RFC 3986 §2.3) is encoded, as `encodeURIComponent` nearly does. */
export function encodePercent(octetText: string): string {
  let text = '';
  for (let index = 0; index < octetText.length; index++) {
    const code = octetText.charCodeAt(index);
    text += isUnreserved(code)
      ? octetText.charAt(index)
      : `%${(code | 0x100).toString(16).slice(1).toUpperCase()}`;
  }
  return text;
}

/** −1 for what is no digit, NaN past the end of a string included. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Letters, digits, `-`, `.`, `_` and `~`. */
function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  );
}
