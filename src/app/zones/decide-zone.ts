// What one reload decides about each zone file: a new version, the old one, the one that was kept, or none.

import type { Listener } from '../../core/net/endpoint.ts';
import type { AddressMap } from '../../core/preference/address-map.ts';
import type { TrackerConfig } from '../config/config.ts';
import { duplicateFinding, type Finding } from '../finding.ts';
import { type AdmissionOptions, admitZone } from './admit-zone.ts';
import type { Drains } from './drains.ts';
import type { KeptZones } from './kept-zones.ts';
import type { OpenSockets } from './open-sockets.ts';
import { serialWarnings } from './serial-warning.ts';
import type { ServedZone, ZoneEntry } from './zone-entry.ts';
import type { ListedZone, Trigger } from './zone-listing.ts';
import { trackerFor } from './zone-origin.ts';
import { type ReadingOptions, readKeptZone, type ZoneReading, type ZoneVersion } from './zone-version.ts';

/** What became of one zone file. */
export type ZoneOutcome =
  | 'published'
  | 'unchanged'
  /** The file is wrong or cannot be served; what was served before goes on. */
  | 'kept'
  /** The same, and nothing is served for it. */
  | 'not-served'
  | 'removed';

export interface ZoneDecision {
  readonly before: ZoneEntry;
  readonly entry: ZoneEntry;
  readonly outcome: ZoneOutcome;
  /** Not published yet. */
  readonly isFresh: boolean;
  /** Another zone file, gone, whose zone this one serves from now on. */
  readonly replaces?: string;
}

export interface DecisionOptions {
  readonly tracker: TrackerConfig;
  readonly addresses: AddressMap;
  readonly reserved: readonly Listener[];
  readonly sockets: OpenSockets;
  readonly drains: Drains;
  readonly kept: KeptZones;
  readonly trigger: Trigger;
  readonly reading: ReadingOptions;
}

/** One after the other, because each must know which sockets and names the others have taken. */
export async function decideZones(
  listed: readonly ListedZone[],
  options: DecisionOptions,
): Promise<ZoneDecision[]> {
  const decisions: ZoneDecision[] = [];
  for (const [index, zone] of listed.entries()) {
    const later = listed.slice(index + 1).filter(({ kind }) => kind !== 'removed');
    const others = [...decisions.filter(isStaying), ...later].map(({ entry }) => entry);
    const pending = decisions.flatMap(({ isFresh, entry }) =>
      isFresh && entry.served ? [entry.served] : [],
    );
    decisions.push(await decide(zone, { ...options, others, pending }));
  }
  const replaced = new Set(decisions.map(({ replaces }) => replaces));
  return decisions.map((decision) =>
    replaced.has(decision.entry.path) ? { ...decision, outcome: 'removed', isFresh: false } : decision,
  );
}

function isStaying({ outcome }: ZoneDecision): boolean {
  return outcome !== 'removed';
}

interface Context extends DecisionOptions {
  /** The other zone files, as they stand at this moment. */
  readonly others: readonly ZoneEntry[];
  /** Decided in this reload, and not yet published. */
  readonly pending: readonly ServedZone[];
}

async function decide(zone: ListedZone, context: Context): Promise<ZoneDecision> {
  const { entry } = zone;
  switch (zone.kind) {
    case 'removed':
      return { before: entry, entry, outcome: 'removed', isFresh: false };
    case 'gone':
      return keep(entry, [zone.finding], entry.files);
    case 'untouched':
      return { before: entry, entry, outcome: 'unchanged', isFresh: false };
    case 'unchanged':
      return await replan(entry, context);
    case 'read':
      return await decideReading(entry, zone.reading, context);
  }
}

/** The file is as it was; the machine's addresses, or what may be opened, may have changed. */
async function replan(entry: ZoneEntry, context: Context): Promise<ZoneDecision> {
  const served = entry.served!;
  const admission = await admitZone(served.version, admissionOptions(entry, context));
  if (admission.kind === 'rejected') return keep(entry, admission.findings, entry.files);
  if (isSamePlan(served, admission.zone))
    return { before: entry, entry, outcome: 'unchanged', isFresh: false };
  return { before: entry, entry: { ...entry, served: admission.zone }, outcome: 'published', isFresh: true };
}

function isSamePlan(left: ServedZone, right: ServedZone): boolean {
  return [left.wanted, left.publishedOnly, left.unopened].every(
    (part, index) =>
      JSON.stringify(part) === JSON.stringify([right.wanted, right.publishedOnly, right.unopened][index]),
  );
}

async function decideReading(
  entry: ZoneEntry,
  reading: ZoneReading,
  context: Context,
): Promise<ZoneDecision> {
  if (reading.kind === 'bad') return await fallBack(entry, reading, reading.files, context);
  const { version } = reading;
  const files = version.texts.map(({ path }) => path);
  const rival = context.others.find(({ served }) => served?.version.name === version.name);
  if (rival !== undefined && !rival.isGone) {
    const findings = [...reading.findings, duplicateFinding(version, rival.path)];
    return await fallBack(entry, { findings, version }, files, context);
  }
  const admission = await admitZone(version, admissionOptions(entry, context));
  const findings = [...reading.findings, ...admission.findings];
  if (admission.kind === 'rejected') return await fallBack(entry, { findings, version }, files, context);
  const previous = entry.served ?? rival?.served;
  // A copy has the serial that its primary gave it.
  const isEdit = previous !== undefined && entry.origin.kind === 'primary';
  const warnings = isEdit ? serialWarnings(previous.version, version) : [];
  const served = {
    ...entry,
    served: admission.zone,
    isCurrent: true,
    findings: [...findings, ...warnings],
    files,
  };
  const decision = { before: entry, entry: served, outcome: 'published', isFresh: true } as const;
  return rival === undefined ? decision : { ...decision, replaces: rival.path };
}

interface Refused {
  readonly findings: readonly Finding[];
  /** Where the file itself is good. */
  readonly version?: ZoneVersion;
}

/** What is served goes on; at the start, where nothing is served yet, what the last process kept is tried. */
async function fallBack(
  entry: ZoneEntry,
  { findings, version }: Refused,
  files: readonly string[],
  context: Context,
): Promise<ZoneDecision> {
  if (entry.served !== undefined || context.trigger !== 'start') return keep(entry, findings, files);
  const texts = await context.kept.find(entry.path);
  const reading = texts === undefined ? undefined : readKeptZone(texts, context.reading, entry.origin);
  if (reading?.kind !== 'good' || reading.version.digest === version?.digest)
    return keep(entry, findings, files);
  if (context.others.some(({ served }) => served?.version.name === reading.version.name)) {
    return keep(entry, findings, files);
  }
  const admission = await admitZone(reading.version, admissionOptions(entry, context));
  const all = [...findings, ...admission.findings];
  if (admission.kind === 'rejected') return keep(entry, all, files);
  const served = { ...entry, served: admission.zone, isCurrent: false, findings: all, files };
  return { before: entry, entry: served, outcome: 'kept', isFresh: true };
}

function keep(entry: ZoneEntry, findings: readonly Finding[], files: readonly string[]): ZoneDecision {
  const outcome = entry.served === undefined ? 'not-served' : 'kept';
  return { before: entry, entry: { ...entry, isCurrent: false, findings, files }, outcome, isFresh: false };
}

function admissionOptions({ origin }: ZoneEntry, context: Context): AdmissionOptions {
  const tracker = trackerFor(origin, context.tracker);
  const { addresses, reserved, sockets, drains, pending } = context;
  return { tracker, addresses, reserved, sockets, drains, pending };
}
