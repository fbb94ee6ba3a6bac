// A connection of which nothing is known until its first octet has come: TLS and clear text share a port.

import type { Socket } from 'node:net';
import { awaitOpening } from './opening-wait.ts';
import type { StreamConnection } from './stream-connection.ts';

/** The content type of a record that holds a hello (RFC 8446 §5.1). */
export const TLS_HANDSHAKE = 0x16;

/** `onOctet` is called once, and whoever reads the socket from then on is given that octet too. */
export function awaitFirstOctet(
  socket: Socket,
  deadlineMilliseconds: number,
  onOctet: (octet: number) => void,
): StreamConnection {
  return awaitOpening(socket, {
    deadlineMilliseconds,
    look(octets, settle) {
      settle();
      socket.unshift(octets);
      onOctet(octets[0]!);
    },
    late: () => 'idle',
  });
}
