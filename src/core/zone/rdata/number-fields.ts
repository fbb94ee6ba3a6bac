// Fields of fixed size: numbers, periods, dates, names, types.

import { formatName, MAX_NAME_OCTETS } from '../../dns/name.ts';
import { formatRecordType, parseRegisteredType } from '../../dns/record-type.ts';
import { readUint32 } from '../../octets/big-endian.ts';
import { formatHex, octetsToText } from '../../octets/text.ts';
import { isDigit, nameProblem, writeName } from '../text/name-text.ts';
import { parsePeriod } from '../text/period.ts';
import { type Field, type FieldContext, type FieldText, putOctets } from './field.ts';

/** A decimal number of `size` octets, most significant first. */
function number(size: 1 | 2 | 4): Field {
  const maximum = 2 ** (8 * size) - 1;
  return {
    parse(context, label) {
      const value = tokenNumber(context, maximum);
      if (value < 0) return context.fail('bad-number', `The ${label} is a number from 0 to ${maximum}.`);
      return putNumber(context, value, size);
    },
    format: (rdata, start) => formatNumber(rdata, start, size),
  };
}

/** The same, or one of the mnemonics, which are in upper case; written as a number. */
export function numberOrName(size: 1 | 2, names: Readonly<Record<string, number>>): Field {
  const plain = number(size);
  return {
    parse(context, label) {
      const named = names[tokenText(context).toUpperCase()];
      return named === undefined ? plain.parse(context, label) : putNumber(context, named, size);
    },
    format: plain.format,
  };
}

export const uint8 = number(1);
export const uint16 = number(2);
export const uint32 = number(4);

/** Seconds, with or without units, in four octets. */
export const period: Field = {
  parse(context, label) {
    const { lexer } = context;
    const seconds = parsePeriod(lexer.octets, lexer.start, lexer.end);
    if (seconds >= 0) return putNumber(context, seconds, 4);
    return context.fail(
      'bad-number',
      `The ${label} is a number of seconds below 2^32, or a period like 1h30m.`,
    );
  },
  format: (rdata, start) => formatNumber(rdata, start, 4),
};

export const domainName: Field = {
  parse(context) {
    const length = writeName(context.lexer, context.origin, context.out, context.length);
    if (length < 0) {
      const { code, message } = nameProblem(length);
      return context.fail(code, message);
    }
    context.length += length;
    return true;
  },
  format(rdata, start) {
    let next = start;
    for (let length = rdata[next]; length !== 0; length = rdata[next]) {
      if (length === undefined || length > 63) return undefined;
      next += length + 1;
    }
    next++;
    return next - start > MAX_NAME_OCTETS ? undefined : { text: formatName(rdata, start), next };
  },
};

/** A type mnemonic in two octets: what an RRSIG covers. */
export const recordType: Field = {
  parse(context, label) {
    const type = parseRegisteredType(tokenText(context));
    if (type === undefined)
      return context.fail('unknown-type', `The ${label} is a record type, like A or TYPE65534.`);
    return putNumber(context, type, 2);
  },
  format(rdata, start) {
    if (start + 2 > rdata.length) return undefined;
    return { text: formatRecordType((rdata[start]! << 8) | rdata[start + 1]!), next: start + 2 };
  },
};

/** IANA, "DNS Security Algorithm Numbers": mnemonics that zone files use. */
const ALGORITHMS: Readonly<Record<string, number>> = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** A DNSSEC algorithm: number or mnemonic, one octet. */
export const algorithm: Field = numberOrName(1, ALGORITHMS);

/** RFC 4398 §2.1. */
const CERTIFICATE_TYPES: Readonly<Record<string, number>> = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};

/** The type of a certificate: number or mnemonic, two octets. */
export const certificateType: Field = numberOrName(2, CERTIFICATE_TYPES);

/** RFC 6742 §2.1.2: 64 bits as four groups of hexadecimal digits with colons between, none of them left out. */
export const nodeLocator: Field = {
  parse(context, label) {
    const text = tokenText(context);
    if (!/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i.test(text)) {
      return context.fail(
        'bad-field',
        `The ${label} is four groups of hexadecimal digits, like 14:4fff:ff20:ee64.`,
      );
    }
    const groups = text.split(':').map((group) => Number.parseInt(group, 16));
    return putOctets(
      context,
      groups.flatMap((group) => [group >> 8, group & 0xff]),
    );
  },
  format(rdata, start) {
    if (start + 8 > rdata.length) return undefined;
    // Four digits each: Knot reads no fewer.
    const groups = [0, 2, 4, 6].map((at) => formatHex(rdata.subarray(start + at, start + at + 2)));
    return { text: groups.join(':'), next: start + 8 };
  },
};

/** RFC 4034 §3.2: YYYYMMDDHHmmSS in UTC, or seconds since 1970 modulo 2^32. */
export const dateTime: Field = {
  parse(context, label) {
    const text = tokenText(context);
    const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
    if (match === null) return uint32.parse(context, label);
    const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const isDate =
      month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61;
    if (!isDate) return context.fail('bad-number', `The ${label} is a date like 20261231235959, in UTC.`);
    const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    return putNumber(context, seconds >>> 0, 4);
  },
  // As a date and not as a number: NSD reads no other.
  format(rdata, start) {
    if (start + 4 > rdata.length) return undefined;
    return { text: formatDate(readUint32(rdata, start)), next: start + 4 };
  },
};

/** Civil date to days, Gregorian calendar, years counted from March so that leap days come last. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    years * 365 +
    Math.floor(years / 4) -
    Math.floor(years / 100) +
    Math.floor(years / 400) +
    dayOfYear -
    719_468
  );
}

/** The inverse, for seconds below 2^32. */
function formatDate(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970;
  while (daysSince1970(year + 1, 1, 1) <= days) year++;
  let month = 1;
  while (month < 12 && daysSince1970(year, month + 1, 1) <= days) month++;
  const day = days - daysSince1970(year, month, 1) + 1;
  const rest = seconds % 86_400;
  const parts = [month, day, Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return year + parts.map((part) => String(part).padStart(2, '0')).join('');
}

/** RFC 7043: octets in hexadecimal with hyphens between. */
function extendedIdentifier(size: 6 | 8): Field {
  const form = new RegExp(`^[0-9a-f]{2}(-[0-9a-f]{2}){${size - 1}}$`, 'i');
  return {
    parse(context, label) {
      const text = tokenText(context);
      if (!form.test(text)) {
        return context.fail(
          'bad-field',
          `The ${label} is ${size} octets in hexadecimal with hyphens, like 00-00-5e-….`,
        );
      }
      return putOctets(
        context,
        text.split('-').map((pair) => Number.parseInt(pair, 16)),
      );
    },
    format(rdata, start) {
      if (start + size > rdata.length) return undefined;
      const pairs = [...rdata.subarray(start, start + size)].map((octet) =>
        octet.toString(16).padStart(2, '0'),
      );
      return { text: pairs.join('-'), next: start + size };
    },
  };
}

export const eui48 = extendedIdentifier(6);
export const eui64 = extendedIdentifier(8);

/** The token's characters, escapes as written. */
export function tokenText(context: FieldContext): string {
  const { octets, start, end } = context.lexer;
  // No field that is read through text is longer; what is longer fails in every one of them.
  return octetsToText(octets, start, Math.min(end, start + 1024));
}

/** The token as a decimal number, or −1. */
function tokenNumber(context: FieldContext, maximum: number): number {
  const { octets, start, end } = context.lexer;
  let value = 0;
  for (let index = start; index < end; index++) {
    if (!isDigit(octets[index]!)) return -1;
    value = value * 10 + (octets[index]! - 0x30);
    if (value > maximum) return -1;
  }
  return start === end ? -1 : value;
}

function putNumber(context: FieldContext, value: number, size: number): boolean {
  for (let index = size - 1; index >= 0; index--) {
    context.out[context.length++] = Math.floor(value / 2 ** (8 * index)) & 0xff;
  }
  return true;
}

function formatNumber(rdata: Uint8Array, start: number, size: number): FieldText | undefined {
  if (start + size > rdata.length) return undefined;
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + rdata[start + index]!;
  return { text: String(value), next: start + size };
}
