// What every worker's authority is made with beside its zones: values that can be cloned, the table of rates shared.

import { COOKIE_SECRET_OCTETS } from '../../core/dns/cookie.ts';
import { createRateTable } from '../../core/dns/rate-limit.ts';
import type { AuthorityOptions } from '../../core/zone/authority-options.ts';
import { readCookieSecrets } from '../../io/cookie-secret.ts';
import type { AnswerConfig } from '../config/answer-config.ts';

/** Groups of {@link AuthorityOptions}. */
export type AnswerSetup = Pick<AuthorityOptions, 'edns' | 'chaos' | 'rateLimit'>;

/** SipHash's key. */
const RATE_KEY_OCTETS = 16;

/** Throws FileError and CookieSecretError for a file of secrets that is of no use. */
export async function createAnswerSetup(
  config: AnswerConfig,
  randomOctets: (length: number) => Uint8Array,
): Promise<AnswerSetup> {
  const { nsid, identity, version, rateLimit } = config;
  const secrets = await cookieSecrets(config, randomOctets);
  return {
    edns: { nsid, ...(secrets !== undefined && { cookieSecrets: secrets }) },
    chaos: { identity, version },
    rateLimit:
      rateLimit.perSecond === 0
        ? undefined
        : { ...rateLimit, key: randomOctets(RATE_KEY_OCTETS), table: createRateTable() },
  };
}

async function cookieSecrets(
  { cookies, cookieSecretFile }: AnswerConfig,
  randomOctets: (length: number) => Uint8Array,
): Promise<readonly Uint8Array[] | undefined> {
  if (cookies === 'off') return undefined;
  if (cookieSecretFile === undefined) return [randomOctets(COOKIE_SECRET_OCTETS)];
  return readCookieSecrets(cookieSecretFile);
}
