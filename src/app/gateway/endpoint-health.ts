// Which addresses of trackers have not answered lately, so that a dead one costs one client its patience, not every one.

import type { SocketAddress } from '../../core/net/endpoint.ts';
import { formatListener } from '../../core/net/endpoint.ts';

type Place = SocketAddress & { readonly transport: 'udp' | 'tcp' };

/** A few kilobytes a hundred; a client knows some thousand trackers at most. */
const MAX_REMEMBERED = 4096;
/** Clients announce every half hour or so: a tracker that comes back is found by the next one. */
const FORGET_MILLISECONDS = 120_000;

export interface EndpointHealth {
  isDead(place: Place): boolean;
  /** Notes what an attempt has shown. */
  note(place: Place, answered: boolean): void;
}

export function createEndpointHealth(clock: { nowMilliseconds(): number }): EndpointHealth {
  const deadUntil = new Map<string, number>(); // bounded by MAX_REMEMBERED: the longest dead makes room
  return {
    isDead(place) {
      if (deadUntil.size === 0) return false;
      const until = deadUntil.get(formatListener(place));
      return until !== undefined && clock.nowMilliseconds() < until;
    },
    note(place, answered) {
      if (answered && deadUntil.size === 0) return;
      const key = formatListener(place);
      deadUntil.delete(key);
      if (answered) return;
      deadUntil.set(key, clock.nowMilliseconds() + FORGET_MILLISECONDS);
      if (deadUntil.size > MAX_REMEMBERED) deadUntil.delete(deadUntil.keys().next().value!);
    },
  };
}
