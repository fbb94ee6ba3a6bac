// Which zone files there are now, against those that were there before, and what each of them says.

import { listZoneFiles, ZoneFileError } from '../../io/files/zone-files.ts';
import { createFinding, type Finding } from '../finding.ts';
import type { ZoneEntry } from './zone-entry.ts';
import { PRIMARY, type SecondaryFile, type ZoneOrigin } from './zone-origin.ts';
import { isUnchanged, type ReadingOptions, readZone, type ZoneReading } from './zone-version.ts';

/**
 * Why files are read: `watch` may see a file in the middle of an editor's swap, `start` and `signal` are a person's
 * word. `transfer` is for copies of others' zones alone: what they are is certain, and the operator's files wait.
 */
export type Trigger = 'start' | 'watch' | 'signal' | 'transfer';

/** One zone file, and how it stands to what is served. */
export type ListedZone =
  | { readonly kind: 'unchanged'; readonly entry: ZoneEntry }
  /** Not looked at. */
  | { readonly kind: 'untouched'; readonly entry: ZoneEntry }
  | { readonly kind: 'read'; readonly entry: ZoneEntry; readonly reading: ZoneReading }
  /** Not there any more; what it served goes on. */
  | { readonly kind: 'gone'; readonly entry: ZoneEntry; readonly finding: Finding }
  /** Not there any more, and a person has said that this is meant. */
  | { readonly kind: 'removed'; readonly entry: ZoneEntry };

export interface ListingOptions {
  /** Files and folders of the configuration. */
  readonly roots: readonly string[];
  /** Every zone of another server. */
  readonly secondaries: readonly SecondaryFile[];
  /** With trigger `transfer`: the copies that have changed, by path. */
  readonly changed: ReadonlyMap<string, ZoneReading>;
  readonly entries: readonly ZoneEntry[];
  readonly trigger: Trigger;
  readonly reading: ReadingOptions;
}

/**
 * In the order of the configuration, then of file names; a file that two settings name is listed once. Copies of others'
 * zones come last, so that a zone file of the same name wins.
 */
export function listZones(options: ListingOptions): ListedZone[] {
  const { roots, entries, trigger, reading } = options;
  const before = new Map(entries.map((entry) => [entry.path, entry])); // as many as there are zone files
  const listed = new Map<string, ListedZone>(); // the same
  if (trigger === 'transfer') {
    for (const entry of entries)
      if (entry.origin.kind === 'primary') listed.set(entry.path, { kind: 'untouched', entry });
  }
  for (const root of trigger === 'transfer' ? [] : roots) {
    for (const path of pathsOf(root, before)) {
      if (!listed.has(path))
        listed.set(path, readListed(before.get(path) ?? newEntry(path, root, PRIMARY), reading));
    }
  }
  for (const file of options.secondaries) {
    if (file.isAvailable && !listed.has(file.path)) listed.set(file.path, listCopy(file, before, options));
  }
  for (const entry of entries) {
    if (!listed.has(entry.path)) listed.set(entry.path, missing(entry, trigger));
  }
  return [...listed.values()];
}

function listCopy(
  { path, drivesTracker }: SecondaryFile,
  before: ReadonlyMap<string, ZoneEntry>,
  { trigger, changed, reading: options }: ListingOptions,
): ListedZone {
  const entry = before.get(path) ?? newEntry(path, path, { kind: 'secondary', drivesTracker });
  const reading = changed.get(path);
  if (reading !== undefined) return { kind: 'read', entry: { ...entry, isGone: false }, reading };
  const isUntouched = trigger === 'transfer' && before.has(path);
  return isUntouched ? { kind: 'untouched', entry } : readListed(entry, options);
}

/** A folder that cannot be listed keeps what came from it; a file that cannot be is one that cannot be read. */
function pathsOf(root: string, before: ReadonlyMap<string, ZoneEntry>): readonly string[] {
  try {
    return listZoneFiles(root);
  } catch (error) {
    if (!(error instanceof ZoneFileError)) throw error;
    const known = [...before.values()].filter((entry) => entry.root === root).map(({ path }) => path);
    return known.length > 0 ? known : [root];
  }
}

function readListed(entry: ZoneEntry, reading: ReadingOptions): ListedZone {
  const { served, isCurrent } = entry;
  if (served !== undefined && isCurrent && isUnchanged(served.version)) {
    return { kind: 'unchanged', entry: { ...entry, isGone: false } };
  }
  return {
    kind: 'read',
    entry: { ...entry, isGone: false },
    reading: readZone(entry.path, reading, entry.origin),
  };
}

function missing(entry: ZoneEntry, trigger: Trigger): ListedZone {
  const isMeant = trigger !== 'watch' || entry.origin.kind === 'secondary';
  if (isMeant || entry.served === undefined) return { kind: 'removed', entry };
  const message = `${entry.path} is gone and ${entry.served.version.name} is served on; send SIGHUP if it is to end, or put the file back`;
  const position = { file: entry.path, line: 1, column: 1 };
  const finding = createFinding({ code: 'zone-file-gone', severity: 'warning', message, position }, []);
  return { kind: 'gone', entry: { ...entry, isGone: true }, finding };
}

function newEntry(path: string, root: string, origin: ZoneOrigin): ZoneEntry {
  return {
    path,
    root,
    origin,
    served: undefined,
    isCurrent: false,
    isGone: false,
    findings: [],
    files: [path],
  };
}
