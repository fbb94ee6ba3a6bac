// Zone file text to records (RFC 1035 §5). Every fault of a file is reported, not only the first: reading goes on at the
// next entry. What a zone as a whole must have is checked by check.ts.

import type { Diagnostic } from '../diagnostic.ts';
import type { RecordTable } from '../record-table.ts';
import { Lexer, Token } from '../text/lexer.ts';
import { hasByteOrderMark } from '../text/octet-classes.ts';
import { readDirective } from './parser-directive.ts';
import { readRecord } from './parser-record.ts';
import {
  type IncludeReader,
  MAX_ZONE_OCTETS,
  NO_OWNER,
  ParserState,
  ROW_OCTETS,
  type ZoneSource,
} from './parser-state.ts';
import { passRemarks, reportCarriageReturns } from './remarks.ts';

export { type IncludeReader, MAX_ZONE_OCTETS, type ZoneSource } from './parser-state.ts';

/** Records of a file after which it is guessed how many it has. */
const SAMPLE_RECORDS = 2048;
/** Names and numbers grow towards the end of many files. */
const SAMPLE_MARGIN = 1.05;
/** Octets of the shortest record's text, but for a few. */
const MIN_RECORD_TEXT = 4;
/** Octets of records that one octet of text is taken for at most: the rest is made room for when it is there. */
const MAX_SAMPLE_GROWTH = 4;

export interface ParseOptions {
  /** Wire name that relative names are completed with before any `$ORIGIN`: by custom the file's name. */
  readonly origin?: Uint8Array;
  /** Without it, `$INCLUDE` is an error. */
  readonly include?: IncludeReader;
  /** The A-label of a label in Unicode (RFC 5890 §2.3.2.1), undefined where it has none; findings name it. */
  readonly toALabel?: (label: string) => string | undefined;
  /** Octets of records that a zone may have, columns included; {@link MAX_ZONE_OCTETS} when absent. */
  readonly maximumOctets?: number;
}

export interface ParsedZone {
  /** Owner of the first SOA record, letters as written; undefined when there is none. */
  readonly apex: Uint8Array | undefined;
  readonly records: RecordTable;
  /** Paths by the record table's file index; the zone file itself is 0. */
  readonly files: readonly string[];
  /** Octets of those files: findings show their lines. */
  readonly sources: readonly Uint8Array[];
  /** In order of the files' text, what is said of a whole file first. Records that have an error are not in the table. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a zone file and what it includes. Never throws: what is wrong is among the diagnostics. */
export function parseZone(source: ZoneSource, options: ParseOptions = {}): ParsedZone {
  const state = new ParserState(options);
  state.origin = options.origin;
  readFile(state, source);
  return {
    apex: state.apex,
    records: state.table,
    files: state.files,
    sources: state.sources,
    diagnostics: state.diagnostics,
  };
}

/** Reads one file to its end; the state then stands where `$INCLUDE` stood, but for the TTLs. */
function readFile(state: ParserState, source: ZoneSource): void {
  const outer = { lexer: state.lexer, file: state.file, origin: state.origin, owner: state.owner };
  const { ownerLength } = state;
  state.file = state.files.push(source.path) - 1;
  state.sources.push(source.octets);
  state.including.push(state.file);
  state.lexer = new Lexer(source.octets);
  if (hasByteOrderMark(source.octets)) {
    state.report('bad-octet', 'The file begins with a byte order mark: save it as UTF-8 without one.', {
      line: 1,
      lineStart: 0,
      column: 1,
      length: 3,
    });
  }
  reportCarriageReturns(state);
  readEntries(state);
  state.including.pop();
  state.lexer = outer.lexer;
  state.file = outer.file;
  state.origin = outer.origin ?? state.origin;
  state.owner = outer.owner;
  state.ownerLength = ownerLength;
}

function readEntries(state: ParserState): void {
  const { lexer, table } = state;
  const before = { rows: table.count, octets: table.used };
  let isSampled = false;
  while (lexer.next() !== Token.end) {
    if (!isSampled && table.count - before.rows >= SAMPLE_RECORDS) {
      isSampled = true;
      makeRoom(state, before);
    }
    if (lexer.kind === Token.newline) continue;
    const isRead = readEntry(state);
    if (!isRead) state.recover();
    if (lexer.remarks.length > 0) passRemarks(state, isRead);
    if (state.isTooLarge() && !state.isDone()) {
      state.report('zone-too-large', `A zone has at most ${state.maximumOctets} octets of records.`);
      state.end();
    }
    if (state.isDone() || lexer.kind === Token.end) return;
  }
}

/** Makes room for a file's records by what its first ones take: what is never used is never touched. */
function makeRoom(
  { lexer, table, maximumOctets }: ParserState,
  before: { rows: number; octets: number },
): void {
  const text = lexer.octets.length;
  const scale = (text / Math.max(1, lexer.start)) * SAMPLE_MARGIN;
  // Of records that $INCLUDE or $GENERATE brought, this file's text is no measure: its length is a bound all the same.
  const rows = Math.min(
    (table.count - before.rows) * scale,
    text / MIN_RECORD_TEXT,
    maximumOctets / ROW_OCTETS,
  );
  const octets = Math.min((table.used - before.octets) * scale, text * MAX_SAMPLE_GROWTH, maximumOctets);
  table.expect(before.rows + Math.ceil(rows), before.octets + Math.ceil(octets));
}

function readEntry(state: ParserState): boolean {
  const { lexer } = state;
  if (lexer.kind === Token.fault) return state.fail(lexer.faultCode, '');
  const isDirective = lexer.octets[lexer.start] === 0x24 && lexer.kind === Token.word && !lexer.indented;
  if (isDirective) return readDirective(state, readFile);
  if (lexer.indented && state.owner === NO_OWNER) {
    return state.fail('no-owner', 'No record before this one has an owner name: begin the line with one.');
  }
  return readRecord(state);
}
