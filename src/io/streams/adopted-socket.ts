// A connection that another thread of this process accepted, as a socket of this thread's event loop.

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * `octets` were read from the connection already, and are the first to be read again. The descriptor is the socket's from
 * now on; undefined, and closed, where it is no connection that Node can take.
 */
export function adoptSocket(descriptor: number, octets: Uint8Array): Socket | undefined {
  try {
    const socket = new Socket({ fd: descriptor, readable: true, writable: true, allowHalfOpen: true });
    socket.unshift(octets);
    return socket;
  } catch {
    closeSync(descriptor);
    return undefined;
  }
}
