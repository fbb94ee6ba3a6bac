// The passkeys of a private tracker while the server runs: those of a file, read again when it is saved, or those that
// the operator's site vouches for. Both write into the table that all threads read (passkey-table.ts): a key that is
// taken out of the file is refused from the next announce on.

import { passkeyCounts, passkeyTotal, type SharedPasskeys } from '../../core/access/passkey-table.ts';
import type { Logger } from '../../io/log.ts';
import type { PasskeyConfig } from '../config/access-settings.ts';
import type { Machine } from '../machine.ts';
import type { AccessFileStatus } from './access-lists.ts';
import { createKnownPasskeys } from './known-passkeys.ts';
import { openPasskeyCallback } from './passkey-callbacks.ts';
import { openPasskeyFile } from './passkey-file.ts';

/** What one key has done: by what its owner is called, or by a number that says nothing. Never the key. */
export interface PasskeyStatus {
  readonly number: number;
  readonly label: string | undefined;
  readonly announces: number;
  readonly completed: number;
}

export interface Passkeys {
  /** Undefined: the tracker is public. */
  readonly shared: SharedPasskeys | undefined;
  /** Keys that are let in. */
  total(): number;
  /** Of each key that is known, for whoever asks. */
  list(): PasskeyStatus[];
  statuses(): readonly AccessFileStatus[];
  reload(): Promise<void>;
  /** Follows saves, or asks for keys, from now on. */
  watch(): Promise<void>;
  /** Safe twice, and waits. */
  close(): Promise<void>;
}

/** What has the keys. */
export interface PasskeySource {
  statuses(): readonly AccessFileStatus[];
  reload(): Promise<void>;
  watch(): Promise<void>;
  close(): Promise<void>;
}

export interface PasskeysOptions {
  readonly config: PasskeyConfig | undefined;
  readonly machine: Pick<Machine, 'clock' | 'randomOctets'>;
  readonly logger: Logger;
}

/** Throws AccessError for a file that is of no use. */
export async function openPasskeys({ config, machine, logger }: PasskeysOptions): Promise<Passkeys> {
  if (config === undefined) return NO_PASSKEYS;
  const known = createKnownPasskeys(config, machine.randomOctets);
  const source: PasskeySource =
    config.kind === 'file'
      ? await openPasskeyFile({ path: config.path, known, clock: machine.clock, logger })
      : openPasskeyCallback({ config, known, clock: machine.clock, logger });
  const { table } = known;
  return {
    ...source,
    shared: table.shared,
    total: () => passkeyTotal(table),
    list: () =>
      known.allowed().map((record) => ({
        number: record + 1,
        label: known.labelOf(record),
        ...passkeyCounts(table, record),
      })),
  };
}

const NO_PASSKEYS: Passkeys = {
  shared: undefined,
  total: () => 0,
  list: () => [],
  statuses: () => [],
  reload: async () => {},
  watch: async () => {},
  close: async () => {},
};
