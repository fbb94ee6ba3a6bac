// The words of a file with TSIG keys, as named.conf has them: comments of three kinds, quoted strings, braces.

export interface KeyToken {
  readonly text: string;
  /** `mark`: a brace or a semicolon; `fault`: a string or comment that does not end. */
  readonly kind: 'word' | 'mark' | 'fault';
  /** From 1; a tab is one column. */
  readonly line: number;
  readonly column: number;
}

// In the order of the alternatives: what is skipped; a quoted string; what does not end; a mark; a word. Each takes what
// it has looked at, so that no text is looked at twice. A word may hold two slashes: Base64 does.
const TOKEN =
  /(\s+|(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\/)|"([^"\n]*)"|(\/\*[\s\S]*|"[^"\n]*)|([{};])|([^\s{};"]+)/y;

/** As many as the text has words. */
export function readKeyTokens(text: string): KeyToken[] {
  const tokens: KeyToken[] = [];
  let line = 1;
  let lineStart = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [all, skipped, quoted, fault, mark, word] = match;
    const place = { line, column: match.index - lineStart + 1 };
    if (fault !== undefined) tokens.push({ text: '', kind: 'fault', ...place });
    else if (mark !== undefined) tokens.push({ text: mark, kind: 'mark', ...place });
    else if (skipped === undefined) tokens.push({ text: quoted ?? word ?? '', kind: 'word', ...place });
    for (let at = all.indexOf('\n'); at !== -1; at = all.indexOf('\n', at + 1)) {
      line++;
      lineStart = match.index + at + 1;
    }
  }
  return tokens;
}
