// Which tracker sockets are open, and the few steps in which that changes.

import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { difference } from '../../core/preference/plan.ts';
import { BindError } from '../../io/bind-error.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';

export type OpenResult =
  | { readonly kind: 'opened'; readonly listeners: readonly Listener[] }
  | { readonly kind: 'failed'; readonly listener: Listener; readonly error: BindError };

export interface OpenSockets {
  /** Keys by {@link formatListener}. */
  keys(): ReadonlySet<string>;
  list(): Listener[];
  has(listener: Listener): boolean;
  /** Opens those that are not open yet, all or none; `listeners` of the result are the newly opened. */
  open(listeners: Iterable<Listener>): Promise<OpenResult>;
  /** Closes all but these. */
  closeAllBut(needed: Iterable<Listener>): Promise<readonly Listener[]>;
}

export function createOpenSockets(dataPlane: DataPlane): OpenSockets {
  /** By key; bounded by `tracker.max_listeners`, which the plan holds. */
  const sockets = new Map<string, Listener>();

  async function close(listeners: readonly Listener[]): Promise<void> {
    for (const listener of listeners) sockets.delete(formatListener(listener));
    await Promise.all(listeners.map((listener) => dataPlane.close(listener)));
  }

  return {
    keys: () => new Set(sockets.keys()),
    list: () => [...sockets.values()],
    has: (listener) => sockets.has(formatListener(listener)),
    async open(listeners) {
      const opened: Listener[] = [];
      for (const listener of difference(sockets.values(), listeners).open) {
        try {
          await dataPlane.open(listener, 'tracker');
        } catch (error) {
          await close(opened);
          if (error instanceof BindError) return { kind: 'failed', listener, error };
          throw error;
        }
        sockets.set(formatListener(listener), listener);
        opened.push(listener);
      }
      return { kind: 'opened', listeners: opened };
    },
    async closeAllBut(needed) {
      const { withdraw } = difference(sockets.values(), needed);
      await close(withdraw);
      return withdraw;
    },
  };
}
