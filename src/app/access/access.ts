// Access control as the rest of the server has it: the lists and the passkeys, opened, followed and closed as one.

import type { SharedPasskeys } from '../../core/access/passkey-table.ts';
import type { Logger } from '../../io/log.ts';
import type { AccessConfig } from '../config/access-settings.ts';
import type { Machine } from '../machine.ts';
import { type AccessFileStatus, type AccessLists, openAccessLists } from './access-lists.ts';
import { openPasskeys, type PasskeyStatus } from './passkeys.ts';

/** For the status page. */
export interface AccessStatus {
  readonly files: readonly AccessFileStatus[];
  /** Keys that are let in; undefined: the tracker is public. */
  readonly passkeys: number | undefined;
}

export interface AccessControl extends Pick<AccessLists, 'current' | 'published'> {
  /** Undefined: the tracker is public. */
  readonly passkeys: SharedPasskeys | undefined;
  /** What each passkey has done; undefined: the tracker is public. */
  passkeyCounts(): readonly PasskeyStatus[] | undefined;
  status(): AccessStatus;
  /** Reads the files again; what is wrong with them stands in the log. */
  reload(): Promise<void>;
  /** Follows saves from now on, and calls `onChange` where one has changed what is to be published. */
  watch(onChange: () => void): Promise<void>;
  /** Safe twice, and waits. */
  close(): Promise<void>;
}

export interface AccessOptions {
  readonly config: AccessConfig;
  readonly machine: Pick<Machine, 'clock' | 'randomOctets'>;
  readonly logger: Logger;
}

/** Throws AccessError for a file that is of no use: nobody would know whom to refuse. */
export async function openAccess({ config, machine, logger }: AccessOptions): Promise<AccessControl> {
  const lists = await openAccessLists({ lists: config.lists, machine, logger });
  const passkeys = await openPasskeys({ config: config.passkeys, machine, logger });
  const isPrivate = passkeys.shared !== undefined;
  return {
    current: lists.current,
    published: lists.published,
    passkeys: passkeys.shared,
    passkeyCounts: () => (isPrivate ? passkeys.list() : undefined),
    status: () => ({
      files: [...lists.statuses(), ...passkeys.statuses()],
      passkeys: isPrivate ? passkeys.total() : undefined,
    }),
    async reload() {
      await Promise.all([lists.reload(), passkeys.reload()]);
    },
    async watch(onChange) {
      await lists.watch(onChange);
      await passkeys.watch();
    },
    async close() {
      await Promise.all([lists.close(), passkeys.close()]);
    },
  };
}
