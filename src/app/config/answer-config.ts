// What the settings of answer-settings.ts come to.

import { resolve } from 'node:path';
import type { Prefix } from '../../core/net/prefix.ts';
import type { ParsedConfig } from './config-schema.ts';

export interface AnswerConfig {
  /** Octets of the server's name for NSID; none: not told. */
  readonly nsid: Uint8Array;
  /** Octets of the CHAOS texts; none: REFUSED. */
  readonly identity: Uint8Array;
  readonly version: Uint8Array;
  readonly cookies: 'on' | 'off';
  /** Absolute path; undefined: a secret of this process. */
  readonly cookieSecretFile: string | undefined;
  readonly rateLimit: {
    /** 0: no limit. */
    readonly perSecond: number;
    readonly slip: number;
    readonly exempt: readonly Prefix[];
  };
}

/** `folder` is where relative paths start. */
export function toAnswerConfig(dns: ParsedConfig['dns'], folder: string): AnswerConfig {
  return {
    nsid: dns.nsid,
    identity: dns.identity,
    version: dns.version,
    cookies: dns.cookies,
    cookieSecretFile: dns.cookie_secret_file === '' ? undefined : resolve(folder, dns.cookie_secret_file),
    rateLimit: { perSecond: dns.rate_limit, slip: dns.rate_limit_slip, exempt: dns.rate_limit_exempt },
  };
}
