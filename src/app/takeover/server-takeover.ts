// Both takeovers in the life of a server: the one that it begins with, and the one that it ends with.

import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import type { Turns } from '../../io/turns.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { type ControlSockets, createControlSockets } from './control-sockets.ts';
import { type Offer, offerTakeover } from './offer.ts';
import type { Takeover } from './take-over.ts';

export interface ServerTakeoverOptions {
  /** What a running server has begun to give, and `dataPlane` follows. */
  readonly takeover?: Takeover | undefined;
  readonly dataPlane: DataPlane;
  readonly stateFolder: string;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
  onGiven?: ((processId: number) => void) | undefined;
  onOver?: (() => void) | undefined;
}

export interface ServerTakeover {
  /** Where HTTP services listen; undefined where each opens its own socket. */
  readonly control: ControlSockets | undefined;
  /** Everything is open: answers from now on. Rejects with TakeoverError where the running server goes on. */
  begin(): Promise<void>;
  /** Another process may ask from now on. Rejects with TakeoverError where the server that ran goes on after all. */
  offer(): Promise<void>;
  /**
   * Whether the peers are this process's to keep for the next start: not before it answers, nor where another does. The one
   * that answers goes on with them, and the state folder is its own.
   */
  ownsSwarm(): boolean;
  /** Before the sockets are closed. */
  close(): Promise<void>;
}

export function createServerTakeover(options: ServerTakeoverOptions): ServerTakeover {
  const { takeover, dataPlane, turns } = options;
  const plane = dataPlane.takeover;
  const control = plane && createControlSockets(plane);
  let offer: Offer | undefined;
  let ownsSwarm = takeover === undefined;

  return {
    control,
    async begin() {
      await takeover?.finish();
      ownsSwarm = true;
    },
    async offer() {
      // Until then the door is the other's.
      await takeover?.over().catch((error: unknown) => {
        ownsSwarm = false;
        throw error;
      });
      if (control === undefined) return;
      offer = await offerTakeover({
        ...options,
        plane,
        control,
        hold: (task) => turns.take(task),
        onGiven(processId) {
          ownsSwarm = false;
          options.onGiven?.(processId);
        },
        onOver: () => options.onOver?.(),
      });
    },
    ownsSwarm: () => ownsSwarm,
    async close() {
      await Promise.all([takeover?.abandon(), offer?.close()]);
    },
  };
}
