// Where the head of an HTTP/1 request ends, and the few things about it that concern the connection rather than the
// answer (RFC 9112). Works on octets; what the request asks for is read elsewhere.

import { textToOctets } from '../../core/octets/text.ts';

const LF = 0x0a;
const CR = 0x0d;

export type HeadSearch =
  | { readonly kind: 'incomplete' }
  /** `end` is the offset after the blank line. */
  | { readonly kind: 'complete'; readonly end: number }
  /** The request line is not HTTP/1.x. */
  | { readonly kind: 'not-http'; readonly isHttp2: boolean };

/** How far the search for a head's end has come, kept between pieces of it. */
export interface HeadProgress {
  /** Octets from the head's start that need no second look. */
  searched: number;
  /** Line ends seen in them. */
  lines: number;
}

const INCOMPLETE: HeadSearch = { kind: 'incomplete' };

/** Skips the empty lines that some clients send between requests (RFC 9112 §2.2). Returns where the head starts. */
export function skipEmptyLines(input: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (input[at] === CR || input[at] === LF)) at++;
  return at;
}

/**
 * True for what can begin an HTTP method. A TLS hello (0x16), a BitTorrent handshake (0x13) and binary noise cannot, and
 * are known by their first octet.
 */
export function isMethodStart(octet: number): boolean {
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}

/** A lone LF ends a line as CR LF does (RFC 9112 §2.2 allows it, and every tracker takes it). */
export function searchHead(
  input: Uint8Array,
  start: number,
  end: number,
  progress: HeadProgress,
): HeadSearch {
  let at = start + progress.searched;
  while (at < end) {
    const lineEnd = input.indexOf(LF, at);
    if (lineEnd === -1 || lineEnd >= end) break;
    if (progress.lines === 0) {
      const refused = checkRequestLine(input, start, lineEnd);
      if (refused !== undefined) return refused;
    } else if (isBlankLine(input, start, lineEnd)) {
      return { kind: 'complete', end: lineEnd + 1 };
    }
    progress.lines++;
    at = lineEnd + 1;
  }
  progress.searched = end - start;
  return INCOMPLETE;
}

function isBlankLine(input: Uint8Array, start: number, lineEnd: number): boolean {
  const previous = input[lineEnd - 1] === CR ? lineEnd - 2 : lineEnd - 1;
  return previous >= start && input[previous] === LF;
}

const HTTP_1 = textToOctets(' HTTP/1.');
const HTTP_2_PREFACE = textToOctets('PRI * HTTP/2.0');

/** RFC 9112 §2.3: the version ends the request line. HTTP/0.9 has none; HTTP/2's preface is made to be refused here. */
function checkRequestLine(input: Uint8Array, start: number, lineEnd: number): HeadSearch | undefined {
  const end = input[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
  const digit = input[end - 1]!;
  const versionAt = end - 1 - HTTP_1.length;
  if (versionAt > start && digit >= 0x30 && digit <= 0x39 && startsWith(input, versionAt, HTTP_1))
    return undefined;
  return { kind: 'not-http', isHttp2: startsWith(input, start, HTTP_2_PREFACE) };
}

function startsWith(input: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++)
    if (input[at + index] !== expected[index]) return false;
  return true;
}
