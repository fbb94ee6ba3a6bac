// The sockets that a zone asks of this machine, and why it may not have them: before any of them is opened, so that
// `check` can tell what `serve` would.

import { formatEndpoint, formatListener, type Listener } from '../../core/net/endpoint.ts';
import { type AddressEntry, type AddressMap, createAddressMap } from '../../core/preference/address-map.ts';
import type { PreferenceHost, RecordPosition } from '../../core/preference/hosts.ts';
import {
  isSameSocket,
  type ListenerPlan,
  type PlannedListener,
  planListeners,
  type Rejection,
} from '../../core/preference/plan.ts';
import type { TrackerConfig } from '../config/config.ts';
import { createFinding, type Finding, type SourceText } from '../finding.ts';
import type { Machine } from '../machine.ts';

export interface PlanZoneOptions {
  readonly tracker: TrackerConfig;
  readonly addresses: AddressMap;
  /** Sockets of our own that no zone may take. */
  readonly reserved: readonly Listener[];
  /** Tracker sockets that are open, for other zones or draining. */
  readonly open: readonly Listener[];
}

/** `planListeners` for this machine, and the rejection of what two sockets of one plan would take from each other. */
export function planZone(
  hosts: readonly PreferenceHost[],
  { tracker, addresses, reserved, open }: PlanZoneOptions,
): ListenerPlan {
  const { allowedPorts, maxListeners } = tracker;
  const occupied = new Set(open.map(formatListener));
  const plan = planListeners(hosts, { addresses, allowedPorts, reserved, occupied, maxListeners });
  return { ...plan, rejections: [...plan.rejections, ...overlaps(plan.wanted, open)] };
}

/** `tracker.addresses` without what would be bound in a family that this machine lacks: the other family serves. */
export function addressesHere(
  entries: readonly AddressEntry[],
  machine: Pick<Machine, 'localAddresses' | 'hasFamily'>,
): AddressMap {
  const map = createAddressMap(entries, machine.localAddresses());
  return new Map([...map].filter(([, bound]) => machine.hasFamily(bound.includes(':') ? 6 : 4)));
}

/** A wildcard and an address of its family cannot both be bound, whoever has them; the system would blame a stranger. */
function overlaps(wanted: readonly PlannedListener[], open: readonly Listener[]): Rejection[] {
  const openKeys = new Set(open.map(formatListener));
  return wanted.flatMap((listener, index) => {
    if (openKeys.has(formatListener(listener))) return [];
    const other = [...open, ...wanted.slice(0, index)].find((candidate) => isSameSocket(candidate, listener));
    if (other === undefined) return [];
    const message = `${declared(listener)}, for which ${formatListener(listener)} would be opened beside ${formatListener(other)} of this tracker; map both addresses to the wildcard in tracker.addresses, or neither`;
    return [{ code: 'port-taken' as const, message, ...positionOf(listener) }];
  });
}

export function declared(listener: PlannedListener): string {
  return `${listener.declarations[0]?.host} declares ${formatEndpoint(listener)}`;
}

export function positionOf({ declarations }: PlannedListener): RecordPosition {
  const { file, line, column } = declarations[0]!;
  return { file, line, column };
}

export function rejectionFinding(
  { code, message, ...position }: Rejection,
  texts: readonly SourceText[],
  severity: Finding['severity'] = 'error',
): Finding {
  return createFinding({ code, severity, message, position }, texts);
}
