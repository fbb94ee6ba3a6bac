// What a parser knows between two entries of a zone file.

import { octetsToText } from '../../octets/text.ts';
import { decodeUtf8 } from '../../octets/utf8.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { createDiagnosticList, type DiagnosticList } from '../diagnostic-list.ts';
import { type FieldContext, MAX_RDATA_OCTETS, RDATA_SLACK_OCTETS } from '../rdata/field.ts';
import { createRecordColumns, type RecordColumns, RecordTable } from '../record-table.ts';
import { Lexer, type LexicalFault } from '../text/lexer.ts';

/** One file of a zone. */
export interface ZoneSource {
  /** As findings show it. */
  readonly path: string;
  readonly octets: Uint8Array;
}

/**
 * Reads the file that `$INCLUDE` names: `path` as it is written, `from` the path of the file in which it is written.
 * `failure` is a sentence. Two files with one `path` are the same file.
 */
export type IncludeReader = (path: string, from: string) => ZoneSource | { readonly failure: string };

/** The record table addresses its octets with 32 bits; half of that is more than any server loads. */
export const MAX_ZONE_OCTETS = 2 ** 30;

/** What a record takes in the columns of the record table. */
export const ROW_OCTETS = 30;

export const NO_TTL = -1;
export const NO_OWNER = -1;

/** Where a token stood, kept while the rest of its entry is skipped. */
export interface TokenPlace {
  line: number;
  lineStart: number;
  column: number;
  length: number;
}

/** A line that `$GENERATE` has made: the lexer at hand has nothing else. */
interface GeneratedLine {
  /** Where its records and findings are placed: the text that it is made of. */
  readonly place: TokenPlace;
  /** What `$` stands for. */
  readonly value: number;
}

interface PendingFault extends TokenPlace {
  code: DiagnosticCode;
  message: string;
}

/** Of a line that `$GENERATE` has made, what a finding quotes: a record as people write them. */
const MAX_NOTED_OCTETS = 120;

const LEXICAL_MESSAGES: Readonly<Record<LexicalFault, string>> = {
  'bad-octet': 'This control octet has no place in a zone file: write it as \\DDD, or take it away.',
  'bad-escape': 'A backslash at the end of a line escapes nothing: take it away.',
  'unclosed-quote': 'This string is not closed: put a quotation mark at its end.',
  'unclosed-parenthesis': 'This parenthesis is not closed: put ) behind the last field of the record.',
  'unmatched-parenthesis': 'No parenthesis was opened before this one: take it away.',
};

/** See `ParseOptions`. */
interface ParserSettings {
  readonly include?: IncludeReader;
  readonly toALabel?: (label: string) => string | undefined;
  readonly maximumOctets?: number;
}

export class ParserState implements FieldContext {
  readonly table = new RecordTable();
  /** At most {@link MAX_ZONE_FILES}. */
  readonly files: string[] = [];
  readonly sources: Uint8Array[] = [];
  readonly out = new Uint8Array(MAX_RDATA_OCTETS + RDATA_SLACK_OCTETS);
  length = 0;
  lexer = new Lexer(new Uint8Array());
  /** Index in `files` of the file at hand, and of those that include it, outermost first. */
  file = 0;
  readonly including: number[] = [];
  origin: Uint8Array | undefined;
  /** `$ORIGIN` was seen, so that the SOA record no longer decides. */
  hasOriginDirective = false;
  /** Offset in the table's octets of the owner at hand; NO_OWNER before the first. */
  owner = NO_OWNER;
  ownerLength = 0;
  ownerIsAbsolute = false;
  defaultTtl = NO_TTL;
  lastTtl = NO_TTL;
  soaMinimum = NO_TTL;
  /** The missing TTL is reported once: each record after it has the same remedy. */
  hasReportedTtl = false;
  apex: Uint8Array | undefined;
  /** The line that `$GENERATE` has made, which stands in no file, while it is read. */
  generated: GeneratedLine | undefined;
  readonly row: RecordColumns = createRecordColumns();

  readonly include: IncludeReader | undefined;
  readonly toALabel: ParserSettings['toALabel'];
  readonly maximumOctets: number;
  private readonly list: DiagnosticList = createDiagnosticList();
  private pending: PendingFault | undefined;
  private isOver = false;

  constructor({ include, toALabel, maximumOctets = MAX_ZONE_OCTETS }: ParserSettings) {
    this.include = include;
    this.toALabel = toALabel;
    this.maximumOctets = maximumOctets;
  }

  get diagnostics(): Diagnostic[] {
    return this.list.items;
  }

  /** Nothing more is read: too many errors, or too much of everything. */
  isDone(): boolean {
    return this.isOver || this.list.isFull();
  }

  isTooLarge(): boolean {
    return this.table.used + this.table.count * ROW_OCTETS > this.maximumOctets;
  }

  end(): void {
    this.isOver = true;
  }

  /** Keeps the fault at the token at hand until {@link recover} knows what else is wrong with the entry. */
  fail(code: DiagnosticCode, message: string): false {
    const text = message || LEXICAL_MESSAGES[code as LexicalFault];
    this.pending = { code, message: text + this.generatedNote(), ...this.place() };
    return false;
  }

  /** What the finding's line of source does not show. */
  private generatedNote(): string {
    if (this.generated === undefined) return '';
    const { octets } = this.lexer;
    const written = octetsToText(octets, 0, Math.min(octets.length, MAX_NOTED_OCTETS));
    const more = octets.length > MAX_NOTED_OCTETS ? '…' : '';
    return ` In what $GENERATE makes for ${this.generated.value}: \`${decodeUtf8(written) ?? written}${more}\`.`;
  }

  /** Reports at once, and reading goes on. */
  report(code: DiagnosticCode, message: string, place: TokenPlace = this.place()): void {
    this.list.add(code, message, {
      file: this.files[this.file]!,
      octets: this.sources[this.file]!,
      ...place,
    });
  }

  place(): TokenPlace {
    const { lexer } = this;
    if (this.generated !== undefined) return this.generated.place;
    return {
      line: lexer.line,
      lineStart: lexer.lineStart,
      column: Math.max(1, lexer.column()),
      length: lexer.end - lexer.start,
    };
  }

  /**
   * Goes to the end of an entry that failed and reports why. When its parenthesis turns out never to be closed, what
   * seemed wrong on later lines belonged to other records and is not reported.
   */
  recover(): void {
    const fault = this.pending;
    this.pending = undefined;
    this.lexer.skipEntry();
    const { lexer } = this;
    const isUnclosed = lexer.kind === UNCLOSED.kind && lexer.faultCode === UNCLOSED.code;
    if (isUnclosed) {
      const opening = this.place();
      if (fault !== undefined && fault.line === opening.line && fault.code !== UNCLOSED.code) {
        this.report(fault.code, fault.message, fault);
      }
      this.report(UNCLOSED.code, LEXICAL_MESSAGES[UNCLOSED.code], opening);
    } else if (fault !== undefined) {
      this.report(fault.code, fault.message, fault);
    }
  }
}

const UNCLOSED = { kind: 4, code: 'unclosed-parenthesis' } as const;
