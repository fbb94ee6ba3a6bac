// Who may take zones from this server: the rules of the configuration and the keys of its files, read again at a signal.

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../io/log.ts';
import type { Config } from './config/config.ts';
import { NO_TRANSFERS, type TransferPolicy, type ZoneJournal } from './data-plane/data-plane.ts';
import { loadKeys } from './transfer/load-keys.ts';

export interface TransferAccess {
  /** Throws {@link TransferKeysError} when there are no keys to begin with. */
  load(): Promise<void>;
  /** Reads the keys again; what is wrong with them stands in the log, and those that were are used on. */
  reload(): Promise<void>;
  /** Its `keys` are another array only when they are other keys. */
  policy(): TransferPolicy;
}

/** All that is wrong with the key files, a sentence a line, nothing of their content. */
export class TransferKeysError extends Error {
  override readonly name = 'TransferKeysError';
  readonly code = 'transfer-keys-unusable';
}

export interface TransferAccessOptions {
  readonly dns: Config['dns'];
  readonly logger: Logger;
  /** As things stand; see {@link TransferPolicy}. */
  journals(): readonly ZoneJournal[];
}

export function createTransferAccess({ dns, logger, journals }: TransferAccessOptions): TransferAccess {
  let { keys } = NO_TRANSFERS;
  return {
    async load() {
      const loaded = await loadKeys(dns);
      if (loaded.kind === 'wrong') throw new TransferKeysError(loaded.problems.join('\n'));
      keys = loaded.keys;
    },
    async reload() {
      const loaded = await loadKeys(dns);
      if (loaded.kind === 'keys') keys = isDeepStrictEqual(loaded.keys, keys) ? keys : loaded.keys;
      else for (const problem of loaded.problems) logger.error(`${problem}; the keys that were are used on`);
    },
    policy: () => ({ rules: dns.transfer, keys, journals: journals() }),
  };
}
