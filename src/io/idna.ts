// Labels in Unicode as DNS holds them.

import { domainToASCII } from 'node:url';

/** The A-label of one label (UTS 46, not transitional, as browsers ask for it); undefined where it has none. */
export function toALabel(label: string): string | undefined {
  // What a URL's host cannot hold is an empty string, and an escape of a zone file or a URL is no letter of a name.
  const ascii = /[%\\]/.test(label) ? '' : domainToASCII(label);
  return ascii.startsWith('xn--') && !ascii.includes('.') ? ascii : undefined;
}
