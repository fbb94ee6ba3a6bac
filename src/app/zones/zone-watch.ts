// Saves of the operator's zone files and of all that they include.

import type { Clock } from '../../io/clock.ts';
import { watchFiles } from '../../io/files/watch.ts';
import type { Logger } from '../../io/log.ts';
import type { ZoneEntry } from './zone-entry.ts';

export interface ZoneWatchOptions {
  /** Files and folders of the configuration. */
  readonly roots: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  onSaved(): void;
}

export interface ZoneWatch {
  /** Watches what the zones name now; true when that is more or less than it was. */
  follow(entries: readonly ZoneEntry[]): Promise<boolean>;
  close(): Promise<void>;
}

/** Resolves once the watch stands: what is read after that misses no save. */
export async function watchZones({ roots, clock, logger, onSaved }: ZoneWatchOptions): Promise<ZoneWatch> {
  const watcher = await watchFiles(roots, onSaved, { clock, logger });
  let watched: readonly string[] = [];
  return {
    async follow(entries) {
      const own = entries.filter(({ origin }) => origin.kind === 'primary');
      const paths = [...new Set([...roots, ...own.flatMap(({ files }) => files)])];
      if (paths.join('\n') === watched.join('\n')) return false;
      watched = paths;
      await watcher.setPaths(paths);
      return true;
    },
    close: () => watcher.close(),
  };
}
