// What the kinds of field have in common: how one is read from tokens and written back as text.

import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { type Lexer, Token } from '../text/lexer.ts';

/** RFC 1035 §3.2.1: RDLENGTH has 16 bits. */
export const MAX_RDATA_OCTETS = 65_535;

/** What the buffer for record data has beyond its limit, so that a name or a string need not ask before it writes. */
export const RDATA_SLACK_OCTETS = 512;

/** The record at hand: tokens in, record data out. */
export interface FieldContext {
  /** The token at hand is the first of the field. */
  readonly lexer: Lexer;
  /** Record data; {@link MAX_RDATA_OCTETS} and {@link RDATA_SLACK_OCTETS} long. */
  readonly out: Uint8Array;
  length: number;
  readonly origin: Uint8Array | undefined;
  /** Reports the token at hand; false, so that a reader can return it. */
  fail(code: DiagnosticCode, message: string): false;
}

/** The text of one field of `rdata`, and where the next begins. */
export interface FieldText {
  readonly text: string;
  readonly next: number;
}

export interface Field {
  /** Takes every token up to the end of the record, and leaves the one that ends it at hand. */
  readonly takesRest?: true;
  /** No token at all is a value too. */
  readonly isOptional?: true;
  /** `label` names the field for a person. False after a failure has been reported. */
  parse(context: FieldContext, label: string): boolean;
  /** Undefined when the octets at `start` are no such field: data that was given as `\#`. */
  format(rdata: Uint8Array, start: number): FieldText | undefined;
}

export function isValue(kind: number): boolean {
  return kind === Token.word || kind === Token.quoted;
}

/** Makes sure that `count` more octets fit. */
export function hasRoom(context: FieldContext, count: number): boolean {
  if (context.length + count <= MAX_RDATA_OCTETS) return true;
  return context.fail('rdata-too-long', `The data of one record has at most ${MAX_RDATA_OCTETS} octets.`);
}

export function putOctets(context: FieldContext, octets: ArrayLike<number>): boolean {
  if (!hasRoom(context, octets.length)) return false;
  for (let index = 0; index < octets.length; index++) context.out[context.length++] = octets[index]!;
  return true;
}
