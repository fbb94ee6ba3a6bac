// PROXY headers as a proxy writes them. Nothing of the product is used.

export const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** Version 2: `fixed` is version and command, family and transport; the length is counted. All in hexadecimal. */
export function binaryHeader(fixed: string, ...rest: readonly string[]): Buffer {
  const body = Buffer.from(rest.join('').replaceAll(' ', ''), 'hex');
  const length = body.length.toString(16).padStart(4, '0');
  return Buffer.concat([Buffer.from(`${SIGNATURE}${fixed}${length}`, 'hex'), body]);
}

/** From 192.0.2.1 port 56324 to 203.0.113.9 port 80. */
export const IPV4_ADDRESSES = 'c0000201 cb007109 dc04 0050';
/** From 2001:db8::1 port 56324 to 2001:db8::9 port 80. */
export const IPV6_ADDRESSES = `20010db8${'00'.repeat(11)}01 20010db8${'00'.repeat(11)}09 dc04 0050`;
