// Record data from tokens to wire form, names uncompressed.

import { formatRecordType } from '../../dns/record-type.ts';
import { Token } from '../text/lexer.ts';
import { hexRest } from './binary-fields.ts';
import { type FieldContext, isValue } from './field.ts';
import { formatFields } from './format.ts';
import { uint16 } from './number-fields.ts';
import { fieldsOf } from './types.ts';

/**
 * Reads the data of a record of `type`, whose mnemonic is the token at hand, and the end of the line behind it.
 * False after a failure has been reported.
 */
export function parseRdata(context: FieldContext, type: number): boolean {
  const { lexer } = context;
  context.length = 0;
  lexer.next();
  if (isUnknownForm(context)) return parseUnknown(context, type);
  const fields = fieldsOf(type);
  if (fields === undefined) {
    return context.fail(
      'bad-field',
      `${formatRecordType(type)} has no text form here: write its octets as \\# LENGTH HEXADECIMAL (RFC 3597 §5).`,
    );
  }
  for (let index = 0; index < fields.length; index++) {
    const [label, field] = fields[index]!;
    if (index > 0 && fields[index - 1]![1].takesRest === undefined) lexer.next();
    if (!isValue(lexer.kind) && (field.isOptional === undefined || lexer.kind === Token.fault)) {
      return failField(context, type, label);
    }
    if (!field.parse(context, label)) return false;
    if (field.takesRest !== undefined) return expectEnd(context, type);
  }
  lexer.next();
  return expectEnd(context, type);
}

/** A lexical fault has its own report; anything else is a field too few. */
function failField(context: FieldContext, type: number, label: string): false {
  if (context.lexer.kind === Token.fault) return context.fail(context.lexer.faultCode, '');
  return context.fail('missing-field', `This ${formatRecordType(type)} record ends before its ${label}.`);
}

function expectEnd(context: FieldContext, type: number): boolean {
  const { kind, faultCode } = context.lexer;
  if (kind === Token.newline || kind === Token.end) return true;
  if (kind === Token.fault) return context.fail(faultCode, '');
  return context.fail(
    'extra-field',
    `This ${formatRecordType(type)} record ended before this word: take it away, or put a semicolon before it.`,
  );
}

/** RFC 3597 §5: the two characters `\#`, unquoted. */
function isUnknownForm({ lexer }: FieldContext): boolean {
  if (lexer.kind !== Token.word || lexer.end - lexer.start !== 2) return false;
  return lexer.octets[lexer.start] === 0x5c && lexer.octets[lexer.start + 1] === 0x23;
}

function parseUnknown(context: FieldContext, type: number): boolean {
  const { lexer } = context;
  lexer.next();
  if (!isValue(lexer.kind)) return failField(context, type, 'length');
  if (!uint16.parse(context, 'length behind \\#')) return false;
  const length = (context.out[0]! << 8) | context.out[1]!;
  context.length = 0;
  lexer.next();
  if (isValue(lexer.kind) && !hexRest.parse(context, 'data behind \\#')) return false;
  if (!expectEnd(context, type)) return false;
  if (context.length !== length) {
    return context.fail('rdata-length-mismatch', `This says ${length} octets and holds ${context.length}.`);
  }
  if (fieldsOf(type) !== undefined && formatFields(type, context.out.slice(0, length)) === undefined) {
    return context.fail(
      'bad-rdata',
      `These octets are not what a record of type ${formatRecordType(type)} holds.`,
    );
  }
  return true;
}
