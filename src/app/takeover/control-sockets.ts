// Where the control plane listens (HTTP services): opened here, so that another process can go on with it, and lent to Node's own
// server as another descriptor of the same socket.

import type { SocketAddress } from '../../core/net/endpoint.ts';
import { BindError } from '../../io/bind-error.ts';
import { duplicate } from '../../io/descriptor-passing/descriptor-socket.ts';
import { openListeningSocket } from '../../io/stream-engine/listening-socket.ts';
import type { OpenListener } from '../data-plane/hand-over.ts';
import type { PlaneTakeover } from '../data-plane/plane-takeover.ts';
import type { ControlSocket } from '../http/control-socket.ts';

export interface ControlSockets {
  /** Throws {@link BindError}. */
  open(listen: SocketAddress): ControlSocket;
  sockets(): readonly Pick<OpenListener, 'listener' | 'descriptors'>[];
  /** The ports of those that are nobody else's are free then. */
  close(): void;
}

export function createControlSockets(plane: PlaneTakeover): ControlSockets {
  const { libc, inherited, begun } = plane;
  /** Bounded by what is configured. */
  let sockets: Pick<OpenListener, 'listener' | 'descriptors'>[] = [];

  function openOrInherit({ address, port }: SocketAddress): { descriptor: number; port: number } {
    const [descriptor] = inherited?.take({ transport: 'tcp', address, port }) ?? [];
    if (descriptor !== undefined) return { descriptor, port };
    return openListeningSocket(libc, { address, port, isShared: false, deferSeconds: 0 });
  }

  return {
    open(listen) {
      try {
        const { descriptor, port } = openOrInherit(listen);
        const listener = { transport: 'tcp', address: listen.address, port } as const;
        sockets.push({ listener, descriptors: [descriptor] });
        return { port, begun, hasBegun: () => !plane.isAway, lend: () => duplicate(libc, descriptor) };
      } catch (error) {
        throw error instanceof Error ? new BindError({ transport: 'tcp', ...listen }, error) : error;
      }
    },
    sockets: () => sockets,
    close() {
      for (const { descriptors } of sockets) for (const descriptor of descriptors) libc.close(descriptor);
      sockets = [];
    },
  };
}
