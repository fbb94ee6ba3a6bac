// Where a zone comes from, and what follows from it: how its findings count, whether it opens ports.

import type { PortRange } from '../../core/preference/plan.ts';
import type { TrackerConfig } from '../config/config.ts';
import { SECONDARY_PORTS } from '../config/transfer-config.ts';

export type ZoneOrigin =
  /** A zone file of the operator's. */
  | { readonly kind: 'primary' }
  /** A copy of another server's zone, stored under `state`. */
  | { readonly kind: 'secondary'; readonly drivesTracker: boolean };

export const PRIMARY: ZoneOrigin = { kind: 'primary' };

/** A zone of another server, whether there is a copy of it or not. */
export interface SecondaryFile {
  /** Lower case, without final dot. */
  readonly zone: string;
  /** Where its copy is stored. */
  readonly path: string;
  readonly drivesTracker: boolean;
  /** There is a copy, and it has not expired. */
  readonly isAvailable: boolean;
}

/** What a zone of this origin may open: others' zones only what is harmless, unless the operator has said which. */
export function trackerFor(origin: ZoneOrigin, tracker: TrackerConfig): TrackerConfig {
  if (origin.kind === 'primary' || tracker.allowedPorts.length > 0) return tracker;
  const allowedPorts: readonly PortRange[] = SECONDARY_PORTS;
  return { ...tracker, allowedPorts };
}
