// The zones of a running server, from what it says of itself: a row each, with whether it is as it should be.

import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import type { ServerStatus, ZoneStatus } from './status.ts';

/** What of `/status.json` is about zones. JSON has no `undefined`: such fields are left out of it. */
export type StatusOfZones = Pick<ServerStatus, 'zones' | 'secondaries'>;

export interface ZoneRow {
  /** Undefined for a file that has never been read. */
  readonly zone: string | undefined;
  readonly path: string;
  readonly kind: 'primary' | 'secondary';
  /** Of a zone of this server's own, or of a copy. */
  readonly state: ZoneStatus['state'] | SecondaryStatus['phase'];
  /** Served, and as its file or its primary has it as far as is known. */
  readonly isGood: boolean;
  readonly serial: number | undefined;
  readonly recordCount: number | undefined;
  /** When a primary last confirmed the copy, when one is asked again, when the copy ends; seconds since 1970. */
  readonly confirmedAtSeconds: number | undefined;
  readonly nextAtSeconds: number | undefined;
  readonly expiresAtSeconds: number | undefined;
  /** One sentence; undefined where nothing is wrong. */
  readonly problem: string | undefined;
}

/** Whether the JSON is from a server of ours. */
export function hasZones(status: unknown): status is StatusOfZones {
  const { zones, secondaries } = (status ?? {}) as Partial<StatusOfZones>;
  return Array.isArray(zones) && Array.isArray(secondaries);
}

/** Zones of this server's own first, then copies; both in the server's order. */
export function zoneRows({ zones, secondaries }: StatusOfZones): ZoneRow[] {
  const counts = new Map(zones.map(({ path, recordCount }) => [path, recordCount])); // one a zone
  return [
    ...zones.filter(({ role }) => role === 'primary').map(primaryRow),
    ...secondaries.map((secondary) => secondaryRow(secondary, counts.get(secondary.path))),
  ];
}

function primaryRow({ name, path, state, serial, recordCount, findings }: ZoneStatus): ZoneRow {
  const isGood = state === 'current';
  return {
    zone: name,
    path,
    kind: 'primary',
    state,
    isGood,
    serial,
    recordCount,
    confirmedAtSeconds: undefined,
    nextAtSeconds: undefined,
    expiresAtSeconds: undefined,
    problem: isGood ? undefined : problemOf(findings),
  };
}

function problemOf(findings: ZoneStatus['findings']): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return 'its file is gone';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.file}:${first.line}:${first.column}: ${first.message}${more}`;
}

function secondaryRow(status: SecondaryStatus, recordCount: number | undefined): ZoneRow {
  const { zone, path, phase, serial, lastError } = status;
  const { confirmedAtSeconds, nextAtSeconds, expiresAtSeconds } = status;
  const isGood = phase === 'fresh' || phase === 'due';
  return {
    zone,
    path,
    kind: 'secondary',
    state: phase,
    isGood,
    serial,
    recordCount,
    confirmedAtSeconds,
    nextAtSeconds,
    expiresAtSeconds,
    problem: isGood ? undefined : (lastError ?? 'no primary has answered yet'),
  };
}
