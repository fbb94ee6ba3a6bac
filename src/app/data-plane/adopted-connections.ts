// Connections to the tracker that begin with a TLS hello, on the thread that speaks TLS: packet workers accepted them. Those
// of one listener end with it.

import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import type { HandedOver } from '../../io/stream-engine/hand-over-ring.ts';
import { adoptSocket } from '../../io/streams/adopted-socket.ts';
import type { HttpsConnections } from '../../io/streams/http-stream.ts';

export interface AdoptedConnections {
  adopt(connection: HandedOver): void;
  /** Resolves when those of the listener are gone. */
  close(listener: Listener): Promise<void>;
  closeAll(): Promise<void>;
}

/** `open` is asked for a listener's when the first of them comes. */
export function createAdoptedConnections(open: (port: number) => HttpsConnections): AdoptedConnections {
  /** By {@link formatListener}; bounded by the control plane's plan. */
  const byListener = new Map<string, HttpsConnections>();

  async function close(key: string): Promise<void> {
    const connections = byListener.get(key);
    byListener.delete(key);
    await connections?.close();
  }

  return {
    adopt({ descriptor, listener, source, octets }) {
      const socket = adoptSocket(descriptor, octets);
      if (socket === undefined) return;
      const key = formatListener(listener);
      let connections = byListener.get(key);
      if (connections === undefined) {
        connections = open(listener.port);
        byListener.set(key, connections);
      }
      connections.admit(socket, source);
    },
    close: (listener) => close(formatListener(listener)),
    closeAll: async () => void (await Promise.all([...byListener.keys()].map(close))),
  };
}
