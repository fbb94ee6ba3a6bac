// Tells when files were saved. What changed in them, and whether it matters, whoever reads them decides: a save too many
// costs a look, a save missed leaves an old zone serving.

import { basename, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Cancel, Clock } from '../clock.ts';
import { type Logger, silentLogger } from '../log.ts';
import { createTurns } from '../turns.ts';
import { watchLinks } from './link-watch.ts';

export interface WatchOptions {
  readonly clock: Clock;
  /** For file systems that report nothing (NFS, SMB, some containers): look this often. */
  readonly pollMilliseconds?: number;
  /** Default {@link QUIET_MILLISECONDS}. */
  readonly quietMilliseconds?: number;
  readonly logger?: Logger;
}

export interface FileWatcher {
  /**
   * Watches these from now on, and nothing else: a zone's list of included files changes with its content. Resolves once
   * the watch stands: what is read after that misses no save.
   */
  setPaths(paths: readonly string[]): Promise<void>;
  /** No call of `onChange` after it; safe twice. */
  close(): Promise<void>;
}

/**
 * Silence after which a save counts as finished: editors write, rename and remove within some ten milliseconds, and a
 * file that is being copied in pieces keeps reporting.
 */
export const QUIET_MILLISECONDS = 150;

/** A file that is written without a pause (a log by mistake) must not put off the others for ever. */
export const LONGEST_WAIT_MILLISECONDS = 5000;

/**
 * Calls `onChange` once after each burst of changes to `paths` (files, or folders with all that is in them; they need
 * not exist yet). Names that start with a dot are left out inside folders: editors and our own writer put drafts there.
 * Resolves once the watch stands.
 */
export async function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  options: WatchOptions,
): Promise<FileWatcher> {
  const { logger = silentLogger } = options;
  const burst = createBurst(onChange, options);
  let watched = absolute(paths);
  let closed = false;
  const turns = createTurns();
  let unwatchLinks = watchLinks(watched, swapped);
  let watcher = await openWatcher(watched, burst.extend, options);

  /** A link leads elsewhere, and what is there is to be watched and read. */
  function swapped(): void {
    turns
      .take(async () => {
        // First: the library has one handle a path, and that is of where the link led before.
        await watcher.close();
        await open(watched);
      })
      .catch((error: Error) => logger.warn(adviceFor(error), { error }))
      .finally(burst.extend);
  }

  async function open(next: ReadonlySet<string>): Promise<void> {
    if (closed) return;
    unwatchLinks();
    unwatchLinks = watchLinks(next, swapped);
    // The old watch goes on until the new one stands: a save in between is told of, perhaps by both.
    const replacement = await openWatcher(next, burst.extend, options);
    const former = watcher;
    watcher = replacement;
    watched = next;
    await former.close();
  }

  return {
    setPaths: (paths) =>
      turns.take(async () => {
        const next = absolute(paths);
        if (!isSameSet(next, watched)) await open(next);
      }),
    close() {
      burst.stop();
      closed = true;
      unwatchLinks();
      return turns.take(() => watcher.close());
    },
  };
}

function absolute(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.map((path) => resolve(path)));
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((path) => other.has(path));
}

async function openWatcher(
  paths: ReadonlySet<string>,
  onEvent: () => void,
  { logger = silentLogger, pollMilliseconds }: WatchOptions,
): Promise<FSWatcher> {
  const watcher = watch([...paths], {
    ignoreInitial: true,
    // A zone folder of configuration management is a tree of links, swapped as a whole.
    followSymlinks: true,
    ignored: (path) => !paths.has(path) && isDraft(path),
    // Its way of joining removal and creation would hide a file that is gone for longer than its window; ours waits.
    atomic: false,
    ...(pollMilliseconds !== undefined && { backend: 'polling', pollingInterval: pollMilliseconds }),
  });
  watcher.on('all', onEvent);
  // A file that has become a folder within one tick is no event of the library's.
  watcher.on('raw', (_event, path) => {
    if (path === null || !isDraft(path)) onEvent();
  });
  watcher.on('error', (error) => {
    logger.warn(adviceFor(error), error instanceof Error ? { error } : {});
    // What made it fail (a link to itself in the place of a file) may be the change that nobody else tells of.
    onEvent();
  });
  await ready(watcher);
  return watcher;
}

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((done) => watcher.once('ready', done));
}

function isDraft(path: string): boolean {
  const name = basename(path);
  // Two dots are how Kubernetes names the folders behind the links that it swaps.
  return (name.startsWith('.') && !name.startsWith('..')) || name.endsWith('~');
}

function adviceFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EMFILE'
    ? 'the system has no more file watches: changes may go unnoticed; raise fs.inotify.max_user_watches, or let files be polled'
    : 'watching files failed: changes may go unnoticed';
}

/** Calls `onChange` once it has been quiet, or has not been quiet for too long. */
function createBurst(onChange: () => void, { clock, quietMilliseconds = QUIET_MILLISECONDS }: WatchOptions) {
  let cancel: Cancel | undefined;
  let startedMilliseconds = 0;
  let stopped = false;

  function finish(): void {
    cancel = undefined;
    onChange();
  }

  return {
    extend(): void {
      if (stopped) return;
      const now = clock.nowMilliseconds();
      if (cancel === undefined) startedMilliseconds = now;
      cancel?.();
      const longest = startedMilliseconds + LONGEST_WAIT_MILLISECONDS - now;
      cancel = clock.schedule(Math.max(0, Math.min(quietMilliseconds, longest)), finish);
    },
    stop(): void {
      stopped = true;
      cancel?.();
    },
  };
}
