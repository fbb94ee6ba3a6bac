// The writing end of a ring of connections, which bounds what waits in it: each holds a descriptor, and costs its sender one
// octet. In all as many wait as the writer may have open itself, and of one client's network no more than that may have.

import { createPacketSource } from '../../core/net/packet-handler.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import { type NetworkPrefix, NO_PREFIX, prefixOf } from '../streams/connection-limits.ts';
import {
  HAND_OVER_SLOTS,
  type HandedOver,
  type HandOverRing,
  handOverSpan,
  putConnection,
  readHandedSource,
} from './hand-over-ring.ts';

export interface HandOverWriterOptions {
  readonly ring: HandOverRing;
  /** That may wait; where the ring has fewer slots, those. */
  readonly maxWaiting: number;
  /** Of them, of one network; see connection-limits.ts. */
  readonly maxWaitingPerPrefix: number;
  readonly proxies: ProxyRule | undefined;
}

export interface HandOverWriter {
  /** False when there is no room: the descriptor is the caller's still. */
  put(connection: HandedOver): boolean;
}

/** The only one of its ring; what a former one put in is counted, too. */
export function createHandOverWriter(options: HandOverWriterOptions): HandOverWriter {
  const { ring, maxWaitingPerPrefix, proxies } = options;
  const maxWaiting = Math.min(options.maxWaiting, HAND_OVER_SLOTS);
  /** Of what waits; bounded by the slots of the ring. */
  const waiting = new Map<NetworkPrefix, number>();
  const source = createPacketSource();
  const former = handOverSpan(ring);
  /** All before are out of {@link waiting}. */
  let released = former.taken;

  function count(prefix: NetworkPrefix, change: 1 | -1): void {
    const next = (waiting.get(prefix) ?? 0) + change;
    if (next > 0) waiting.set(prefix, next);
    else waiting.delete(prefix);
  }

  function prefixAt(number: number): NetworkPrefix {
    readHandedSource(ring, number, source);
    return prefixOf(source, proxies);
  }

  /** What was taken meanwhile waits no more; its slots are as they were, for nobody else puts anything in. */
  function release(taken: number): void {
    for (; released !== taken; released = (released + 1) | 0) count(prefixAt(released), -1);
  }

  for (let number = former.taken; number !== former.put; number = (number + 1) | 0)
    count(prefixAt(number), 1);

  return {
    put(connection) {
      const { taken, put } = handOverSpan(ring);
      release(taken);
      if (((put - taken) | 0) >= maxWaiting) return false;
      const prefix = prefixOf(connection.source, proxies);
      if (prefix !== NO_PREFIX && (waiting.get(prefix) ?? 0) >= maxWaitingPerPrefix) return false;
      if (!putConnection(ring, connection)) return false;
      count(prefix, 1);
      return true;
    },
  };
}
