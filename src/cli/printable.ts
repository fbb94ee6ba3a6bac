// Text of strangers (TXT records, URLs, names in torrents) for a terminal.

/**
 * Control characters (of terminals and of writing direction) and what is outside printable ASCII in an octet text as
 * `\xHH` or `\u{H}`, so that nothing can move the cursor, hide text or pass for another line.
 */
export function printable(text: string): string {
  let shown = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0x20 && code < 0x7f) shown += character;
    else if (code <= 0xff) shown += `\\x${code.toString(16).padStart(2, '0')}`;
    else shown += `\\u{${code.toString(16)}}`;
  }
  return shown;
}
