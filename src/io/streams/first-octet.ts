// A connection of which nothing is known until its first octet has come: TLS and clear text share a port.

import type { Socket } from 'node:net';
import type { StreamConnection } from './stream-connection.ts';

/** The content type of a record that holds a hello (RFC 8446 §5.1). */
export const TLS_HANDSHAKE = 0x16;

/** `onOctet` is called once, and whoever reads the socket from then on is given that octet too. */
export function awaitFirstOctet(
  socket: Socket,
  deadlineMilliseconds: number,
  onOctet: (octet: number) => void,
): StreamConnection {
  function look(): void {
    const octets: Buffer | null = socket.read();
    if (octets === null) return;
    socket.off('readable', look);
    socket.off('end', destroy);
    socket.unshift(octets);
    onOctet(octets[0]!);
  }

  function destroy(): void {
    socket.destroy();
  }

  socket.on('readable', look);
  // Half-open as a connection may be, of one that has said nothing there is nothing to answer.
  socket.once('end', destroy);
  socket.on('error', nothing);
  return {
    sweep(nowMilliseconds) {
      if (nowMilliseconds < deadlineMilliseconds) return 'open';
      destroy();
      return 'idle';
    },
    drain: destroy,
    destroy,
  };
}

function nothing(): void {}
