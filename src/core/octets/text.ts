// Octets as text: one character an octet (ISO 8859-1), which is lossless, and hexadecimal.

/** Arguments of one call; engines take some ten thousand and more. */
const CHUNK_CHARACTERS = 1024;

/** One character an octet; `start` and `stop` are offsets, that at `stop` excluded. */
export function octetsToText(octets: Uint8Array, start = 0, stop = octets.length): string {
  const end = Math.max(start, Math.min(stop, octets.length));
  // One string at once, where adding a character at a time leaves a tree that the first look-up must flatten.
  if (end - start <= CHUNK_CHARACTERS) return toText(octets, start, end);
  let text = '';
  for (let index = start; index < end; index += CHUNK_CHARACTERS) {
    text += toText(octets, index, Math.min(end, index + CHUNK_CHARACTERS));
  }
  return text;
}

/** Through an array: engines take arguments out of one in two thirds of the time of a typed array. */
function toText(octets: Uint8Array, start: number, end: number): string {
  const codes = new Array<number>(end - start);
  for (let index = 0; index < codes.length; index++) codes[index] = octets[start + index]!;
  return Reflect.apply(String.fromCharCode, undefined, codes);
}

/** The inverse of {@link octetsToText}; characters above U+00FF lose their upper bits. */
export function textToOctets(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) octets[index] = text.charCodeAt(index);
  return octets;
}

export function formatHex(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += octet.toString(16).padStart(2, '0');
  return text;
}

/** Hexadecimal digits in pairs, blanks ignored; undefined for anything else. */
export function parseHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const octets = new Uint8Array(digits.length / 2);
  for (let index = 0; index < octets.length; index++) {
    octets[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  }
  return octets;
}
