// Base64 to octets (RFC 4648 §4), padding included.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

/** Blanks are ignored; undefined for what is not Base64. */
export function parseBase64(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s+/g, '');
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined;
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  const octets = new Uint8Array((digits.length / 4) * 3 - padding);
  for (let at = 0; at < octets.length; at++) {
    const first = Math.floor(at / 3) * 4 + (at % 3);
    const left = VALUES.get(digits[first]!)! << (2 + 2 * (at % 3));
    const right = (VALUES.get(digits[first + 1]!) ?? 0) >> (4 - 2 * (at % 3));
    octets[at] = left | right;
  }
  return octets;
}
