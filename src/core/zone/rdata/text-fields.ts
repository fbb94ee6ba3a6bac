// Fields of text: character-strings (RFC 1035 §3.3), tags, and text that fills the rest of the data.

import { escapedOctet, isDigit } from '../text/name-text.ts';
import { type Field, type FieldContext, hasRoom, isValue } from './field.ts';
import { tokenText } from './number-fields.ts';

/** RFC 1035 §3.3: a length octet and that many octets. */
const MAX_STRING_OCTETS = 255;

/** One `<character-string>`. */
export const characterString: Field = {
  parse: (context) => putString(context),
  format(rdata, start) {
    const length = rdata[start];
    if (length === undefined || start + 1 + length > rdata.length) return undefined;
    return { text: quote(rdata, start + 1, start + 1 + length), next: start + 1 + length };
  },
};

/** One or more of them, up to the end of the record. */
export const characterStrings: Field = {
  takesRest: true,
  parse(context) {
    do {
      if (!putString(context)) return false;
    } while (isValue(context.lexer.next()));
    return true;
  },
  format(rdata, start) {
    const texts: string[] = [];
    let next = start;
    do {
      const string = characterString.format(rdata, next);
      if (string === undefined) return undefined;
      texts.push(string.text);
      next = string.next;
    } while (next < rdata.length);
    return { text: texts.join(' '), next };
  },
};

/** One more, or none, at the end of the record. */
export const optionalString: Field = {
  takesRest: true,
  isOptional: true,
  parse(context) {
    if (!isValue(context.lexer.kind)) return true;
    if (!putString(context)) return false;
    context.lexer.next();
    return true;
  },
  format: (rdata, start) =>
    start === rdata.length ? { text: '', next: start } : characterString.format(rdata, start),
};

/** Text without a length octet that fills the rest of the data: a CAA value, a URI. */
export const remainingText: Field = {
  parse(context) {
    return putText(context);
  },
  format: (rdata, start) => ({ text: quote(rdata, start, rdata.length), next: rdata.length }),
};

/** RFC 8659 §4.1: letters and digits, with a length octet. */
export const propertyTag: Field = {
  parse(context, label) {
    const text = tokenText(context);
    if (!/^[0-9a-z]{1,255}$/i.test(text)) {
      return context.fail(
        'bad-field',
        `The ${label} is made of letters and digits: issue, issuewild, iodef.`,
      );
    }
    return putString(context);
  },
  format(rdata, start) {
    const length = rdata[start];
    if (length === undefined || length === 0 || start + 1 + length > rdata.length) return undefined;
    const text = String.fromCharCode(...rdata.subarray(start + 1, start + 1 + length));
    return /^[0-9a-z]+$/i.test(text) ? { text, next: start + 1 + length } : undefined;
  },
};

function putString(context: FieldContext): boolean {
  if (!hasRoom(context, 1)) return false;
  const lengthAt = context.length++;
  if (!putText(context)) return false;
  const length = context.length - lengthAt - 1;
  if (length > MAX_STRING_OCTETS) return context.fail('string-too-long', tooLong(context, length));
  context.out[lengthAt] = length;
  return true;
}

/** The octets of the token, escapes resolved. */
function putText(context: FieldContext): boolean {
  const { octets, start, end, escaped } = context.lexer;
  const { out } = context;
  if (!escaped) {
    if (!hasRoom(context, end - start)) return false;
    let position = context.length;
    for (let index = start; index < end; index++) out[position++] = octets[index]!;
    context.length = position;
    return true;
  }
  for (let index = start; index < end; index++) {
    let octet = octets[index]!;
    if (octet === 0x5c) {
      octet = escapedOctet(octets, index, end);
      if (octet < 0) {
        return context.fail(
          'bad-escape',
          'After a backslash come three digits from 000 to 255, or one character.',
        );
      }
      index += isDigit(octets[index + 1]!) ? 3 : 1;
    }
    if (!hasRoom(context, 1)) return false;
    out[context.length++] = octet;
  }
  return true;
}

/** Shows where to cut: readers of a TXT record join its strings again without anything between. */
function tooLong(context: FieldContext, length: number): string {
  const { out } = context;
  const cut = context.length - length + MAX_STRING_OCTETS;
  const left = quote(out, cut - 12, cut).slice(1);
  const right = quote(out, cut, Math.min(cut + 12, context.length)).slice(0, -1);
  return `One string has at most 255 octets and this has ${length}: split it in two behind the 255th octet: "…${left} ${right}…".`;
}

/** A quoted string that reads back as the octets from `start` to `end`. */
export function quote(octets: Uint8Array, start: number, end: number): string {
  return `"${formatText(octets, start, end)}"`;
}

/** Octets as ASCII, with escapes for quotation marks, backslashes and all that is not a character (RFC 1035 §5.1). */
export function formatText(octets: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let index = start; index < end; index++) {
    const octet = octets[index]!;
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}
