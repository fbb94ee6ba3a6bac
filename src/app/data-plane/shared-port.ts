// One port for several workers: a socket for each, among which the system spreads what comes.

import type { Listener } from '../../core/net/endpoint.ts';
import { openBatchSocket } from '../../io/packet-engine/batch-socket.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { openListeningSocket } from '../../io/stream-engine/listening-socket.ts';
import { type ReceiveBuffer, receiveBufferOf, WANTED_RECEIVE_BUFFER_OCTETS } from './receive-buffer.ts';
import { DEFER_ACCEPT_SECONDS } from './tracker-streams.ts';

export interface SharedPort {
  /** Bound and non-blocking, one a worker; whoever opened them closes them. */
  readonly descriptors: readonly number[];
  readonly port: number;
  /** Of each socket for UDP. */
  readonly receiveBuffer: ReceiveBuffer | undefined;
}

interface OpenedSocket {
  readonly descriptor: number;
  readonly port: number;
  readonly receiveBufferOctets?: number;
}

/** Throws `SystemCallError`; nothing stays open then. */
export function openSharedPort(libc: Libc, listener: Listener, workerCount: number): SharedPort {
  const { transport, address } = listener;
  return openForWorkers(libc, listener.port, workerCount, (port, isShared) => {
    if (transport === 'tcp')
      return openListeningSocket(libc, { address, port, isShared, deferSeconds: DEFER_ACCEPT_SECONDS });
    return openBatchSocket(libc, {
      address,
      port,
      isShared,
      receiveBufferOctets: WANTED_RECEIVE_BUFFER_OCTETS,
    });
  });
}

/**
 * The first bind is exclusive, because SO_REUSEPORT would share the port with any other program that sets it; with several
 * workers that socket makes way for those that share. Positional: the last is what differs.
 */
function openForWorkers(
  libc: Libc,
  port: number,
  workerCount: number,
  open: (port: number, isShared: boolean) => OpenedSocket,
): SharedPort {
  const first = open(port, false);
  const { receiveBufferOctets } = first;
  const receiveBuffer = receiveBufferOctets === undefined ? undefined : receiveBufferOf(receiveBufferOctets);
  if (workerCount === 1) return { descriptors: [first.descriptor], port: first.port, receiveBuffer };
  libc.close(first.descriptor);
  const descriptors: number[] = [];
  try {
    for (let worker = 0; worker < workerCount; worker++) descriptors.push(open(first.port, true).descriptor);
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  return { descriptors, port: first.port, receiveBuffer };
}
