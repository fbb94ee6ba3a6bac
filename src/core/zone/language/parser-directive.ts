// $ORIGIN, $INCLUDE (RFC 1035 §5.1), $TTL (RFC 2308 §4) and BIND's $GENERATE.

import { MAX_NAME_OCTETS } from '../../dns/name.ts';
import { octetsToText } from '../../octets/text.ts';
import { decodeUtf8 } from '../../octets/utf8.ts';
import { isValue } from '../rdata/field.ts';
import { formatText } from '../rdata/text-fields.ts';
import { Token } from '../text/lexer.ts';
import { isRelative, nameProblem, writeName } from '../text/name-text.ts';
import { readGenerate } from './parser-generate.ts';
import { readTtl } from './parser-record.ts';
import type { ParserState, ZoneSource } from './parser-state.ts';

/** Files that include files; deeper is a mistake rather than a zone. */
export const MAX_INCLUDE_DEPTH = 10;

/** Included files of one zone: each costs an open file, and one line can ask for one. */
export const MAX_ZONE_FILES = 1000;

/** Linux: PATH_MAX. */
const MAX_PATH_OCTETS = 4096;

type ReadFile = (state: ParserState, source: ZoneSource) => void;

/** Obeys the directive at hand. False after a failure has been noted. */
export function readDirective(state: ParserState, readFile: ReadFile): boolean {
  const { lexer } = state;
  const word = formatText(lexer.octets, lexer.start, Math.min(lexer.end, lexer.start + 32)).toUpperCase();
  switch (word) {
    case '$ORIGIN':
      return readOrigin(state);
    case '$TTL':
      return readDefaultTtl(state);
    case '$INCLUDE':
      return readInclude(state, readFile);
    case '$GENERATE':
      return readGenerate(state);
    default:
      return state.fail(
        'unknown-directive',
        `There is no directive ${word}: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE.`,
      );
  }
}

function readOrigin(state: ParserState): boolean {
  if (!hasArgument(state, '$ORIGIN takes a domain name.')) return false;
  const origin = readOriginName(state);
  if (origin === undefined || !isAtEnd(state, '$ORIGIN')) return false;
  state.origin = origin;
  state.hasOriginDirective = true;
  return true;
}

function readDefaultTtl(state: ParserState): boolean {
  if (!hasArgument(state, '$TTL takes a number of seconds, or a period like 1h30m.')) return false;
  const ttl = readTtl(state);
  if (ttl < 0 || !isAtEnd(state, '$TTL')) return false;
  state.defaultTtl = ttl;
  return true;
}

function readInclude(state: ParserState, readFile: ReadFile): boolean {
  const { lexer } = state;
  if (!hasArgument(state, '$INCLUDE takes the path of a file, and the origin for it if that is another.'))
    return false;
  const written = octetsToText(
    lexer.octets,
    lexer.start,
    Math.min(lexer.end, lexer.start + MAX_PATH_OCTETS + 1),
  );
  const source = openIncluded(state, decodeUtf8(written) ?? written);
  if (source === undefined) return false;
  let origin = state.origin;
  if (isValue(lexer.next())) {
    origin = readOriginName(state);
    if (origin === undefined || !isAtEnd(state, '$INCLUDE')) return false;
  } else if (!isAtLineEnd(state)) {
    return state.fail(lexer.faultCode, '');
  }
  const outer = state.origin;
  state.origin = origin;
  readFile(state, source);
  state.origin = outer ?? state.origin;
  return true;
}

/** Undefined after a failure has been noted. */
function openIncluded(state: ParserState, path: string): ZoneSource | undefined {
  if (state.including.length > MAX_INCLUDE_DEPTH) {
    state.fail(
      'include-too-deep',
      `Files may include files ${MAX_INCLUDE_DEPTH} levels down, and this is one more.`,
    );
  } else if (state.files.length >= MAX_ZONE_FILES) {
    state.fail('too-many-files', `One zone has at most ${MAX_ZONE_FILES} files.`);
  } else if (state.include === undefined) {
    state.fail('include-failed', '$INCLUDE is not possible here: put the records of that file in its place.');
  } else if (path.length > MAX_PATH_OCTETS) {
    state.fail('include-failed', `A path has at most ${MAX_PATH_OCTETS} octets.`);
  } else {
    const source = state.include(path, state.files[state.file]!);
    if ('failure' in source) state.fail('include-failed', source.failure);
    else if (state.including.some((file) => state.files[file] === source.path)) {
      state.fail('include-loop', 'This file is being read already: it would include itself without end.');
    } else return source;
  }
  return undefined;
}

function hasArgument(state: ParserState, message: string): boolean {
  const kind = state.lexer.next();
  if (isValue(kind)) return true;
  return kind === Token.fault ? state.fail(state.lexer.faultCode, '') : state.fail('bad-directive', message);
}

/** The origin in the token at hand; undefined after a failure has been noted. */
function readOriginName(state: ParserState): Uint8Array | undefined {
  const name = new Uint8Array(MAX_NAME_OCTETS + 8);
  const length = writeName(state.lexer, state.origin, name, 0);
  if (length >= 0) {
    if (isRelative(state.lexer)) state.lexer.remark('relative-origin');
    return name.slice(0, length);
  }
  const { code, message } = nameProblem(length);
  state.fail(code, message);
  return undefined;
}

function isAtEnd(state: ParserState, directive: string): boolean {
  state.lexer.next();
  if (isAtLineEnd(state)) return true;
  if (state.lexer.kind === Token.fault) return state.fail(state.lexer.faultCode, '');
  return state.fail('bad-directive', `${directive} ended before this word: take it away.`);
}

function isAtLineEnd({ lexer }: ParserState): boolean {
  return lexer.kind === Token.newline || lexer.kind === Token.end;
}
