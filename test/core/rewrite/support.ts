// Look-ups written as the records that a host publishes.

import { domainToASCII } from 'node:url';
import type { Lookup, Outcome } from '../../../src/core/preference/outcome.ts';
import { readOutcome } from '../../../src/core/preference/read-outcome.ts';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';

/** A TXT text, several texts, or an outcome without one. */
export type Published = string | readonly string[] | 'NODATA' | 'NXDOMAIN' | 'SERVFAIL';

export function outcomeOf(published: Published): Outcome {
  switch (published) {
    case 'NODATA':
      return readOutcome({ kind: 'no-record', ttlSeconds: 300 });
    case 'NXDOMAIN':
      return readOutcome({ kind: 'no-name', ttlSeconds: 300 });
    case 'SERVFAIL':
      return readOutcome({ kind: 'failed', reason: 'the name server answered SERVFAIL' });
    default: {
      const records = typeof published === 'string' ? [published] : published;
      return readOutcome({ kind: 'txt', records, ttlSeconds: 300, authenticated: false });
    }
  }
}

export function lookupOf(hosts: Readonly<Record<string, Published>>): Lookup {
  const outcomes = new Map(Object.entries(hosts).map(([host, published]) => [host, outcomeOf(published)]));
  return (host) => outcomes.get(host);
}

/** Node's IDNA, as the program passes it. */
export function toAscii(host: string): string | undefined {
  return domainToASCII(host) || undefined;
}

export const OPTIONS: RewriteOptions = { toAscii };
