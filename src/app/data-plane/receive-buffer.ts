// The receive buffers of UDP sockets: room for what a burst brings while nobody reads.

import type { Logger } from '../../io/log.ts';
import { DEFAULT_RECEIVE_BUFFER_OCTETS } from '../../io/udp-socket.ts';

export interface ReceiveBuffer {
  readonly grantedOctets: number;
  readonly wantedOctets: number;
}

/** What each socket for UDP asks for. */
export const WANTED_RECEIVE_BUFFER_OCTETS = DEFAULT_RECEIVE_BUFFER_OCTETS;

/** `reportedOctets` is what the system says of itself: Linux as much again, for its own bookkeeping (socket(7)). */
export function receiveBufferOf(reportedOctets: number, platform = process.platform): ReceiveBuffer {
  const grantedOctets = platform === 'linux' ? reportedOctets / 2 : reportedOctets;
  return { grantedOctets, wantedOctets: WANTED_RECEIVE_BUFFER_OCTETS };
}

/** Says once what the system grants: what a burst may bring before datagrams are lost. */
export function createReceiveBufferReport(logger: Logger): (buffer: ReceiveBuffer | undefined) => void {
  let reported = 0;
  return (buffer) => {
    if (buffer === undefined || buffer.grantedOctets === reported) return;
    reported = buffer.grantedOctets;
    if (buffer.grantedOctets >= buffer.wantedOctets) {
      logger.info('UDP receive buffers are as large as wanted', { ...buffer });
      return;
    }
    const remedy = 'bursts may lose datagrams; raise net.core.rmem_max';
    logger.warn(`UDP receive buffers are smaller than wanted: ${remedy}`, { ...buffer });
  };
}
