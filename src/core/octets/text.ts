// Octets as text: one character an octet (ISO 8859-1), which is lossless, and hexadecimal.

/** Arguments of one call; engines take some ten thousand and more. */
const CHUNK_CHARACTERS = 1024;

/** One character an octet; `start` and `end` are offsets, end excluded. */
export function octetsToText(octets: Uint8Array, start = 0, end = octets.length): string {
  // One string at once, where adding a character at a time leaves a tree that the first look-up must flatten.
  if (end - start <= CHUNK_CHARACTERS) return toText(octets.subarray(start, end));
  let text = '';
  for (let index = start; index < end; index += CHUNK_CHARACTERS) {
    text += toText(octets.subarray(index, Math.min(end, index + CHUNK_CHARACTERS)));
  }
  return text;
}

function toText(octets: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, octets);
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
