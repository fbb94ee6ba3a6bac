// Fields of types that are history and still in zones: telephone and OSI addresses, lists of ports, DNSSEC before 2005.

import { formatRecordType, parseRegisteredType } from '../../dns/record-type.ts';
import { formatHex, parseHex } from '../../octets/text.ts';
import { base64Rest } from './binary-fields.ts';
import { type Field, hasRoom, isValue, putOctets } from './field.ts';
import { numberOrName, tokenText } from './number-fields.ts';
import { characterString } from './text-fields.ts';

/** RFC 1183 §3.1: a number in the plan of X.121, whose first four digits say the network. */
export const networkAddress: Field = {
  parse(context, label) {
    if (/^\d{4,255}$/.test(tokenText(context))) return characterString.parse(context, label);
    return context.fail('bad-field', `The ${label} is a number of at least four digits, like 311061700956.`);
  },
  format(rdata, start) {
    const string = characterString.format(rdata, start);
    return string !== undefined && /^"\d{4,}"$/.test(string.text) ? string : undefined;
  },
};

/** ISO 8348: a network service access point has no more. */
const MAX_OSI_OCTETS = 20;

/** RFC 1706 §7: hexadecimal behind `0x`, with dots anywhere, to the end of the data. */
export const osiAddress: Field = {
  parse(context, label) {
    const text = tokenText(context);
    const octets = /^0x/i.test(text) ? parseHex(text.slice(2).replaceAll('.', '')) : undefined;
    if (octets !== undefined && isOsiSize(octets.length)) return putOctets(context, octets);
    return context.fail(
      'bad-hex',
      `The ${label} is hexadecimal behind 0x, like 0x47.0005.80: from 1 to ${MAX_OSI_OCTETS} octets.`,
    );
  },
  format: (rdata, start) =>
    isOsiSize(rdata.length - start)
      ? { text: `0x${formatHex(rdata.subarray(start))}`, next: rdata.length }
      : undefined,
};

function isOsiSize(octets: number): boolean {
  return octets > 0 && octets <= MAX_OSI_OCTETS;
}

/** IANA, "Protocol Numbers": those that have ports. */
const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17 };

/** A protocol: number or mnemonic, one octet. */
export const protocol: Field = numberOrName(1, PROTOCOLS);

/** Of 65,536 ports. */
const MAX_PORT_OCTETS = 8192;

/** RFC 1035 §3.4.2: a bit for each port up to the last one. */
export const portBitmap: Field = {
  takesRest: true,
  isOptional: true,
  parse(context, label) {
    const from = context.length;
    for (; isValue(context.lexer.kind); context.lexer.next()) {
      const text = tokenText(context);
      const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
      if (port > 65_535)
        return context.fail(
          'bad-number',
          `Each of the ${label} is a number from 0 to 65535: names are not known here.`,
        );
      const length = (port >> 3) + 1;
      const missing = Math.max(0, length - (context.length - from));
      if (!hasRoom(context, missing)) return false;
      context.out.fill(0, context.length, context.length + missing);
      context.length += missing;
      context.out[from + length - 1]! |= 0x80 >> (port & 7);
    }
    return true;
  },
  format(rdata, start) {
    if (rdata.length - start > MAX_PORT_OCTETS || (rdata.length > start && rdata.at(-1) === 0))
      return undefined;
    return { text: bitsOf(rdata, start).join(' '), next: rdata.length };
  },
};

/** RFC 2535 §5.2: a bit for each of the types below 128, up to the last one. */
const OLD_BITMAP_TYPES = 128;

/** The types that an NXT record says are there; those of NSEC have another form. */
export const oldTypeBitmap: Field = {
  takesRest: true,
  isOptional: true,
  parse(context, label) {
    const bits = new Uint8Array(OLD_BITMAP_TYPES / 8);
    let length = 0;
    for (; isValue(context.lexer.kind); context.lexer.next()) {
      const type = parseRegisteredType(tokenText(context));
      if (type === undefined || type === 0 || type >= OLD_BITMAP_TYPES)
        return context.fail(
          'bad-field',
          `Each of the ${label} is a record type below TYPE${OLD_BITMAP_TYPES}.`,
        );
      bits[type >> 3]! |= 0x80 >> (type & 7);
      length = Math.max(length, (type >> 3) + 1);
    }
    return putOctets(context, bits.subarray(0, length));
  },
  format(rdata, start) {
    const size = rdata.length - start;
    if (size > OLD_BITMAP_TYPES / 8 || (size > 0 && (rdata.at(-1) === 0 || rdata[start]! >= 0x80)))
      return undefined;
    return { text: bitsOf(rdata, start).map(formatRecordType).join(' '), next: rdata.length };
  },
};

/** Numbers of the bits from `start` on that are set. */
function bitsOf(rdata: Uint8Array, start: number): number[] {
  const bits: number[] = [];
  for (let bit = 0; bit < (rdata.length - start) * 8; bit++) {
    if ((rdata[start + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) bits.push(bit);
  }
  return bits;
}

/** RFC 2535 §3.1.2: two bits of the flags say that there is no key. */
const NO_KEY = 0xc0;

/** The key of a KEY record; none where its flags say so. */
export const oldKey: Field = {
  takesRest: true,
  isOptional: true,
  parse(context, label) {
    const hasNone = (context.out[0]! & NO_KEY) === NO_KEY;
    if (isValue(context.lexer.kind) !== hasNone) return hasNone || base64Rest.parse(context, label);
    if (!hasNone) return context.fail('missing-field', `This record ends before its ${label}.`);
    return context.fail('extra-field', 'The flags of this record say that it has no key (RFC 2535 §3.1.2).');
  },
  format(rdata, start) {
    if ((rdata[0]! & NO_KEY) !== NO_KEY) return base64Rest.format(rdata, start);
    return start === rdata.length ? { text: '', next: start } : undefined;
  },
};
