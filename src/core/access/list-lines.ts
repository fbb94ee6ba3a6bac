// The lines of an access list: one entry each, blank lines and comments between them, ended by LF or CR LF. A file may
// have millions of lines, so that a line is a handful of offsets in one object that the next line overwrites.

import type { AccessCode } from './access-codes.ts';

/** Of one list. opentracker has no bound; a list of as many takes 160 MB, and a second or two to read. */
export const MAX_LIST_ENTRIES = 4_000_000;
/** A line that is longer is no entry and no comment that somebody wrote. */
export const MAX_LINE_OCTETS = 4096;
/** More are of no help to whoever mends the file. */
export const MAX_LIST_PROBLEMS = 20;

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const DELETE = 0x7f;

/** What is wrong with a line. Lines and columns count from 1. */
export interface ListProblem {
  readonly code: AccessCode;
  /** One sentence that says what is wrong and what to write instead; nothing of the line. */
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** Octets that are wrong, at least 1. */
  readonly length: number;
  /** Where the line begins and ends in the file. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** One line with an entry: a word, and what stands behind it (a label, or a comment). */
export interface ListLine {
  line: number;
  lineStart: number;
  lineEnd: number;
  wordStart: number;
  wordEnd: number;
  /** Behind the blanks after the word; equal when there is nothing. */
  restStart: number;
  restEnd: number;
}

export interface ListReader extends ListLine {
  readonly octets: Uint8Array;
  /** At most {@link MAX_LIST_PROBLEMS} and a notice that there are more. */
  readonly problems: ListProblem[];
  /** Where the next line begins. */
  next: number;
}

/** Reads from the start, behind a byte order mark of UTF-8. */
export function createListReader(octets: Uint8Array): ListReader {
  const hasMark = octets[0] === 0xef && octets[1] === 0xbb && octets[2] === 0xbf;
  const line = { line: 0, lineStart: 0, lineEnd: 0, wordStart: 0, wordEnd: 0, restStart: 0, restEnd: 0 };
  return { ...line, octets, problems: [], next: hasMark ? 3 : 0 };
}

/** Goes on to the next line with an entry; false at the end of the file, and when there are too many problems. */
export function readListLine(reader: ListReader): boolean {
  const { octets } = reader;
  while (reader.next < octets.length && reader.problems.length <= MAX_LIST_PROBLEMS) {
    const found = octets.indexOf(LF, reader.next);
    const end = found === -1 ? octets.length : found;
    reader.line++;
    reader.lineStart = reader.next;
    reader.lineEnd = end > reader.next && octets[end - 1] === CR ? end - 1 : end;
    reader.next = end + 1;
    if (reader.lineEnd - reader.lineStart > MAX_LINE_OCTETS) {
      const message = `A line has at most ${MAX_LINE_OCTETS} octets; put one entry on each.`;
      reportAt(reader, 'list-line-too-long', message, reader.lineStart);
    } else if (splitLine(reader)) return true;
  }
  return false;
}

/** False for a line without an entry: blank, a comment, or wrong, which is reported. */
function splitLine(reader: ListReader): boolean {
  const { octets, lineEnd } = reader;
  let at = reader.lineStart;
  while (at < lineEnd && isBlank(octets[at]!)) at++;
  if (at === lineEnd || isComment(octets[at]!)) return false;
  reader.wordStart = at;
  while (at < lineEnd && !isBlank(octets[at]!) && !isComment(octets[at]!)) {
    if (octets[at]! < SPACE || octets[at] === DELETE) return refuseOctet(reader, at);
    at++;
  }
  reader.wordEnd = at;
  while (at < lineEnd && isBlank(octets[at]!)) at++;
  reader.restStart = at;
  for (; at < lineEnd; at++) {
    const octet = octets[at]!;
    if ((octet < SPACE && octet !== TAB) || octet === DELETE) return refuseOctet(reader, at);
  }
  while (at > reader.restStart && isBlank(octets[at - 1]!)) at--;
  reader.restEnd = at;
  return true;
}

function refuseOctet(reader: ListReader, at: number): false {
  reportAt(reader, 'list-bad-octet', 'An access list is text, and this octet is none; is it UTF-16?', at);
  return false;
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}

function isComment(octet: number): boolean {
  return octet === HASH || octet === SEMICOLON;
}

/** Whether what stands behind the word is a comment or nothing. */
export function isAlone({ octets, restStart, restEnd }: ListReader): boolean {
  return restStart === restEnd || isComment(octets[restStart]!);
}

/** The word of the line is wrong. */
export function reportWord(reader: ListReader, code: AccessCode, message: string): void {
  reportAt(reader, code, message, reader.wordStart, reader.wordEnd - reader.wordStart);
}

/** Something stands behind the word. */
export function reportRest(reader: ListReader, message: string): void {
  reportAt(reader, 'entry-with-more', message, reader.restStart, reader.restEnd - reader.restStart);
}

/** Positional, because all five are offsets and words of one report. */
function reportAt(reader: ListReader, code: AccessCode, message: string, at: number, length = 1): void {
  const { problems, line, lineStart, lineEnd } = reader;
  const column = at - lineStart + 1;
  const place = { line, column, length: Math.max(1, length), lineStart, lineEnd };
  if (problems.length < MAX_LIST_PROBLEMS) problems.push({ code, message, ...place });
  else
    problems.push({
      code: 'list-too-many-errors',
      message: `More than ${MAX_LIST_PROBLEMS} lines are wrong; the rest is left out.`,
      ...place,
    });
}

/** True, and reported, when the list is full already. */
export function isListFull(reader: ListReader, entries: number, most: number = MAX_LIST_ENTRIES): boolean {
  if (entries < most) return false;
  reportWord(reader, 'list-too-large', `At most ${most.toLocaleString('en-US')} entries fit into this list.`);
  reader.next = reader.octets.length;
  return true;
}
