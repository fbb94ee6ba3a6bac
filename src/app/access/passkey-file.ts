// Passkeys from a file: all that there are. A save is in effect at once; a file with an error changes nothing.

import { type PasskeyList, parsePasskeyList } from '../../core/access/passkey-list.ts';
import { FOREVER, PasskeyState } from '../../core/access/passkey-table.ts';
import type { Clock } from '../../io/clock.ts';
import { type FileWatcher, watchFiles } from '../../io/files/watch.ts';
import type { Logger } from '../../io/log.ts';
import { createTurns } from '../../io/turns.ts';
import type { Finding } from '../finding.ts';
import { AccessError } from './access-error.ts';
import { logFinding } from './access-lists.ts';
import type { KnownPasskeys } from './known-passkeys.ts';
import type { PasskeySource } from './passkeys.ts';
import { type ReadList, readList } from './read-list.ts';

const SETTING = 'access.passkeys';

export interface PasskeyFileOptions {
  readonly path: string;
  readonly known: KnownPasskeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Findings have nothing of the file's text: a mistyped key is a key but for a letter. */
export function readPasskeyFile(
  path: string,
  { table }: Pick<KnownPasskeys, 'table'>,
): Promise<ReadList<PasskeyList>> {
  return readList({ path, parse: (reader) => parsePasskeyList(reader, table), isShown: false });
}

/** Throws AccessError for a file that is of no use. */
export async function openPasskeyFile(options: PasskeyFileOptions): Promise<PasskeySource> {
  const { path, known, clock, logger } = options;
  let findings: readonly Finding[] = [];
  let isCurrent = true;
  let count = 0;
  const turns = createTurns();
  let watcher: FileWatcher | undefined;

  function take(list: PasskeyList): void {
    known.keepOnly(list.ids, list.count);
    for (let key = 0; key < list.count; key++) {
      const id = list.ids.subarray(key * 4, key * 4 + 4);
      known.set(id, PasskeyState.allowed, FOREVER, list.labels.get(key));
    }
    count = list.count;
  }

  async function readAgain(): Promise<void> {
    const read = await readPasskeyFile(path, known);
    const isNews = JSON.stringify(read.findings) !== JSON.stringify(findings);
    findings = read.findings;
    isCurrent = read.value !== undefined;
    if (isNews) for (const finding of findings) logFinding(finding, logger);
    if (read.value !== undefined) {
      take(read.value);
      logger.info(`passkeys that are let in: ${count}`);
    } else if (isNews) logger.error(`${path} is wrong; ${SETTING} stays as it was`);
  }

  const reload = (): Promise<void> => turns.take(readAgain);

  const first = await readPasskeyFile(path, known);
  if (first.value === undefined) throw new AccessError(first.findings);
  take(first.value);
  return {
    statuses: () => [
      { setting: SETTING, path, state: isCurrent ? 'current' : 'last-good', entries: count, findings },
    ],
    reload,
    async watch() {
      const reloadSaved = (): void => {
        reload().catch((error: Error) =>
          logger.error('reading the passkeys failed: please report this', { error }),
        );
      };
      watcher = await watchFiles([path], reloadSaved, { clock, logger });
    },
    async close() {
      await watcher?.close();
      await turns.idle();
    },
  };
}
