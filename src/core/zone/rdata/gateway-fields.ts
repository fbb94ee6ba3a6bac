// The end of an IPSECKEY record (RFC 4025 §2.5, §2.6): a gateway in the form that an octet before it says, and a key.

import { ipv4, ipv6 } from './address-fields.ts';
import { base64Rest } from './binary-fields.ts';
import type { Field } from './field.ts';
import { isValue } from './field.ts';
import { domainName, tokenText } from './number-fields.ts';

/** Where the data has the gateway's type and the key's algorithm. */
const GATEWAY_TYPE_AT = 1;
const ALGORITHM_AT = 2;

/** RFC 4025 §2.3: none. */
const NO_GATEWAY = 0;

/** By type: none is a dot. */
const GATEWAYS: readonly (Field | undefined)[] = [undefined, ipv4, ipv6, domainName];

export const gateway: Field = {
  parse(context, label) {
    const type = context.out[GATEWAY_TYPE_AT]!;
    const field = GATEWAYS[type];
    if (field !== undefined) return field.parse(context, label);
    if (type === NO_GATEWAY && tokenText(context) === '.') return true;
    return context.fail(
      'bad-field',
      'The gateway type is 0 with a dot for the gateway, 1 with an IPv4 address, 2 with an IPv6 address or 3 with a name (RFC 4025).',
    );
  },
  format(rdata, start) {
    const type = rdata[GATEWAY_TYPE_AT];
    return type === NO_GATEWAY ? { text: '.', next: start } : GATEWAYS[type ?? -1]?.format(rdata, start);
  },
};

/** RFC 4025 §2.4: with algorithm 0 there is no key. */
export const gatewayKey: Field = {
  takesRest: true,
  isOptional: true,
  parse(context, label) {
    if (isValue(context.lexer.kind)) return base64Rest.parse(context, label);
    if (context.out[ALGORITHM_AT] === 0) return true;
    return context.fail('missing-field', `This record ends before its ${label}: only algorithm 0 has none.`);
  },
  format: (rdata, start) =>
    rdata[ALGORITHM_AT] === 0 && start === rdata.length
      ? { text: '', next: start }
      : base64Rest.format(rdata, start),
};
