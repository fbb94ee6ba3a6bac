// UTF-8 (RFC 3629) between characters and octet text (one character an octet, see text.ts).

const SMALLEST = [0, 0, 0x80, 0x800, 0x10000] as const;

/** Strict: overlong forms, surrogates and cut sequences give undefined. */
export function decodeUtf8(octetText: string): string | undefined {
  let text = '';
  for (let index = 0; index < octetText.length; ) {
    const first = octetText.charCodeAt(index);
    const length = sequenceLength(first);
    if (length === 0 || index + length > octetText.length) return undefined;
    let codePoint = length === 1 ? first : first & (0x7f >> length);
    for (let next = index + 1; next < index + length; next++) {
      const octet = octetText.charCodeAt(next);
      if (octet >>> 6 !== 0b10) return undefined;
      codePoint = (codePoint << 6) | (octet & 0x3f);
    }
    if (codePoint < SMALLEST[length]! || codePoint > 0x10ffff || isSurrogate(codePoint)) return undefined;
    text += String.fromCodePoint(codePoint);
    index += length;
  }
  return text;
}

/** Octet text of the characters; undefined when a surrogate stands alone. */
export function encodeUtf8(text: string): string | undefined {
  let octetText = '';
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (isSurrogate(codePoint)) return undefined;
    if (codePoint < 0x80) octetText += character;
    else octetText += encodeSequence(codePoint);
  }
  return octetText;
}

/** Octets of the sequence that `first` begins; 0 when it begins none. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

function encodeSequence(codePoint: number): string {
  const last = String.fromCharCode(0x80 | (codePoint & 0x3f));
  if (codePoint < 0x800) return String.fromCharCode(0xc0 | (codePoint >>> 6)) + last;
  const third = String.fromCharCode(0x80 | ((codePoint >>> 6) & 0x3f));
  if (codePoint < 0x10000) return String.fromCharCode(0xe0 | (codePoint >>> 12)) + third + last;
  const second = String.fromCharCode(0x80 | ((codePoint >>> 12) & 0x3f));
  return String.fromCharCode(0xf0 | (codePoint >>> 18)) + second + third + last;
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}
