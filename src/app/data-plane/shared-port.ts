// One UDP port for several workers: a socket for each, among which the system spreads what comes.

import type { Logger } from '../../io/log.ts';
import { openBatchSocket } from '../../io/packet-engine/batch-socket.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { DEFAULT_RECEIVE_BUFFER_OCTETS } from '../../io/udp-socket.ts';

export interface SharedPort {
  /** Bound and non-blocking, one a worker; whoever opened them closes them. */
  readonly descriptors: readonly number[];
  readonly port: number;
  /** Of each socket, as granted, without what Linux adds for its own bookkeeping (socket(7)). */
  readonly receiveBufferOctets: number;
}

/** What each socket asks for. */
const WANTED_RECEIVE_BUFFER_OCTETS = DEFAULT_RECEIVE_BUFFER_OCTETS;

/**
 * Throws {@link SystemCallError}; nothing stays open then. The first bind is exclusive, because SO_REUSEPORT would
 * share the port with any other program that sets it; with several workers that socket makes way for those that share.
 */
export function openSharedPort(
  libc: Libc,
  { address, port }: { readonly address: string; readonly port: number },
  workerCount: number,
): SharedPort {
  const options = { address, receiveBufferOctets: WANTED_RECEIVE_BUFFER_OCTETS };
  const first = openBatchSocket(libc, { ...options, port, isShared: false });
  const receiveBufferOctets = first.receiveBufferOctets / 2;
  if (workerCount === 1) return { descriptors: [first.descriptor], port: first.port, receiveBufferOctets };
  libc.close(first.descriptor);
  const descriptors: number[] = [];
  try {
    for (let worker = 0; worker < workerCount; worker++) {
      descriptors.push(openBatchSocket(libc, { ...options, port: first.port, isShared: true }).descriptor);
    }
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  return { descriptors, port: first.port, receiveBufferOctets };
}

/** Says once what the system grants: what a burst may bring before datagrams are lost. */
export function createReceiveBufferReport(logger: Logger): (grantedOctets: number) => void {
  let reported = 0;
  return (grantedOctets) => {
    if (grantedOctets === reported) return;
    reported = grantedOctets;
    const fields = { grantedOctets, wantedOctets: WANTED_RECEIVE_BUFFER_OCTETS };
    if (grantedOctets >= WANTED_RECEIVE_BUFFER_OCTETS) {
      logger.info('UDP receive buffers are as large as wanted', fields);
      return;
    }
    const remedy = 'bursts may lose datagrams; raise net.core.rmem_max';
    logger.warn(`UDP receive buffers are smaller than wanted: ${remedy}`, fields);
  };
}
