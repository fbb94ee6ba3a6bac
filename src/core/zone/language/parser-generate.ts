// BIND's $GENERATE (BIND 9 Administrator Reference Manual, "BIND Primary File Extension"): a range, and a record in
// whose owner and data `$` stands for the number.

import { octetsToText, textToOctets } from '../../octets/text.ts';
import { Lexer, Token } from '../text/lexer.ts';
import { readRecord } from './parser-record.ts';
import type { ParserState, TokenPlace } from './parser-state.ts';
import { passRemarks } from './remarks.ts';

/** Records of one directive: a /16 of reverse names. A range of a billion is a mistake. */
export const MAX_GENERATED_RECORDS = 65_536;

/** As in BIND. */
const MAX_NUMBER = 2 ** 31 - 1;

/** What one line may grow to; longer ones are no records. */
const MAX_LINE_OCTETS = 65_535;

const USAGE = '$GENERATE reads like: $GENERATE 1-20/2 host-$ A 127.0.0.$';

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** Obeys the `$GENERATE` at hand. False after a failure has been noted. */
export function readGenerate(state: ParserState): boolean {
  const { lexer } = state;
  const place = state.place();
  if (lexer.next() !== Token.word) return failGenerate(state);
  const range = parseRange(octetsToText(lexer.octets, lexer.start, Math.min(lexer.end, lexer.start + 64)));
  if (range === undefined) return failGenerate(state);
  const count = Math.floor((range.stop - range.start) / range.step) + 1;
  if (count > MAX_GENERATED_RECORDS || range.stop > MAX_NUMBER) {
    return state.fail(
      'generate-too-large',
      `One $GENERATE makes at most ${MAX_GENERATED_RECORDS} records, with numbers of at most ${MAX_NUMBER}.`,
    );
  }
  const template = readTemplate(state);
  if (template === undefined) return false;
  state.report(
    'generate-not-portable',
    'NSD and Knot do not know $GENERATE: write the records out for them.',
    place,
  );
  let isRead = true;
  for (
    let value = range.start;
    isRead && value <= range.stop && !state.isDone() && !state.isTooLarge();
    value += range.step
  ) {
    state.generated = { place: template.place, value };
    isRead = readGenerated(state, substitute(template.text, value));
  }
  // Once for all of them: their names are made of one text.
  passRemarks(state, isRead);
  state.lexer = lexer;
  state.generated = undefined;
  return true;
}

/** False after a fault, which is reported once: the same is wrong with each record of the range. */
function readGenerated(state: ParserState, line: string | undefined): boolean {
  if (line === undefined) {
    state.report(
      'bad-generate',
      `A number stands as $, or with offset, width and base (d, o, x, X, n or N) as $\{-1,3,d}.`,
    );
    return false;
  }
  state.lexer = new Lexer(textToOctets(line));
  state.lexer.next();
  const done = readRecord(state);
  if (!done) state.recover();
  return done;
}

function failGenerate(state: ParserState): false {
  return state.lexer.kind === Token.fault
    ? state.fail(state.lexer.faultCode, '')
    : state.fail('bad-generate', USAGE);
}

/** `1-20`, `1-20/2`. */
function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(text);
  if (match === null) return undefined;
  const range = { start: Number(match[1]), stop: Number(match[2]), step: Number(match[3] ?? 1) };
  return range.start <= range.stop && range.step > 0 ? range : undefined;
}

interface Template {
  /** The words behind the range, with one blank between. */
  readonly text: string;
  /** Where they stand, or what of them stands on the first one's line. */
  readonly place: TokenPlace;
}

/** Undefined after a failure has been noted. */
function readTemplate(state: ParserState): Template | undefined {
  const { lexer } = state;
  const words: string[] = [];
  let length = 0;
  let kind = lexer.next();
  const place = state.place();
  for (; kind !== Token.newline && kind !== Token.end; kind = lexer.next()) {
    length += lexer.end - lexer.start + 3;
    if (kind === Token.fault || length > MAX_LINE_OCTETS) {
      failGenerate(state);
      return undefined;
    }
    const word = octetsToText(lexer.octets, lexer.start, lexer.end);
    words.push(kind === Token.quoted ? `"${word}"` : word);
    if (lexer.line === place.line)
      place.length = lexer.end - place.lineStart - place.column + (kind === Token.quoted ? 2 : 1);
  }
  if (words.length >= 3) return { text: words.join(' '), place };
  failGenerate(state);
  return undefined;
}

/** Undefined when a `${…}` is wrong. `\$` and `$$` stand for the character. */
function substitute(template: string, value: number): string | undefined {
  let failed = false;
  const line = template.replace(/\\.|\$\$|\$\{([^}]*)\}|\$/gs, (whole, modifier: string | undefined) => {
    if (whole === '$$' || whole === '\\$') return '\\$';
    if (whole.startsWith('\\')) return whole;
    const text = modifier === undefined ? String(value) : formatNumber(value, modifier);
    failed ||= text === undefined || whole === '${';
    return text ?? '';
  });
  return failed || line.length > MAX_LINE_OCTETS ? undefined : line;
}

function formatNumber(value: number, modifier: string): string | undefined {
  const match = /^(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(modifier);
  if (match === null) return undefined;
  const number = value + Number(match[1]);
  const width = Number(match[2] ?? 0);
  const base = match[3] ?? 'd';
  if (number < 0 || width > 255) return undefined;
  switch (base) {
    case 'o':
      return number.toString(8).padStart(width, '0');
    case 'x':
      return number.toString(16).padStart(width, '0');
    case 'X':
      return number.toString(16).toUpperCase().padStart(width, '0');
    case 'n':
    case 'N':
      return formatNibbles(number, width, base === 'N');
    default:
      return String(number).padStart(width, '0');
  }
}

/** Hexadecimal digits from the least, with dots between; the width counts the dots too. */
function formatNibbles(value: number, width: number, upper: boolean): string {
  const digits = value.toString(16).padStart(Math.ceil(width / 2), '0');
  const text = [...digits].reverse().join('.');
  return upper ? text.toUpperCase() : text;
}
