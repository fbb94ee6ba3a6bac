// Host names in Unicode to the names that DNS holds.

import { domainToASCII } from 'node:url';

/** UTS #46 by the standard library: lower case, `xn--` labels; undefined for what is no host name. */
export function toAsciiHost(host: string): string | undefined {
  const ascii = domainToASCII(host);
  return ascii === '' ? undefined : ascii;
}
