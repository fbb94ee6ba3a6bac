// One record: owner, TTL and class in either order, type, data (RFC 1035 §5.1).
// Non-null assertions: offsets come from the lexer. This is the hot path of loading a zone.

import { MAX_NAME_OCTETS } from '../../dns/name.ts';
import { parseRegisteredType, RecordType } from '../../dns/record-type.ts';
import { readUint32 } from '../../octets/big-endian.ts';
import { parseRdata } from '../rdata/parse.ts';
import { formatText } from '../rdata/text-fields.ts';
import { Token } from '../text/lexer.ts';
import { isDigit, nameProblem, writeName } from '../text/name-text.ts';
import { MAX_TTL_SECONDS, NOT_A_PERIOD, parsePeriod } from '../text/period.ts';
import { classOf, NOT_FOUND, suggestType, typeOf } from './parser-keyword.ts';
import { NO_OWNER, NO_TTL, type ParserState } from './parser-state.ts';

/** What NSD and Knot take when nothing says a TTL. */
const FALLBACK_TTL_SECONDS = 3600;

/** What a name being written may overrun its limit by before that is noticed. */
const NAME_SLACK_OCTETS = 8;

/** What a column of the record table holds; a record further right is placed there. */
const MAX_COLUMN = 65_535;

/** Reads the entry whose first token is at hand. False after a failure has been noted. */
export function readRecord(state: ParserState): boolean {
  const { lexer, row, table } = state;
  if (!lexer.indented) {
    if (!readOwner(state)) return false;
    lexer.next();
  }
  const ttl = readHead(state);
  if (ttl === FAILED) return false;
  const type = row.type;
  const at = state.generated?.place;
  row.line = at?.line ?? lexer.line;
  row.column = Math.min(MAX_COLUMN, at?.column ?? lexer.column());
  if (type === RecordType.SOA) adoptOrigin(state);
  if (!parseRdata(state, type)) return false;
  row.owner = state.owner;
  row.file = state.file;
  row.rdataLength = state.length;
  const offset = table.reserve(state.length);
  for (let index = 0; index < state.length; index++) table.octets[offset + index] = state.out[index]!;
  row.rdataOffset = offset;
  if (type === RecordType.SOA) adoptSoa(state);
  row.ttl = ttl === NO_TTL ? inheritedTtl(state) : ttl;
  if (ttl !== NO_TTL) state.lastTtl = ttl;
  table.add(row);
  return true;
}

const FAILED = -3;

/** Writes the owner behind the table's octets, or keeps the previous one if it is the same. */
function readOwner(state: ParserState): boolean {
  const { lexer, table } = state;
  const start = table.reserve(MAX_NAME_OCTETS + NAME_SLACK_OCTETS);
  table.used = start;
  const { octets } = table;
  const length = writeName(lexer, state.origin, octets, start);
  if (length < 0) {
    const { code, message } = nameProblem(length);
    // Records below with a blank owner are no fault of theirs.
    if (state.owner === NO_OWNER) setOwner(state, table.append(Uint8Array.of(0)), 1);
    return state.fail(code, message);
  }
  state.ownerIsAbsolute = lexer.octets[lexer.end - 1] === 0x2e;
  if (length === state.ownerLength && state.owner !== NO_OWNER) {
    let index = 0;
    while (index < length && octets[start + index] === octets[state.owner + index]) index++;
    if (index === length) return true;
  }
  table.used = start + length;
  setOwner(state, start, length);
  return true;
}

function setOwner(state: ParserState, owner: number, length: number): void {
  state.owner = owner;
  state.ownerLength = length;
}

/**
 * Reads TTL, class and type; the type goes to the row and is the token at hand afterwards. Returns the TTL, NO_TTL for
 * none, FAILED after a failure has been noted.
 */
function readHead(state: ParserState): number {
  const { lexer } = state;
  let ttl = NO_TTL;
  let hasClass = false;
  for (;;) {
    if (lexer.kind !== Token.word) {
      if (lexer.kind === Token.fault) state.fail(lexer.faultCode, '');
      else state.fail('missing-type', 'Here belongs a record type: A, AAAA, TXT, ….');
      return FAILED;
    }
    if (isDigit(lexer.octets[lexer.start]!)) {
      if (ttl !== NO_TTL) {
        state.fail('missing-type', 'The TTL is there already: here belongs a record type: A, AAAA, TXT, ….');
        return FAILED;
      }
      ttl = readTtl(state);
      if (ttl < 0) return FAILED;
    } else {
      const type = typeOf(lexer.octets, lexer.start, lexer.end);
      if (type !== NOT_FOUND) return acceptType(state, type) ? ttl : FAILED;
      if (!acceptClass(state, hasClass)) return FAILED;
      hasClass = true;
    }
    lexer.next();
  }
}

/** The TTL in the token at hand; negative after a failure has been noted. */
export function readTtl(state: ParserState): number {
  const { lexer } = state;
  const ttl = parsePeriod(lexer.octets, lexer.start, lexer.end);
  if (ttl === NOT_A_PERIOD) {
    state.fail('bad-ttl', 'A TTL is a number of seconds, or a period like 1h30m.');
    return FAILED;
  }
  if (ttl >= 0 && ttl <= MAX_TTL_SECONDS) return ttl;
  state.fail('ttl-too-large', `A TTL has at most ${MAX_TTL_SECONDS} seconds (RFC 2181 §8).`);
  return FAILED;
}

function acceptType(state: ParserState, type: number): boolean {
  // IANA: 128 to 255 are for questions and messages, 41 is OPT, and 0 is no type.
  if (type !== 0 && type !== RecordType.OPT && (type < 128 || type > 255)) {
    state.row.type = type;
    return true;
  }
  return state.fail('meta-type', 'This type exists in questions and messages only, never in a zone.');
}

/** Whether the token at hand, which is no type, is class IN. */
function acceptClass(state: ParserState, hasClass: boolean): boolean {
  const { octets, start, end } = state.lexer;
  const found = classOf(octets, start, end);
  if (found === 1 && !hasClass) return true;
  if (found === 1)
    return state.fail('missing-type', 'The class is there already: here belongs a record type.');
  if (found !== NOT_FOUND)
    return state.fail('class-not-in', 'Only class IN is served: write IN, or nothing.');
  const word = formatText(octets, start, Math.min(end, start + 32));
  return state.fail('unknown-type', `The record type ${word} is not known here. ${typeHint(word)}`);
}

/** What to do about a type that has no text here. */
function typeHint(word: string): string {
  const number = parseRegisteredType(word);
  if (number !== undefined) return `Write TYPE${number} \\# LENGTH HEXADECIMAL (RFC 3597 §5).`;
  const near = suggestType(word);
  if (near !== undefined) return `Did you mean ${near}?`;
  return 'Write TYPE1234 \\# LENGTH HEXADECIMAL with its number (RFC 3597 §5).';
}

/** BEHAVIOUR §3: without `$ORIGIN`, the owner of the SOA record is the origin if it is absolute. */
function adoptOrigin(state: ParserState): void {
  if (state.hasOriginDirective || !state.ownerIsAbsolute || state.apex !== undefined) return;
  state.origin = state.table.octets.slice(state.owner, state.owner + state.ownerLength);
}

function adoptSoa(state: ParserState): void {
  state.apex ??= state.table.octets.slice(state.owner, state.owner + state.ownerLength);
  if (state.soaMinimum === NO_TTL) {
    state.soaMinimum = Math.min(MAX_TTL_SECONDS, readUint32(state.out, state.length - 4));
  }
}

/** RFC 2308 §4 ($TTL), then RFC 1035 §5.1 (the TTL last stated), then what servers agree to make of nothing. */
function inheritedTtl(state: ParserState): number {
  if (state.defaultTtl !== NO_TTL) return state.defaultTtl;
  if (state.lastTtl !== NO_TTL) return state.lastTtl;
  const isSoaKnown = state.soaMinimum !== NO_TTL;
  const ttl = isSoaKnown ? state.soaMinimum : FALLBACK_TTL_SECONDS;
  if (!state.hasReportedTtl) {
    state.hasReportedTtl = true;
    const { line, column } = state.row;
    const taken = isSoaKnown ? `the SOA record's minimum, ${ttl},` : `${ttl}`;
    state.report(
      'ttl-missing',
      `Nothing says the TTL, and ${taken} is taken: write $TTL at the top of the file.`,
      {
        ...rowPlace(state, line),
        column,
      },
    );
  }
  return ttl;
}

/** The line of the row at hand, which the lexer has gone past. */
function rowPlace(state: ParserState, line: number): { line: number; lineStart: number; length: number } {
  if (state.generated !== undefined) return state.generated.place;
  const { octets } = state.lexer;
  let lineStart = Math.max(0, state.lexer.start - 1);
  // Back over the lines of the record: as many as it has, and the search is made once a zone.
  for (let back = state.lexer.line - line; ; back--) {
    while (lineStart > 0 && octets[lineStart - 1] !== 0x0a) lineStart--;
    if (back <= 0 || lineStart === 0) return { line, lineStart, length: 1 };
    lineStart--;
  }
}
