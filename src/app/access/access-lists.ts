// The access lists while the server runs: read at start, and again when one is saved or a signal asks. All of them are
// compiled into one buffer; one with an error leaves what it said before, and is loud about it.

import { hash } from 'node:crypto';
import {
  type CompiledAccess,
  compileAccess,
  type AccessLists as ParsedLists,
} from '../../core/access/compile-access.ts';
import { HASH_SET_SECRET_OCTETS } from '../../core/access/hash-set.ts';
import { type FileWatcher, watchFiles } from '../../io/files/watch.ts';
import type { Logger } from '../../io/log.ts';
import { createTurns } from '../../io/turns.ts';
import type { AccessConfig, ListKind } from '../config/access-settings.ts';
import { createImageBuffers } from '../data-plane/image-buffers.ts';
import type { Finding } from '../finding.ts';
import type { Machine } from '../machine.ts';
import { AccessError } from './access-error.ts';
import { LIST_KEYS, type ParsedList, readAccessList } from './list-kinds.ts';

/** One file of access control, for the status page. */
export interface AccessFileStatus {
  /** Its key in the configuration. */
  readonly setting: string;
  readonly path: string;
  /** `last-good`: the file is wrong or gone, and what it said before counts. */
  readonly state: 'current' | 'last-good';
  readonly entries: number;
  readonly findings: readonly Finding[];
}

export interface AccessLists {
  /** The same object until a list says something else; undefined: there are no lists. */
  current(): CompiledAccess | undefined;
  /** That is what answers are given by from now on, and nothing before it. */
  published(compiled: CompiledAccess | undefined): void;
  statuses(): readonly AccessFileStatus[];
  /** Reads the files again; what is wrong with them stands in the log. */
  reload(): Promise<void>;
  /** Calls `onChange` when a save has changed what {@link AccessLists.current} says. */
  watch(onChange: () => void): Promise<void>;
  /** Safe twice, and waits. */
  close(): Promise<void>;
}

interface Entry {
  readonly kind: ListKind;
  readonly path: string;
  /** Of the last good version of the file, which is kept as it was parsed: any change has all lists compiled again. */
  digest: string;
  list: ParsedList;
  isCurrent: boolean;
  findings: readonly Finding[];
}

export interface AccessListsOptions {
  readonly lists: AccessConfig['lists'];
  readonly machine: Pick<Machine, 'clock' | 'randomOctets'>;
  readonly logger: Logger;
}

/** Throws {@link AccessError} for a file that is of no use: without a last good version nobody knows whom to refuse. */
export async function openAccessLists({ lists, machine, logger }: AccessListsOptions): Promise<AccessLists> {
  const entries = await Promise.all(
    (Object.entries(lists) as [ListKind, string][]).map(([kind, path]) => openEntry(kind, path)),
  );
  const secret = machine.randomOctets(HASH_SET_SECRET_OCTETS);
  const buffers = createImageBuffers();
  for (const { findings } of entries) for (const finding of findings) logFinding(finding, logger);
  let compiled = compile(entries.map(({ list }) => list));
  /** One reading at a time: a signal and a save may come together. */
  const turns = createTurns();
  let watcher: FileWatcher | undefined;

  function compile(lists: readonly ParsedList[]): CompiledAccess | undefined {
    if (lists.length === 0) return undefined;
    const all: ParsedLists = Object.assign({}, ...lists.map((list) => list.lists));
    return compileAccess(all, { secret, allocate: buffers.allocate });
  }

  /** Whether anything is to be published. */
  async function readAgain(): Promise<boolean> {
    const versions = await Promise.all(entries.map((entry) => readEntry(entry, logger)));
    if (versions.every((version) => version === undefined)) return false;
    // First: where that fails, nothing has changed, and the next reload tries again.
    compiled = compile(entries.map(({ list }, index) => versions[index]?.list ?? list));
    for (const [index, version] of versions.entries()) Object.assign(entries[index]!, version);
    const counts = entries.map(({ kind, list }) => `${LIST_KEYS[kind]} ${list.entries}`);
    logger.info(`the access lists are new: ${counts.join(', ')}`);
    return true;
  }

  const reload = (): Promise<boolean> => turns.take(readAgain);

  return {
    current: () => compiled,
    published: (now) => buffers.keepOnly(now === undefined ? [] : [now.buffer]),
    statuses: () => entries.map(statusOf),
    reload: async () => void (await reload()),
    async watch(onChange) {
      if (entries.length === 0) return;
      const reloadSaved = (): void => {
        reload().then(
          (isChanged) => isChanged && onChange(),
          (error: Error) => logger.error('reading the access lists failed: please report this', { error }),
        );
      };
      const { clock } = machine;
      watcher = await watchFiles(
        entries.map(({ path }) => path),
        reloadSaved,
        { clock, logger },
      );
    },
    async close() {
      await watcher?.close();
      await turns.idle();
    },
  };
}

async function openEntry(kind: ListKind, path: string): Promise<Entry> {
  const { value, octets, findings } = await readAccessList(kind, path);
  if (value === undefined || octets === undefined) throw new AccessError(findings);
  return { kind, path, digest: digestOf(octets), list: value, isCurrent: true, findings };
}

/** What is to take effect; undefined where the list says nothing else than before. */
async function readEntry(
  entry: Entry,
  logger: Logger,
): Promise<Pick<Entry, 'digest' | 'list' | 'isCurrent'> | undefined> {
  const { kind, path } = entry;
  const { value, octets, findings } = await readAccessList(kind, path);
  const isNews = JSON.stringify(findings) !== JSON.stringify(entry.findings);
  entry.findings = findings;
  entry.isCurrent = false;
  if (isNews) for (const finding of findings) logFinding(finding, logger);
  if (value === undefined || octets === undefined) {
    if (isNews) logger.error(`${path} is wrong; ${LIST_KEYS[kind]} stays as it was`);
    return undefined;
  }
  const digest = digestOf(octets);
  entry.isCurrent = digest === entry.digest;
  return entry.isCurrent ? undefined : { digest, list: value, isCurrent: true };
}

function digestOf(octets: Uint8Array): string {
  return hash('sha256', octets);
}

function statusOf({ kind, path, isCurrent, list, findings }: Entry): AccessFileStatus {
  const state = isCurrent ? 'current' : 'last-good';
  return { setting: LIST_KEYS[kind], path, state, entries: list.entries, findings };
}

/** Without the line itself, which may be half an info-hash or an address. */
export function logFinding({ severity, code, file, line, column, message }: Finding, logger: Logger): void {
  const level = severity === 'error' ? 'error' : 'warn';
  logger[level](`${file}:${line}:${column}: ${severity}[${code}]: ${message}`);
}
