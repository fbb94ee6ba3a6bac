// What is right here and means something else, or nothing, elsewhere: names that no client finds, and forms that NSD, Knot
// or BIND does not load (NSD 4.6, Knot DNS 3.2, BIND 9.18).

import { octetsToText } from '../../octets/text.ts';
import { decodeUtf8 } from '../../octets/utf8.ts';
import type { Remark } from '../text/remark.ts';
import type { ParserState } from './parser-state.ts';

const NOT_PORTABLE = {
  'relative-origin':
    'NSD and Knot do not complete the name of an origin: write it whole, with a dot at its end.',
  'string-over-lines':
    'BIND takes no string that runs over the end of a line, and Knot none outside parentheses: write \\010 there.',
} as const;

/** Reports what the lexer has remarked upon in the entry at hand, or forgets it: who has an error has enough to mend. */
export function passRemarks(state: ParserState, isReported: boolean): void {
  const { lexer } = state;
  if (isReported) for (const remark of lexer.remarks) reportRemark(state, remark);
  lexer.remarks.length = 0;
}

function reportRemark(state: ParserState, remark: Remark): void {
  const { octets } = state.lexer;
  const { line, lineStart, column } = remark;
  const lineEnd = octets.indexOf(0x0a, remark.start);
  const end = lineEnd < 0 ? remark.end : Math.min(lineEnd, remark.end);
  const place = state.generated?.place ?? { line, lineStart, column, length: end - remark.start };
  if (remark.kind === 'name-not-ascii')
    state.report(remark.kind, foreignName(state, octetsToText(octets, remark.start, end)), place);
  // Of what `$GENERATE` makes, its own line has said so.
  else if (state.generated === undefined) state.report('not-portable', NOT_PORTABLE[remark.kind], place);
}

/** `written` is octet text. */
function foreignName({ toALabel }: ParserState, written: string): string {
  const name = decodeUtf8(written)?.split('.');
  const labels = name?.map((label) => (/^[\0-\x7f]*$/.test(label) ? label : toALabel?.(label)));
  const remedy = labels?.every((label) => label !== undefined) ? labels.join('.') : 'xn--…';
  return `A name outside ASCII is found by no client as it stands, and BIND and Knot refuse it: write its A-label, ${remedy} (RFC 5890); octets that are meant are written \\DDD.`;
}

/** Once a file, at its first line that ends so, but for comments: Knot skips those. */
export function reportCarriageReturns(state: ParserState): void {
  const { octets } = state.lexer;
  for (let at = octets.indexOf(0x0d); at >= 0; at = octets.indexOf(0x0d, at + 1)) {
    if (octets[at + 1] !== 0x0a) continue;
    const lineStart = octets.lastIndexOf(0x0a, at) + 1;
    const comment = octets.indexOf(0x3b, lineStart);
    if (comment >= 0 && comment < at) continue;
    state.report('not-portable', 'Knot takes no lines that end with CR LF: save the file with LF alone.', {
      line: lineOf(octets, lineStart),
      lineStart,
      column: at - lineStart + 1,
      length: 1,
    });
    return;
  }
}

function lineOf(octets: Uint8Array, lineStart: number): number {
  let line = 1;
  for (let at = octets.indexOf(0x0a); at >= 0 && at < lineStart; at = octets.indexOf(0x0a, at + 1)) line++;
  return line;
}
