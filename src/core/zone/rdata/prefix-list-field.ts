// The whole data of an APL record (RFC 3123): prefixes of addresses, each perhaps with an exclamation mark.

import { formatIpAddress, parseIpv4, parseIpv6 } from '../../net/ip-address.ts';
import { formatHex, parseHex } from '../../octets/text.ts';
import { type Field, isValue, putOctets } from './field.ts';
import { tokenText } from './number-fields.ts';

/** IANA, "Address Family Numbers". */
const IPV4 = 1;
const IPV6 = 2;

/** RFC 3123 §4: the length of an address part has 7 bits, beside the mark of negation. */
const MAX_ADDRESS_OCTETS = 127;
const NEGATION = 0x80;

/** Family, prefix, negation and length before each address. */
const HEAD_OCTETS = 4;

export const prefixList: Field = {
  takesRest: true,
  isOptional: true,
  parse(context) {
    while (isValue(context.lexer.kind)) {
      const item = parseItem(tokenText(context));
      if (item === undefined) {
        return context.fail(
          'bad-field',
          'A prefix is written like 1:192.0.2.0/24 or !2:2001:db8::/32: family, address and length (RFC 3123).',
        );
      }
      if (!putOctets(context, item)) return false;
      context.lexer.next();
    }
    return true;
  },
  format(rdata, start) {
    const texts: string[] = [];
    let next = start;
    while (next < rdata.length) {
      if (next + HEAD_OCTETS > rdata.length) return undefined;
      const end = next + HEAD_OCTETS + (rdata[next + 3]! & ~NEGATION);
      const text = end > rdata.length ? undefined : formatItem(rdata.slice(next, end));
      if (text === undefined) return undefined;
      texts.push(text);
      next = end;
    }
    return { text: texts.join(' '), next };
  },
};

function parseItem(text: string): number[] | undefined {
  const match = /^(!?)(\d{1,5}):([0-9a-f.:]*)\/(\d{1,3})$/i.exec(text);
  if (match === null) return undefined;
  const [family, prefix] = [Number(match[2]), Number(match[4])];
  const address = parseAddress(family, match[3]!);
  if (address === undefined || family > 0xffff || prefix > maximumPrefix(family)) return undefined;
  // §4: zero octets at the end are left out.
  let length = address.length;
  while (length > 0 && address[length - 1] === 0) length--;
  if (length > MAX_ADDRESS_OCTETS) return undefined;
  const head = [family >> 8, family & 0xff, prefix, length | (match[1] === '!' ? NEGATION : 0)];
  return [...head, ...address.subarray(0, length)];
}

/** Families without a text of their own have their octets in hexadecimal: RFC 3123 §5 leaves it open. */
function parseAddress(family: number, text: string): Uint8Array | undefined {
  if (family === IPV4) return parseIpv4(text);
  return family === IPV6 ? parseIpv6(text) : parseHex(text);
}

function maximumPrefix(family: number): number {
  if (family === IPV4) return 32;
  return family === IPV6 ? 128 : 255;
}

/** One item whole; undefined where its address is too long, or ends in a zero. */
function formatItem(item: Uint8Array): string | undefined {
  const family = (item[0]! << 8) | item[1]!;
  const address = item.subarray(HEAD_OCTETS);
  if (address.at(-1) === 0 || item[2]! > maximumPrefix(family)) return undefined;
  const size = maximumPrefix(family) / 8;
  if (family !== IPV4 && family !== IPV6) return join(item, formatHex(address));
  if (address.length > size) return undefined;
  const whole = new Uint8Array(size);
  whole.set(address);
  return join(item, formatIpAddress(whole));
}

function join(item: Uint8Array, address: string): string {
  const family = (item[0]! << 8) | item[1]!;
  return `${(item[3]! & NEGATION) === 0 ? '' : '!'}${family}:${address}/${item[2]}`;
}
