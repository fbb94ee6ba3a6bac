// The drain ledger at work: kept in memory, written to disk before what it promises, and read by its own clock.

import type { PublishedEndpoint } from '../../core/preference/ledger.ts';
import {
  draining,
  dropExpired,
  EMPTY_LEDGER,
  type Ledger,
  type LedgerEntry,
  MAX_LEDGER_ENTRIES,
  nextExpiry,
  recordPublished,
  restoreAfterRestart,
  settlePublished,
} from '../../core/preference/ledger.ts';
import type { Clock } from '../../io/clock.ts';
import { FileError } from '../../io/files/files.ts';
import type { Logger } from '../../io/log.ts';
import type { DrainingHost } from '../data-plane/data-plane.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { LedgerFile } from './ledger-file.ts';

export interface Drains {
  /** Reads the ledger; what was published when the process ended counts as withdrawn now. */
  restore(): Promise<void>;
  /** Whether the ledger could hold these beside what it holds. */
  hasRoomFor(endpoints: readonly PublishedEndpoint[]): boolean;
  /** Before publication. Throws {@link FileError}, and nothing is promised then. */
  promise(endpoints: readonly PublishedEndpoint[]): Promise<void>;
  /** The same in memory alone, for a start whose state folder cannot be written: without it DNS would be silent. */
  promiseUnwritten(endpoints: readonly PublishedEndpoint[]): void;
  /** What will drain once `endpoints` are all that is published. */
  drainingBeside(endpoints: readonly PublishedEndpoint[]): DrainingHost[];
  /** After publication: `endpoints` are all that is published now. */
  settle(endpoints: readonly PublishedEndpoint[]): Promise<void>;
  /** Forgets what no cache can name any more; true when there was any. */
  expire(): Promise<boolean>;
  list(): readonly LedgerEntry[];
  /** Seconds until a drain ends; undefined when nothing drains. */
  secondsToNext(): number | undefined;
  secondsLeft(entry: LedgerEntry): number;
}

export interface DrainsOptions {
  readonly file: LedgerFile;
  readonly clock: Clock;
  readonly drainSeconds: number;
  readonly logger: Logger;
}

export function createDrains({ file, clock, drainSeconds, logger }: DrainsOptions): Drains {
  // Setting the machine's clock neither cuts a drain nor prolongs it.
  const steady = createSteadyClock(clock);
  let ledger: Ledger = EMPTY_LEDGER;

  function earliest(): number {
    return steady.nowSeconds();
  }

  /** A part of a second that has begun lets a drain last longer. */
  function latest(): number {
    return steady.nowSeconds() + 1;
  }

  /** What the machine's clock was set ahead since the start; a second either way is rounding. */
  function shift(): number {
    const difference = clock.nowSeconds() - steady.nowSeconds();
    return Math.abs(difference) <= 1 ? 0 : difference;
  }

  async function writeOrWarn(): Promise<void> {
    try {
      await file.write(ledger, shift());
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      logger.warn('the drain ledger was not written; a restart now may keep ports open for longer', {
        error,
      });
    }
  }

  return {
    async restore() {
      const reading = await file.read();
      if (reading.kind === 'ledger') ledger = restoreAfterRestart(reading.ledger, latest(), drainSeconds);
      else
        logger.warn(`ports that were withdrawn before this start may be closed too early: ${reading.reason}`);
    },
    hasRoomFor: (endpoints) =>
      ledger.size + endpoints.length <= MAX_LEDGER_ENTRIES ||
      recordPublished(ledger, endpoints).size <= MAX_LEDGER_ENTRIES,
    async promise(endpoints) {
      const next = recordPublished(ledger, endpoints);
      await file.write(next, shift());
      ledger = next;
    },
    promiseUnwritten(endpoints) {
      ledger = recordPublished(ledger, endpoints);
    },
    drainingBeside(endpoints) {
      const next = settlePublished(ledger, endpoints, latest(), drainSeconds);
      return draining(next, earliest()).map(({ host, listener }) => ({
        host,
        transport: listener.transport,
        port: listener.port,
      }));
    },
    async settle(endpoints) {
      ledger = settlePublished(ledger, endpoints, latest(), drainSeconds);
      await writeOrWarn();
    },
    async expire() {
      const next = dropExpired(ledger, earliest());
      if (next.size === ledger.size) return false;
      ledger = next;
      await writeOrWarn();
      return true;
    },
    list: () => draining(ledger, earliest()),
    secondsToNext() {
      const next = nextExpiry(ledger);
      return next === undefined ? undefined : Math.max(0, next - earliest());
    },
    secondsLeft: (entry) => Math.max(0, entry.staleUntil - earliest()),
  };
}
