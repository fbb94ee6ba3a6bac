// Addresses. Both are read by hand and not through text: they are most of a large zone.

import { formatIpAddress, parseIpv6 } from '../../net/ip-address.ts';
import { isDigit } from '../text/name-text.ts';
import { type Field, type FieldContext, type FieldText, putOctets } from './field.ts';
import { tokenText } from './number-fields.ts';

const COLON = 0x3a;

/** Values of hexadecimal digits in either case; −1 for other octets. */
const HEX = Int8Array.from({ length: 256 }, (_, octet) =>
  /[0-9a-f]/i.test(String.fromCharCode(octet)) ? Number.parseInt(String.fromCharCode(octet), 16) : -1,
);

/** Groups of an address, of two octets each. */
const GROUPS = 8;

export const ipv4: Field = {
  parse(context, label) {
    const { octets, start, end } = context.lexer;
    const { out } = context;
    let position = context.length;
    let value = 0;
    let digits = 0;
    for (let index = start; index <= end; index++) {
      const octet = index < end ? octets[index]! : 0x2e;
      if (octet === 0x2e) {
        if (digits === 0 || value > 255 || position - context.length === 4) return badIpv4(context, label);
        out[position++] = value;
        value = 0;
        digits = 0;
      } else {
        if (!isDigit(octet) || ++digits > 3 || (digits > 1 && value === 0)) return badIpv4(context, label);
        value = value * 10 + (octet - 0x30);
      }
    }
    if (position - context.length !== 4) return badIpv4(context, label);
    context.length = position;
    return true;
  },
  format: (rdata, start) => formatAddress(rdata, start, 4),
};

function badIpv4(context: FieldContext, label: string): false {
  const subject = label === 'address' ? 'An A record holds' : `The ${label} is`;
  return context.fail(
    'bad-ipv4-address',
    `${subject} an IPv4 address: four numbers from 0 to 255 with dots between, without leading zeros.`,
  );
}

export const ipv6: Field = {
  parse(context, label) {
    if (readIpv6(context)) return true;
    const address = parseIpv6(tokenText(context));
    if (address !== undefined) return putOctets(context, address);
    const subject = label === 'address' ? 'An AAAA record holds' : `The ${label} is`;
    return context.fail('bad-ipv6-address', `${subject} an IPv6 address, like 2001:db8::1.`);
  },
  format: (rdata, start) => formatAddress(rdata, start, 16),
};

/**
 * Reads an address without a dotted quad. False where the token is something else, or wrong:
 * then nothing is taken.
 */
function readIpv6(context: FieldContext): boolean {
  const { octets, start, end } = context.lexer;
  const { out, length: at } = context;
  let groups = 0;
  let gap = -1;
  let position = start;
  if (end - start >= 2 && octets[start] === COLON && octets[start + 1] === COLON) {
    gap = 0;
    position += 2;
  }
  while (position < end) {
    let value = 0;
    const first = position;
    for (; position < end && octets[position] !== COLON; position++) {
      const digit = HEX[octets[position]!]!;
      if (digit < 0) return false;
      value = (value << 4) | digit;
    }
    if (position === first || position - first > 4 || groups === GROUPS) return false;
    out[at + groups * 2] = value >>> 8;
    out[at + groups * 2 + 1] = value;
    groups++;
    if (position === end) break;
    if (++position === end) return false;
    if (octets[position] !== COLON) continue;
    if (gap >= 0) return false;
    gap = groups;
    position++;
  }
  if (gap < 0 ? groups !== GROUPS : groups === GROUPS) return false;
  if (gap >= 0) {
    const moved = (groups - gap) * 2;
    out.copyWithin(at + 16 - moved, at + gap * 2, at + groups * 2);
    out.fill(0, at + gap * 2, at + 16 - moved);
  }
  context.length += 16;
  return true;
}

function formatAddress(rdata: Uint8Array, start: number, size: number): FieldText | undefined {
  if (start + size > rdata.length) return undefined;
  return { text: formatIpAddress(rdata.slice(start, start + size)), next: start + size };
}
