// The secrets of DNS cookies as they are now: from their file, which SIGHUP reads again, or of this process alone.

import { COOKIE_SECRET_OCTETS } from '../core/dns/cookie.ts';
import { CookieSecretError, readCookieSecrets } from '../io/files/cookie-secret.ts';
import { FileError } from '../io/files/files.ts';
import type { Logger } from '../io/log.ts';
import type { AnswerConfig } from './config/answer-config.ts';

export interface CookieSecrets {
  /** The same array until the file says something else; undefined: no cookies. */
  current(): readonly Uint8Array[] | undefined;
  /** Reads the file again; where something is wrong with it that is logged, and the secrets that were are used on. */
  reload(): Promise<void>;
}

/** Throws FileError and CookieSecretError for a file that is of no use. */
export async function openCookieSecrets(
  { cookies, cookieSecretFile }: Pick<AnswerConfig, 'cookies' | 'cookieSecretFile'>,
  randomOctets: (length: number) => Uint8Array,
  logger: Logger,
): Promise<CookieSecrets> {
  if (cookies === 'off') return fixed(undefined);
  if (cookieSecretFile === undefined) return fixed([randomOctets(COOKIE_SECRET_OCTETS)]);
  let secrets = await readCookieSecrets(cookieSecretFile);
  return {
    current: () => secrets,
    async reload() {
      try {
        const again = await readCookieSecrets(cookieSecretFile);
        if (Buffer.concat(again).equals(Buffer.concat(secrets))) return;
        secrets = again;
        logger.info('the secrets of DNS cookies are new');
      } catch (error) {
        if (!(error instanceof FileError || error instanceof CookieSecretError)) throw error;
        logger.error(`${error.message}; the secrets that were are used on`);
      }
    },
  };
}

function fixed(secrets: readonly Uint8Array[] | undefined): CookieSecrets {
  return { current: () => secrets, reload: async () => {} };
}
