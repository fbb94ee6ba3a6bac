// Zone file octets to tokens (RFC 1035 §5.1). One object is the token at hand as well as the cursor: a file of a million
// records has some five million tokens, and an object for each would cost more than all the rest of parsing.
// Non-null assertions: every index below is checked against the length where the loop is entered.

import {
  BACKSLASH,
  BLANK,
  CARRIAGE_RETURN,
  CLASS,
  CLOSE,
  CONTROL,
  hasByteOrderMark,
  isFieldEnd,
  NEWLINE,
  OPEN,
  QUOTE,
  SEMICOLON,
} from './octet-classes.ts';
import { MAX_REMARKS, type Remark } from './remark.ts';

/** Kinds of token. `fault` is octets that cannot be a token: `faultCode` says why. */
export const Token = { end: 0, newline: 1, word: 2, quoted: 3, fault: 4 } as const;

export type LexicalFault =
  | 'bad-octet'
  | 'bad-escape'
  | 'unclosed-quote'
  | 'unclosed-parenthesis'
  | 'unmatched-parenthesis';

/**
 * A quoted string may go over line ends (RFC 1035 §5.1), but one that is not closed must not swallow the file: past the
 * first line end it has this many octets to close in, which is what a string of 255 escaped octets needs.
 */
const MULTILINE_STRING_OCTETS = 1020;

/** How far a record is followed to the parenthesis that closes it, once something in it was wrong. */
const RECOVERY_OCTETS = 65_536;

/** Reads one file. {@link next} never fails: what is no token is a `fault` token, and reading goes on behind it. */
export class Lexer {
  readonly octets: Uint8Array;
  kind: number = Token.newline;
  /** Offsets of the token in `octets`, quotes excluded, end excluded. */
  start = 0;
  end = 0;
  /** The token holds a backslash. */
  escaped = false;
  faultCode: LexicalFault = 'bad-octet';
  /** Line of the token, from 1, and the offset at which that line begins. */
  line = 1;
  lineStart = 0;
  /** Blank octets stood between the start of the line and the token. */
  indented = false;
  /** Of the entry at hand; whoever reads entries empties it. At most {@link MAX_REMARKS}. */
  readonly remarks: Remark[] = [];

  private position: number;
  private currentLine = 1;
  private currentLineStart = 0;
  /** Parentheses open; more than one is a fault, as it is to NSD and Knot. */
  private depth = 0;
  private openStart = 0;
  private openLine = 0;
  private openLineStart = 0;
  /** Where the quoted string at hand holds a control octet; −1 for nowhere. */
  private controlAt = -1;

  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.position = hasByteOrderMark(octets) ? 3 : 0;
    this.currentLineStart = this.position;
  }

  /** From 1, in octets; a quoted token's is that of its quote. */
  column(): number {
    return this.start - this.lineStart + (this.kind === Token.quoted ? 0 : 1);
  }

  /** Remarks upon the token at hand. */
  remark(kind: Remark['kind']): void {
    const { start, end, line, lineStart, remarks } = this;
    if (remarks.length >= MAX_REMARKS) return;
    remarks.push({ kind, start, end, line, lineStart, column: this.column() });
  }

  /** The kind of the next token, which {@link start}, {@link end} and the others then describe. */
  next(): number {
    const octets = this.octets;
    const length = octets.length;
    let position = this.position;
    for (;;) {
      if (position >= length) return this.finish(position);
      const kind = CLASS[octets[position]!]!;
      if (kind === 0 || kind === BACKSLASH) return this.word(position);
      if (kind === BLANK) {
        position++;
      } else if (kind === NEWLINE) {
        const tokenStart = position++;
        if (this.depth === 0) return this.newline(tokenStart, position);
        this.currentLine++;
        this.currentLineStart = position;
      } else if (kind === SEMICOLON) {
        while (position < length && octets[position] !== 0x0a) position++;
      } else if (kind === QUOTE) {
        return this.quoted(position);
      } else if (kind === OPEN) {
        if (this.depth > 0) return this.unclosed(position);
        this.open(position++);
      } else if (kind === CLOSE) {
        if (this.depth === 0) return this.fault('unmatched-parenthesis', position, position + 1);
        this.depth = 0;
        position++;
      } else if (kind === CARRIAGE_RETURN && (position + 1 === length || octets[position + 1] === 0x0a)) {
        position++;
      } else {
        return this.fault('bad-octet', position, position + 1);
      }
    }
  }

  /**
   * Goes behind the entry at hand, in which something was wrong. Inside parentheses that is the line on which they
   * close; where they do not, the first line after their opening that is not indented, and the token is then an
   * `unclosed-parenthesis` fault that the caller has yet to report.
   */
  skipEntry(): void {
    if (this.depth > 0 && !this.closes()) {
      this.rewindToOpening();
      return;
    }
    if (this.kind === Token.newline || this.kind === Token.end) return;
    this.position = this.lineEnd(this.position);
    this.next();
  }

  private word(start: number): number {
    const octets = this.octets;
    const length = octets.length;
    let position = start;
    let hasQuotes = false;
    this.escaped = false;
    while (position < length) {
      const kind = CLASS[octets[position]!]!;
      if (kind === 0) {
        position++;
      } else if (kind === BACKSLASH) {
        if (position + 1 >= length || octets[position + 1] === 0x0a || octets[position + 1] === 0x0d) {
          return this.fault('bad-escape', position, position + 1);
        }
        this.escaped = true;
        position += 2;
      } else if (kind === QUOTE && octets[position - 1] === 0x3d && position > start) {
        // SVCB writes alpn="h2,h3": the quoted part belongs to the word (RFC 9460 §2.1).
        const close = this.closingQuote(position + 1);
        if (close < 0) return this.fault('unclosed-quote', position, position + 1);
        position = close + 1;
        hasQuotes = true;
      } else {
        break;
      }
    }
    this.token(Token.word, start, position, position);
    if (hasQuotes) this.passLines();
    return Token.word;
  }

  private quoted(quote: number): number {
    const close = this.closingQuote(quote + 1);
    if (close < 0) return this.fault('unclosed-quote', quote, quote + 1);
    if (this.controlAt >= 0) {
      this.fault('bad-octet', this.controlAt, this.controlAt + 1);
      this.position = close + 1;
      return Token.fault;
    }
    this.token(Token.quoted, quote + 1, close, close + 1);
    this.indented = quote > this.lineStart;
    this.passLines();
    return Token.quoted;
  }

  /** Counts the lines that the token at hand runs over. */
  private passLines(): void {
    for (let index = this.start; index < this.end; index++) {
      if (this.octets[index] !== 0x0a) continue;
      if (this.currentLine === this.line) this.remark('string-over-lines');
      this.currentLine++;
      this.currentLineStart = index + 1;
    }
  }

  /**
   * Offset of the quote that closes the string whose text begins at `from`; −1 when there is none. A closing quote on a
   * later line counts only where a field can end, because otherwise it is the opening one of another string.
   */
  private closingQuote(from: number): number {
    const octets = this.octets;
    let limit = octets.length;
    let lines = 0;
    this.escaped = false;
    this.controlAt = -1;
    for (let position = from; position < limit; position++) {
      const octet = octets[position]!;
      if (octet === 0x22) return lines === 0 || isFieldEnd(octets, position + 1) ? position : -1;
      if (octet === 0x5c) {
        this.escaped = true;
        position++;
      } else if (octet === 0x0a && lines++ === 0) {
        limit = Math.min(limit, position + MULTILINE_STRING_OCTETS);
      } else if (CLASS[octet] === CONTROL && this.controlAt < 0) {
        this.controlAt = position;
      }
    }
    return -1;
  }

  private token(kind: number, start: number, end: number, position: number): number {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.line = this.currentLine;
    this.lineStart = this.currentLineStart;
    this.indented = start > this.currentLineStart;
    this.position = position;
    return kind;
  }

  private newline(start: number, position: number): number {
    this.token(Token.newline, start, start, position);
    this.currentLine++;
    this.currentLineStart = position;
    return Token.newline;
  }

  private finish(position: number): number {
    if (this.depth > 0) return this.unclosed(position);
    return this.token(Token.end, position, position, position);
  }

  private fault(code: LexicalFault, start: number, end: number): number {
    this.token(Token.fault, start, end, end);
    this.faultCode = code;
    return Token.fault;
  }

  private open(position: number): void {
    this.depth = 1;
    this.openStart = position;
    this.openLine = this.currentLine;
    this.openLineStart = this.currentLineStart;
  }

  /** A fault that stands where the parenthesis was opened; {@link skipEntry} must follow. */
  private unclosed(position: number): number {
    this.fault('unclosed-parenthesis', this.openStart, this.openStart + 1);
    this.line = this.openLine;
    this.lineStart = this.openLineStart;
    this.position = position;
    return Token.fault;
  }

  /** Whether the open parenthesis closes soon and before another opens; the cursor then stands behind it. */
  private closes(): boolean {
    const limit = this.position + RECOVERY_OCTETS;
    while (this.depth > 0 && this.position < limit) {
      if (this.kind === Token.end) return false;
      if (this.kind === Token.fault && this.faultCode === 'unclosed-parenthesis') return false;
      this.next();
    }
    return this.depth === 0;
  }

  private rewindToOpening(): void {
    this.depth = 0;
    this.currentLine = this.openLine;
    this.currentLineStart = this.openLineStart;
    let position = this.lineEnd(this.openStart);
    while (position < this.octets.length) {
      position++;
      this.currentLine++;
      this.currentLineStart = position;
      const kind = position < this.octets.length ? CLASS[this.octets[position]!]! : NEWLINE;
      if (kind !== BLANK && kind !== CLOSE && kind !== NEWLINE && kind !== CARRIAGE_RETURN) break;
      position = this.lineEnd(position);
    }
    this.fault('unclosed-parenthesis', this.openStart, this.openStart + 1);
    this.line = this.openLine;
    this.lineStart = this.openLineStart;
    this.position = position;
  }

  private lineEnd(from: number): number {
    const end = this.octets.indexOf(0x0a, from);
    return end < 0 ? this.octets.length : end;
  }
}
