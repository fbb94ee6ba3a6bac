// Text of strangers (TXT records, URLs, file names) for people to read, on a terminal or a page.

import { decodeUtf8 } from './utf8.ts';

/** Control, format, private and unassigned characters, lone surrogates, line and paragraph separators. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What could move the cursor, turn the writing direction or pass for another line is shown as `\u{H}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** The same for octet text (one character an octet): as UTF-8 where it is that, else other octets as `\xHH`. */
export function printableOctets(octetText: string): string {
  const text = decodeUtf8(octetText);
  if (text !== undefined) return printable(text);
  let shown = '';
  for (const character of octetText) {
    const code = character.charCodeAt(0);
    shown += code >= 0x20 && code < 0x7f ? character : `\\x${code.toString(16).padStart(2, '0')}`;
  }
  return shown;
}
