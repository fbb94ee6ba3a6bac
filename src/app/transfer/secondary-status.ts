// What is told of a zone of another server, to people and to monitors: never a key.

import { formatSocketAddress } from '../../core/net/endpoint.ts';
import { expiryOf, phaseOf, type RefreshPhase } from '../../core/transfer/refresh.ts';
import type { SecondaryZone } from './secondary-zone.ts';

export interface SecondaryStatus {
  readonly zone: string;
  /** Where its copy is, or would be. */
  readonly path: string;
  /** The catalog zone that lists it. */
  readonly catalog: string | undefined;
  readonly phase: RefreshPhase;
  readonly primaries: readonly string[];
  /** Of the copy. */
  readonly serial: number | undefined;
  /** When a primary last had this version; seconds since 1970, as all that follow. */
  readonly confirmedAtSeconds: number | undefined;
  /** Undefined while a primary is asked. */
  readonly nextAtSeconds: number | undefined;
  readonly expiresAtSeconds: number | undefined;
  /** One sentence, since the last round that went well. */
  readonly lastError: string | undefined;
}

export function secondaryStatus(
  { config, membership, state, lastError }: SecondaryZone,
  path: string,
  nowSeconds: number,
): SecondaryStatus {
  return {
    zone: config.zone,
    path,
    catalog: membership?.catalog.config.zone,
    phase: phaseOf(state, nowSeconds),
    primaries: config.primaries.map(formatSocketAddress),
    serial: state.zone?.serial,
    confirmedAtSeconds: state.confirmedAt ?? undefined,
    nextAtSeconds: state.isAsking ? undefined : state.nextAt,
    expiresAtSeconds: expiryOf(state),
    lastError,
  };
}
