// What is wrong with a zone as it would be served here: the findings of the zone language, and those of this machine.

import type { AccessCode } from '../core/access/access-codes.ts';
import { octetsToText } from '../core/octets/text.ts';
import type { RecordPosition } from '../core/preference/hosts.ts';
import type { ListenerCode } from '../core/preference/listener-codes.ts';
import type { Diagnostic } from '../core/zone/diagnostic.ts';

/** Findings of `check` alone: a running server says it in its table and on its status page. */
export const CHECK_CODES = {
  'published-only': {
    severity: 'warning',
    summary: "a host that declares ports, and none of whose addresses is this machine's",
  },
} as const;

export type CheckCode = keyof typeof CHECK_CODES;

/** Findings of both, before anything is opened. */
export const SHARED_CODES = {
  'duplicate-zone': { severity: 'error', summary: 'a zone that another file has already' },
} as const;

export type SharedCode = keyof typeof SHARED_CODES;

/** Findings that only a running server can have, beside {@link ListenerCode}. */
export const SERVE_CODES = {
  'zone-unreadable': { severity: 'error', summary: 'a zone file that cannot be read' },
  'zone-file-gone': { severity: 'warning', summary: 'a zone file that is gone while its zone is served' },
  'zone-not-compiled': {
    severity: 'error',
    summary: 'a zone of another server that is too broken to be served',
  },
  'serial-not-advanced': { severity: 'warning', summary: 'a changed zone whose serial did not grow' },
  'state-not-written': {
    severity: 'error',
    summary: 'the state folder cannot be written, so that a crash would forget ports',
  },
  'last-good-not-kept': { severity: 'warning', summary: 'a zone that could not be kept for a restart' },
} as const;

export type ServeCode = keyof typeof SERVE_CODES;

/** A diagnostic of a zone, whoever found it. */
export interface Finding extends Omit<Diagnostic, 'code'> {
  readonly code: Diagnostic['code'] | ListenerCode | CheckCode | SharedCode | ServeCode | AccessCode;
}

/** Texts of the files that a position can point into. */
export interface SourceText {
  readonly path: string;
  readonly octets: Uint8Array;
}

/** Of a line of source, what a finding shows. Longer lines are data, not text; the zone language cuts there too. */
const MAX_SOURCE_CHARACTERS = 1000;

export interface FindingAt {
  readonly code: Finding['code'];
  readonly severity: Finding['severity'];
  readonly message: string;
  readonly position: RecordPosition;
}

/** Of two files with one zone the first is served. `soa` is where the second has its SOA. */
export function duplicateFinding(
  { name, soa, texts }: { name: string; soa: RecordPosition; texts: readonly SourceText[] },
  rival: string,
): Finding {
  const message = `${name} is served from ${rival} already; take one of the two files away`;
  return createFinding({ code: 'duplicate-zone', severity: 'error', message, position: soa }, texts);
}

/** Underlines the word at the position. */
export function createFinding(
  { code, severity, message, position }: FindingAt,
  texts: readonly SourceText[],
): Finding {
  const { file, line, column } = position;
  const text = texts.find(({ path }) => path === file);
  const source = text === undefined ? '' : lineAt(text.octets, line);
  const length = /^[^\s;]*/.exec(source.slice(column - 1))?.[0].length ?? 0;
  return { severity, code, message, file, line, column, length: Math.max(1, length), source };
}

/** The line, counted from 1, without its end, one character an octet. */
function lineAt(octets: Uint8Array, line: number): string {
  let start = 0;
  for (let current = 1; current < line; current++) {
    const end = octets.indexOf(0x0a, start);
    if (end === -1) return '';
    start = end + 1;
  }
  const end = octets.indexOf(0x0a, start);
  const stop = Math.min(end === -1 ? octets.length : end, start + MAX_SOURCE_CHARACTERS);
  return octetsToText(octets, start, stop).replace(/\r$/, '');
}
