// What every worker's authority is made with beside its zones: values that can be cloned, the table of rates shared.

import { createRateTable } from '../../core/dns/rate-limit.ts';
import type { AuthorityOptions } from '../../core/zone/answer/authority-options.ts';
import type { AnswerConfig } from '../config/answer-config.ts';

/** Groups of {@link AuthorityOptions}. */
export type AnswerSetup = Pick<AuthorityOptions, 'edns' | 'chaos' | 'rateLimit'>;

/** SipHash's key. */
const RATE_KEY_OCTETS = 16;

/** `cookieSecrets` are those of the start; undefined: no cookies. */
export function createAnswerSetup(
  { nsid, identity, version, rateLimit }: AnswerConfig,
  cookieSecrets: readonly Uint8Array[] | undefined,
  randomOctets: (length: number) => Uint8Array,
): AnswerSetup {
  return {
    edns: { nsid, ...(cookieSecrets !== undefined && { cookieSecrets }) },
    chaos: { identity, version },
    rateLimit:
      rateLimit.perSecond === 0
        ? undefined
        : { ...rateLimit, key: randomOctets(RATE_KEY_OCTETS), table: createRateTable() },
  };
}
