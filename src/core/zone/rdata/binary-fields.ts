// Fields of octets in a textual coding: hexadecimal, Base64 (RFC 4648), Base32 of NSEC3, bitmaps of types.

import { formatRecordType, parseRegisteredType } from '../../dns/record-type.ts';
import { formatHex } from '../../octets/text.ts';
import { type Field, type FieldContext, hasRoom, isValue, putOctets } from './field.ts';
import { tokenText } from './number-fields.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const NO_DIGIT = 255;

function digitValues(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(NO_DIGIT);
  for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index;
  return values;
}

const HEX_VALUES = digitValues('0123456789abcdef');
const BASE64_VALUES = digitValues(BASE64);
for (let index = 10; index < 16; index++) HEX_VALUES['ABCDEF'.charCodeAt(index - 10)] = index;

/** Hexadecimal up to the end of the record, blanks anywhere. */
export const hexRest: Field = {
  takesRest: true,
  parse(context, label) {
    const from = context.length;
    let nibbles = 0;
    do {
      const { octets, start, end } = context.lexer;
      for (let index = start; index < end; index++) {
        const value = HEX_VALUES[octets[index]!]!;
        if (value === NO_DIGIT)
          return context.fail('bad-hex', `The ${label} is hexadecimal: digits and a to f.`);
        if (nibbles % 2 === 0 && !hasRoom(context, 1)) return false;
        if (nibbles++ % 2 === 0) context.out[context.length++] = value << 4;
        else context.out[context.length - 1]! |= value;
      }
    } while (isValue(context.lexer.next()));
    if (nibbles % 2 === 0 && context.length > from) return true;
    return context.fail('bad-hex', `The ${label} has an odd number of hexadecimal digits.`);
  },
  format: (rdata, start) =>
    start === rdata.length ? undefined : { text: formatHex(rdata.subarray(start)), next: rdata.length },
};

/** Base64 up to the end of the record, blanks anywhere. */
export const base64Rest: Field = {
  takesRest: true,
  parse(context, label) {
    const bad = `The ${label} is Base64: letters, digits, + and /, with = at the end.`;
    let bits = 0;
    let held = 0;
    let count = 0;
    let padding = 0;
    do {
      const { octets, start, end } = context.lexer;
      for (let index = start; index < end; index++) {
        if (octets[index] === 0x3d) {
          padding++;
          continue;
        }
        const value = BASE64_VALUES[octets[index]!]!;
        if (value === NO_DIGIT || padding > 0) return context.fail('bad-base64', bad);
        bits = ((bits << 6) | value) & 0xffff;
        held += 6;
        count++;
        if (held < 8) continue;
        if (!hasRoom(context, 1)) return false;
        held -= 8;
        context.out[context.length++] = bits >>> held;
      }
    } while (isValue(context.lexer.next()));
    const isWhole = (count + padding) % 4 === 0 && padding <= 2 && count > 0;
    return isWhole || context.fail('bad-base64', bad);
  },
  format(rdata, start) {
    if (start === rdata.length) return undefined;
    return { text: formatBase64(rdata.subarray(start)), next: rdata.length };
  },
};

export function formatBase64(octets: Uint8Array): string {
  let text = '';
  for (let index = 0; index < octets.length; index += 3) {
    const bits = (octets[index]! << 16) | ((octets[index + 1] ?? 0) << 8) | (octets[index + 2] ?? 0);
    const digits = Math.min(4, octets.length - index + 1);
    for (let digit = 0; digit < 4; digit++) {
      text += digit < digits ? BASE64[(bits >>> (18 - 6 * digit)) & 63] : '=';
    }
  }
  return text;
}

/** RFC 5155 §3.3: hexadecimal with a length octet, `-` for none. */
export const salt: Field = {
  parse(context, label) {
    const text = tokenText(context);
    if (text === '-') return putOctets(context, [0]);
    if (!/^([0-9a-f]{2}){1,255}$/i.test(text)) {
      return context.fail('bad-hex', `The ${label} is at most 255 octets of hexadecimal, or - for none.`);
    }
    const octets = text.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
    return putOctets(context, [octets.length, ...octets]);
  },
  format(rdata, start) {
    const length = rdata[start];
    if (length === undefined || start + 1 + length > rdata.length) return undefined;
    const next = start + 1 + length;
    return { text: length === 0 ? '-' : formatHex(rdata.subarray(start + 1, next)), next };
  },
};

/** RFC 5155 §3.3: a hash in Base32 of the extended hex alphabet without padding, with a length octet. */
export const base32Hash: Field = {
  parse(context, label) {
    const text = tokenText(context).toUpperCase();
    const octets: number[] = [];
    let bits = 0;
    let held = 0;
    for (const digit of text) {
      const value = BASE32HEX.indexOf(digit);
      if (value < 0)
        return context.fail('bad-field', `The ${label} is Base32: digits and the letters a to v.`);
      bits = ((bits << 5) | value) & 0xfff;
      held += 5;
      if (held < 8) continue;
      held -= 8;
      octets.push((bits >>> held) & 0xff);
    }
    if (octets.length === 0 || octets.length > 255) {
      return context.fail('bad-field', `The ${label} has from 1 to 255 octets.`);
    }
    return putOctets(context, [octets.length, ...octets]);
  },
  format(rdata, start) {
    const length = rdata[start];
    if (length === undefined || length === 0 || start + 1 + length > rdata.length) return undefined;
    const next = start + 1 + length;
    let text = '';
    let bits = 0;
    let held = 0;
    for (const octet of rdata.subarray(start + 1, next)) {
      bits = ((bits << 8) | octet) & 0xffff;
      for (held += 8; held >= 5; held -= 5) text += BASE32HEX[(bits >>> (held - 5)) & 31];
    }
    if (held > 0) text += BASE32HEX[(bits << (5 - held)) & 31];
    return { text, next };
  },
};

/** RFC 4034 §4.1.2: types present, as windows of bits. */
export const typeBitmap: Field = {
  takesRest: true,
  isOptional: true,
  parse(context, label) {
    const types = new Set<number>(); // at most 65,536
    while (isValue(context.lexer.kind)) {
      const type = parseRegisteredType(tokenText(context));
      if (type === undefined) return context.fail('unknown-type', `Each of the ${label} is a record type.`);
      types.add(type);
      context.lexer.next();
    }
    return putBitmap(context, types);
  },
  format(rdata, start) {
    const types: string[] = [];
    let previous = -1;
    let next = start;
    while (next < rdata.length) {
      const window = rdata[next]!;
      const length = rdata[next + 1] ?? 0;
      if (window <= previous || length < 1 || length > 32 || next + 2 + length > rdata.length)
        return undefined;
      // A window that ends in a zero octet has no text that reads back as it.
      if (rdata[next + 1 + length] === 0) return undefined;
      for (let bit = 0; bit < length * 8; bit++) {
        if ((rdata[next + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0)
          types.push(formatRecordType(window * 256 + bit));
      }
      previous = window;
      next += 2 + length;
    }
    return { text: types.join(' '), next };
  },
};

function putBitmap(context: FieldContext, types: ReadonlySet<number>): boolean {
  const windows = new Map<number, Uint8Array>(); // at most 256
  for (const type of types) {
    const bits = windows.get(type >> 8) ?? new Uint8Array(32);
    windows.set(type >> 8, bits);
    bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7);
  }
  for (const [window, bits] of [...windows].sort(([left], [right]) => left - right)) {
    let length = 32;
    while (bits[length - 1] === 0) length--;
    if (!putOctets(context, [window, length, ...bits.subarray(0, length)])) return false;
  }
  return true;
}
