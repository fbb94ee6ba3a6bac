// The whole data of a LOC record (RFC 1876): latitude, longitude, altitude, size and precisions.

import { readUint32 } from '../../octets/big-endian.ts';
import { type Field, type FieldContext, isValue, putOctets } from './field.ts';
import { tokenText } from './number-fields.ts';

const EQUATOR = 2 ** 31;
/** RFC 1876 §2: altitudes count centimetres from 100,000 m below the spheroid. */
const ALTITUDE_BASE_CENTIMETRES = 10_000_000;
/** Size 1 m, horizontal precision 10,000 m, vertical precision 10 m (RFC 1876 §3). */
const DEFAULTS = ['1', '10000', '10'];
const SIZE_OCTETS = 16;
/** RFC 1876 §2: 9e9, the largest size or precision; the text of §3 ends there, too. */
const MAX_PRECISION_CENTIMETRES = 9_000_000_000;

export const location: Field = {
  takesRest: true,
  parse(context) {
    const words: string[] = [];
    while (isValue(context.lexer.kind) && words.length < 13) {
      words.push(tokenText(context));
      context.lexer.next();
    }
    const octets = parseLocation(words);
    if (octets !== undefined && !isValue(context.lexer.kind)) return putOctets(context, octets);
    return failLocation(context);
  },
  format(rdata, start) {
    if (rdata.length - start !== SIZE_OCTETS || rdata[start] !== 0) return undefined;
    const [size, horizontal, vertical] = [1, 2, 3].map((index) => formatPrecision(rdata[start + index]!));
    if (size === undefined || horizontal === undefined || vertical === undefined) return undefined;
    const latitude = formatAngle(readUint32(rdata, start + 4), 'N', 'S', 90);
    const longitude = formatAngle(readUint32(rdata, start + 8), 'E', 'W', 180);
    if (latitude === undefined || longitude === undefined) return undefined;
    const altitude = formatCentimetres(readUint32(rdata, start + 12) - ALTITUDE_BASE_CENTIMETRES);
    return {
      text: [latitude, longitude, altitude, size, horizontal, vertical].join(' '),
      next: rdata.length,
    };
  },
};

function failLocation(context: FieldContext): false {
  return context.fail(
    'bad-field',
    'A LOC record reads like 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m, with an altitude from -100000m to 42849672.95m and up to 90000000m behind it.',
  );
}

function parseLocation(words: string[]): number[] | undefined {
  const latitude = takeAngle(words, /^[NS]$/i, 90);
  const longitude = takeAngle(words, /^[EW]$/i, 180);
  const altitude = parseCentimetres(words.shift() ?? '');
  if (latitude === undefined || longitude === undefined || altitude === undefined) return undefined;
  const height = altitude + ALTITUDE_BASE_CENTIMETRES;
  if (height < 0 || height > 0xffff_ffff || words.length > 3) return undefined;
  const precisions = DEFAULTS.map((text, index) => parsePrecision(words[index] ?? text));
  if (precisions.some((each) => each === undefined)) return undefined;
  return [0, ...(precisions as number[]), ...octetsOf(latitude), ...octetsOf(longitude), ...octetsOf(height)];
}

/** Degrees, perhaps minutes and seconds, and the hemisphere, as thousandths of a second from the prime line. */
function takeAngle(words: string[], hemisphere: RegExp, maximumDegrees: number): number | undefined {
  const end = words.findIndex((word) => hemisphere.test(word));
  if (end < 1 || end > 3) return undefined;
  const [degrees, minutes = '0', seconds = '0'] = words.slice(0, end);
  const sign = /^[NE]$/i.test(words[end]!) ? 1 : -1;
  words.splice(0, end + 1);
  if (!/^\d{1,3}$/.test(degrees!) || !/^\d{1,2}$/.test(minutes) || !/^\d{1,2}(\.\d{1,3})?$/.test(seconds))
    return undefined;
  if (Number(minutes) > 59 || Number(seconds) >= 60) return undefined;
  const thousandths = (Number(degrees) * 60 + Number(minutes)) * 60_000 + Math.round(Number(seconds) * 1000);
  return thousandths > maximumDegrees * 3_600_000 ? undefined : EQUATOR + sign * thousandths;
}

function parseCentimetres(text: string): number | undefined {
  const match = /^(-?)(\d{1,8})(?:\.(\d{1,2}))?m?$/i.exec(text);
  if (match === null) return undefined;
  const value = Number(match[2]) * 100 + Number((match[3] ?? '0').padEnd(2, '0'));
  return match[1] === '-' ? -value : value;
}

/** RFC 1876 §2: one decimal digit and a power of ten, in centimetres, a nibble each. */
function parsePrecision(text: string): number | undefined {
  let value = parseCentimetres(text);
  if (value === undefined || value < 0 || value > MAX_PRECISION_CENTIMETRES) return undefined;
  let exponent = 0;
  for (; value > 9; exponent++) value = Math.floor(value / 10);
  return (value << 4) | exponent;
}

function formatPrecision(octet: number): string | undefined {
  const [mantissa, exponent] = [octet >> 4, octet & 15];
  if (mantissa > 9 || exponent > 9 || (mantissa === 0 && exponent > 0)) return undefined;
  return formatCentimetres(mantissa * 10 ** exponent);
}

function formatCentimetres(value: number): string {
  const size = Math.abs(value);
  return `${value < 0 ? '-' : ''}${Math.floor(size / 100)}.${String(size % 100).padStart(2, '0')}m`;
}

function formatAngle(value: number, plus: string, minus: string, maximumDegrees: number): string | undefined {
  const size = Math.abs(value - EQUATOR);
  if (size > maximumDegrees * 3_600_000) return undefined;
  const seconds = ((size % 60_000) / 1000).toFixed(3);
  const minutes = Math.floor(size / 60_000) % 60;
  return `${Math.floor(size / 3_600_000)} ${minutes} ${seconds} ${value < EQUATOR ? minus : plus}`;
}

function octetsOf(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
