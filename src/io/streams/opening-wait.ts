// A connection of which something must be known before anybody reads it: its first octet, or a whole header.

import type { Socket } from 'node:net';
import type { StreamConnection } from './stream-connection.ts';

export interface OpeningWait {
  readonly deadlineMilliseconds: number;
  /** Octets have come. Calls `settle` before whoever reads the socket from then on is given what belongs to him. */
  look(octets: Buffer, settle: () => void): void;
  /** What a connection that is late was. */
  late(): 'idle' | 'timeout';
}

export function awaitOpening(
  socket: Socket,
  { deadlineMilliseconds, look, late }: OpeningWait,
): StreamConnection {
  function read(): void {
    const octets: Buffer | null = socket.read();
    if (octets !== null) look(octets, settle);
  }

  function settle(): void {
    socket.off('readable', read);
    socket.off('end', destroy);
  }

  function destroy(): void {
    socket.destroy();
  }

  socket.on('readable', read);
  // Half-open as a connection may be, of one that has not said enough there is nothing to answer.
  socket.once('end', destroy);
  socket.on('error', nothing);
  return {
    sweep(nowMilliseconds) {
      if (nowMilliseconds < deadlineMilliseconds) return 'open';
      destroy();
      return late();
    },
    drain: destroy,
    destroy,
  };
}

function nothing(): void {}
