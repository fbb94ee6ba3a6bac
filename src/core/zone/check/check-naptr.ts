// The substitution expression of a NAPTR record (RFC 3403 §4.1, RFC 3402 §3.2).

import { octetsToText } from '../../octets/text.ts';
import { countGroups } from './regular-expression.ts';

/** Order and preference (RFC 3403 §4.1). */
const HEAD_OCTETS = 4;

/** The data from `start`; what is wrong and what to write instead, or undefined. */
export function naptrProblem(octets: Uint8Array, start: number): string | undefined {
  const services = afterString(octets, start + HEAD_OCTETS);
  const expression = afterString(octets, services);
  const end = afterString(octets, expression);
  if (end === expression + 1) return undefined;
  return substitutionProblem(octetsToText(octets, expression + 1, end));
}

function afterString(octets: Uint8Array, at: number): number {
  return at + 1 + octets[at]!;
}

/** `text` is not empty. */
function substitutionProblem(text: string): string | undefined {
  const delimiter = text[0]!;
  if ('0123456789\\i\0'.includes(delimiter))
    return 'The regular expression begins with a delimiter that is no digit, no backslash and no i (RFC 3402 §3.2): write it like !^.*$!sip:info@example.net!.';
  const parts = splitAt(text, delimiter);
  const [pattern, replacement, flags] = parts ?? [];
  if (pattern === undefined || replacement === undefined || flags === undefined || !/^i*$/.test(flags))
    return 'The regular expression has its first character three times, and behind the last one nothing or i (RFC 3402 §3.2): write it like !^.*$!sip:info@example.net!.';
  // A program holds the text as a string of C.
  const groups = text.includes('\0') ? undefined : countGroups(pattern);
  if (groups === undefined)
    return 'The regular expression between the first two delimiters is none (POSIX, extended): mend it, or write ^.*$ for all of the name.';
  const named = highestGroup(replacement);
  if (named >= 0 && named <= groups) return undefined;
  return `The replacement names a group that the regular expression, which has ${groups}, does not have: name another, or put parentheses there.`;
}

/** The text behind its first character, split there; a backslash keeps the delimiter behind it from being one. */
function splitAt(text: string, delimiter: string): string[] | undefined {
  const parts = [''];
  for (let index = 1; index < text.length; index++) {
    const character = text[index]!;
    // RFC 3402 §3.2: flags have no escapes.
    if (character === delimiter) parts.push('');
    else if (character !== '\\' || parts.length === 3) parts[parts.length - 1] += character;
    else if (++index === text.length) return undefined;
    else parts[parts.length - 1] += `\\${text[index]}`;
  }
  return parts.length === 3 ? parts : undefined;
}

/** The highest group that the replacement names; 0 for none, −1 where it names `\0`, which there is not. */
function highestGroup(replacement: string): number {
  let highest = 0;
  for (const [, character] of replacement.matchAll(/\\(.)/gs)) {
    if (character === '0') return -1;
    if (/[1-9]/.test(character!)) highest = Math.max(highest, Number(character));
  }
  return highest;
}
