// The parameters of SVCB and HTTPS records (RFC 9460 §2.1, §7).

import { formatIpAddress, parseIpv4, parseIpv6 } from '../../net/ip-address.ts';
import { octetsToText, textToOctets } from '../../octets/text.ts';
import { escapedOctet, isDigit } from '../text/name-text.ts';
import { formatBase64 } from './binary-fields.ts';
import { type Field, type FieldContext, isValue, putOctets } from './field.ts';
import { formatServiceKey, parseNumberedKey, parseServiceKey, ServiceKey } from './service-keys.ts';
import { quote } from './text-fields.ts';

export const serviceParameters: Field = {
  takesRest: true,
  isOptional: true,
  parse(context) {
    const parameters = new Map<number, Uint8Array>(); // at most 65,536
    while (isValue(context.lexer.kind)) {
      const parameter = parseParameter(context);
      if (parameter === undefined || parameters.has(parameter.key)) {
        const why = parameter === undefined ? 'this is none, or its value is wrong' : 'each stands once';
        return context.fail(
          'bad-field',
          `Service parameters are words like alpn=h2,h3 or port=443 (RFC 9460): ${why}.`,
        );
      }
      parameters.set(parameter.key, parameter.value);
      context.lexer.next();
    }
    for (const [key, value] of [...parameters].sort(([left], [right]) => left - right)) {
      const head = [key >> 8, key & 0xff, value.length >> 8, value.length & 0xff];
      if (!putOctets(context, head) || !putOctets(context, value)) return false;
    }
    return true;
  },
  format(rdata, start) {
    const texts: string[] = [];
    let previous = -1;
    let next = start;
    while (next < rdata.length) {
      if (next + 4 > rdata.length) return undefined;
      const key = (rdata[next]! << 8) | rdata[next + 1]!;
      const end = next + 4 + ((rdata[next + 2]! << 8) | rdata[next + 3]!);
      if (key <= previous || end > rdata.length) return undefined;
      const value = rdata.slice(next + 4, end);
      texts.push(formatParameter(key, value));
      previous = key;
      next = end;
    }
    return { text: texts.join(' '), next };
  },
};

function parseParameter(context: FieldContext): { key: number; value: Uint8Array } | undefined {
  const { octets, start, end } = context.lexer;
  const equals = octets.subarray(start, end).indexOf(0x3d);
  const keyEnd = equals < 0 ? end : start + equals;
  if (keyEnd - start > 63) return undefined;
  const name = octetsToText(octets, start, keyEnd);
  const key = parseServiceKey(name);
  const raw = equals < 0 ? new Uint8Array() : resolveEscapes(octets, keyEnd + 1, end);
  if (key === undefined || raw === undefined || raw.length > 65_535) return undefined;
  const value = parseNumberedKey(name) === undefined ? parseValue(key, raw) : raw;
  return value === undefined ? undefined : { key, value };
}

/** The value with its quotes and escapes resolved. */
function resolveEscapes(octets: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const quoted = end - start >= 2 && octets[start] === 0x22 && octets[end - 1] === 0x22;
  const last = quoted ? end - 1 : end;
  const value: number[] = [];
  for (let index = quoted ? start + 1 : start; index < last; index++) {
    let octet = octets[index]!;
    if (octet === 0x5c) {
      octet = escapedOctet(octets, index, last);
      if (octet < 0) return undefined;
      index += isDigit(octets[index + 1]!) ? 3 : 1;
    }
    value.push(octet);
  }
  return Uint8Array.from(value);
}

function parseValue(key: number, raw: Uint8Array): Uint8Array | undefined {
  const text = octetsToText(raw);
  switch (key) {
    case ServiceKey.mandatory: {
      const keys = text.split(',').map(parseServiceKey);
      if (keys.some((each) => each === undefined)) return undefined;
      const sorted = (keys as number[]).sort((left, right) => left - right);
      return Uint8Array.from(sorted.flatMap((each) => [each >> 8, each & 0xff]));
    }
    case ServiceKey.alpn: {
      const names = splitList(raw);
      if (names.some((name) => name.length === 0 || name.length > 255)) return undefined;
      return Uint8Array.from(names.flatMap((name) => [name.length, ...name]));
    }
    case ServiceKey.noDefaultAlpn:
    case ServiceKey.ohttp:
      return raw.length === 0 ? raw : undefined;
    case ServiceKey.port:
      return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535
        ? Uint8Array.of(Number(text) >> 8, Number(text) & 0xff)
        : undefined;
    case ServiceKey.ipv4hint:
      return joinAddresses(text.split(',').map(parseIpv4));
    case ServiceKey.ipv6hint:
      return joinAddresses(text.split(',').map(parseIpv6));
    case ServiceKey.ech:
      return decodeBase64(text);
    default:
      return raw;
  }
}

function joinAddresses(addresses: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const octets: number[] = [];
  for (const address of addresses) {
    if (address === undefined) return undefined;
    octets.push(...address);
  }
  return Uint8Array.from(octets);
}

/** RFC 9460 appendix A.1: comma-separated, with `\,` and `\\` inside an item. */
function splitList(raw: Uint8Array): number[][] {
  const items: number[][] = [[]];
  for (let index = 0; index < raw.length; index++) {
    const octet = raw[index]!;
    if (octet === 0x2c) items.push([]);
    else if (octet === 0x5c && index + 1 < raw.length) items.at(-1)!.push(raw[++index]!);
    else items.at(-1)!.push(octet);
  }
  return items;
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) || text === '')
    return undefined;
  const octets: number[] = [];
  let bits = 0;
  let held = 0;
  for (const digit of text.replace(/=+$/, '')) {
    bits = ((bits << 6) | BASE64_DIGITS.indexOf(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    octets.push((bits >>> held) & 0xff);
  }
  return Uint8Array.from(octets);
}

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Values that do not read back from their own form are written as `keyN`: as escaped octets (RFC 9460 §2.1). */
function formatParameter(key: number, value: Uint8Array): string {
  const text = formatValue(key, value);
  if (text !== undefined) {
    const back = parseValue(key, resolveEscapes(textToOctets(text), 0, text.length) ?? new Uint8Array());
    const name = formatServiceKey(key);
    if (back !== undefined && octetsToText(back) === octetsToText(value))
      return text === '' ? name : `${name}=${text}`;
  }
  return `key${key}=${quote(value, 0, value.length)}`;
}

function formatValue(key: number, value: Uint8Array): string | undefined {
  switch (key) {
    case ServiceKey.mandatory:
      return groups(value, 2)
        .map((pair) => formatServiceKey((pair[0]! << 8) | (pair[1] ?? 0)))
        .join(',');
    case ServiceKey.alpn:
      return formatAlpn(value);
    case ServiceKey.port:
      return value.length === 2 ? String((value[0]! << 8) | value[1]!) : undefined;
    case ServiceKey.ipv4hint:
      return value.length % 4 === 0 ? groups(value, 4).map(formatIpAddress).join(',') : undefined;
    case ServiceKey.ipv6hint:
      return value.length % 16 === 0 ? groups(value, 16).map(formatIpAddress).join(',') : undefined;
    case ServiceKey.ech:
      return formatBase64(value);
    default:
      return value.length === 0 ? '' : quote(value, 0, value.length);
  }
}

function formatAlpn(value: Uint8Array): string | undefined {
  const names: number[][] = [];
  for (let index = 0; index < value.length; index += value[index]! + 1) {
    const name = [...value.subarray(index + 1, index + 1 + value[index]!)];
    names.push(name.flatMap((octet) => (octet === 0x2c || octet === 0x5c ? [0x5c, octet] : [octet])));
  }
  const list = names.flatMap((name, index) => (index === 0 ? name : [0x2c, ...name]));
  return quote(Uint8Array.from(list), 0, list.length);
}

function groups(octets: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < octets.length; index += size) parts.push(octets.slice(index, index + size));
  return parts;
}
