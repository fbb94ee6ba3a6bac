// May this version of a zone be served here? Plans its sockets and opens the new ones, or says at which line why not.

import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import type { AddressMap } from '../../core/preference/address-map.ts';
import { MAX_LEDGER_ENTRIES } from '../../core/preference/ledger.ts';
import type { ListenerCode } from '../../core/preference/listener-codes.ts';
import type { PlannedListener, Rejection } from '../../core/preference/plan.ts';
import type { BindError, BindErrorCode } from '../../io/bind-error.ts';
import type { TrackerConfig } from '../config/config.ts';
import type { Finding } from '../finding.ts';
import type { Drains } from './drains.ts';
import type { OpenSockets } from './open-sockets.ts';
import { declared, planZone, positionOf, rejectionFinding } from './plan-zone.ts';
import { publishedEndpoints, type ServedZone } from './zone-entry.ts';
import type { ZoneVersion } from './zone-version.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly zone: ServedZone; readonly findings: readonly Finding[] }
  /** Nothing was left open for it. */
  | { readonly kind: 'rejected'; readonly findings: readonly Finding[] };

export interface AdmissionOptions {
  readonly tracker: TrackerConfig;
  readonly addresses: AddressMap;
  readonly reserved: readonly Listener[];
  readonly sockets: OpenSockets;
  readonly drains: Drains;
  /** Admitted before this one, and not yet published. */
  readonly pending: readonly ServedZone[];
}

export async function admitZone(version: ZoneVersion, options: AdmissionOptions): Promise<Admission> {
  const { tracker, addresses, reserved, sockets, drains } = options;
  const plan = planZone(version.hosts, { tracker, addresses, reserved, open: sockets.list() });
  if (plan.rejections.length > 0) return reject(plan.rejections, version);
  const { opened, failed } = await openPlanned(plan.wanted, options);
  if (failed.length > 0 && tracker.onBindFailure === 'reject')
    return reject(failed.map(rejectFailed), version);
  const unopened = failed.map(({ listener }) => listener);
  const wanted = plan.wanted.filter((listener) => !unopened.includes(listener));
  const zone = { version, wanted, publishedOnly: plan.publishedOnly, unopened };
  if (!drains.hasRoomFor(publishedEndpoints([...options.pending, zone]))) {
    await sockets.closeAllBut(sockets.list().filter((listener) => !opened.has(formatListener(listener))));
    return reject([rejectRoom(version)], version);
  }
  const warnings = failed.map((failure) => rejectionFinding(rejectFailed(failure), version.texts, 'warning'));
  return { kind: 'admitted', zone, findings: warnings };
}

interface FailedListener {
  readonly listener: PlannedListener;
  readonly error: BindError;
}

interface Opening {
  /** Keys of what is newly open. */
  readonly opened: ReadonlySet<string>;
  readonly failed: readonly FailedListener[];
}

/** All or none; where the operator chose to publish all the same, as many as can be. */
async function openPlanned(
  wanted: readonly PlannedListener[],
  { sockets, tracker }: AdmissionOptions,
): Promise<Opening> {
  const batches = tracker.onBindFailure === 'reject' ? [wanted] : wanted.map((listener) => [listener]);
  const opened = new Set<string>(); // at most tracker.max_listeners
  const failed: FailedListener[] = [];
  for (const batch of batches) {
    const result = await sockets.open(batch);
    if (result.kind === 'opened')
      for (const listener of result.listeners) opened.add(formatListener(listener));
    else failed.push({ listener: findPlanned(wanted, result.listener), error: result.error });
  }
  return { opened, failed };
}

function findPlanned(wanted: readonly PlannedListener[], listener: Listener): PlannedListener {
  const key = formatListener(listener);
  return wanted.find((planned) => formatListener(planned) === key)!;
}

const CODE_OF_BIND_ERROR: { readonly [code in BindErrorCode]: ListenerCode } = {
  'address-in-use': 'port-taken',
  'permission-denied': 'port-not-permitted',
  'address-not-available': 'port-not-opened',
  'family-unavailable': 'port-not-opened',
  'bind-failed': 'port-not-opened',
};

function rejectFailed({ listener, error }: FailedListener): Rejection {
  const message = `${declared(listener)}: ${error.message}`;
  return { code: CODE_OF_BIND_ERROR[error.code], message, ...positionOf(listener) };
}

function rejectRoom({ name, soa }: ZoneVersion): Rejection {
  const message = `${name} would bring the drain ledger above ${MAX_LEDGER_ENTRIES} hosts times ports, draining ones included; wait for a drain, or declare fewer`;
  return { code: 'too-many-hosts', message, ...soa };
}

function reject(rejections: readonly Rejection[], version: ZoneVersion): Admission {
  return {
    kind: 'rejected',
    findings: rejections.map((rejection) => rejectionFinding(rejection, version.texts)),
  };
}
