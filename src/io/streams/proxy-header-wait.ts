// A connection of a proxy that begins with a PROXY header: what it is comes after that.

import type { Socket } from 'node:net';
import type { PacketSource } from '../../core/net/packet-handler.ts';
import { decodeProxyHeader } from '../../core/net/proxy-header.ts';
import { createHeldInput } from './held-input.ts';
import { awaitOpening } from './opening-wait.ts';
import type { StreamConnection } from './stream-connection.ts';

export interface ProxyHeaderWait {
  /** For the whole header. */
  readonly deadlineMilliseconds: number;
  /** Complete: the source is whom it names, and whoever reads the socket from then on is given what follows it. */
  onSource(): void;
  /** None, or a malformed one. The socket is destroyed by then. */
  onRefused(): void;
}

export function awaitProxyHeader(
  socket: Socket,
  source: PacketSource,
  { deadlineMilliseconds, onSource, onRefused }: ProxyHeaderWait,
): StreamConnection {
  /** Bounded by the longest header, and what came in one piece with its last octets. */
  const held = createHeldInput();

  return awaitOpening(socket, {
    deadlineMilliseconds,
    look(octets, settle) {
      const input = held.join(octets);
      const end = held.length() > 0 ? held.length() : octets.length;
      const header = decodeProxyHeader(input, 0, end, source);
      switch (header.kind) {
        case 'more':
          held.keep(input, 0, end);
          return;
        case 'none':
        case 'malformed':
          socket.destroy();
          onRefused();
          return;
        case 'address':
        case 'own':
          settle();
          if (header.consumed < end) socket.unshift(input.slice(header.consumed, end));
          onSource();
      }
    },
    late: () => (held.length() > 0 ? 'timeout' : 'idle'),
  });
}
