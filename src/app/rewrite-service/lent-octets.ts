// Memory that a request has until its answer is out: fresh memory for each of them keeps the collector busier than the
// rewriting itself.

import type { FastifyReply } from 'fastify';
import type { OctetPool } from '../../io/files/octet-pool.ts';

export interface LentOctets {
  /** At least `sizeOctets`, which hold whatever they held. */
  take(sizeOctets: number): Uint8Array;
  /** Something else of the pool that is to go back at the same time. */
  add(octets: Uint8Array): void;
}

/** What belongs to a request whose client has gone may be looked at still, and is left to the collector. */
export function lendUntilSent(pool: OctetPool, { raw }: FastifyReply): LentOctets {
  const lent: Uint8Array[] = []; // a body, and one a torrent
  raw.once('close', () => {
    if (raw.writableFinished) for (const octets of lent) pool.give(octets);
  });
  return {
    take(sizeOctets) {
      const octets = pool.take(sizeOctets);
      lent.push(octets);
      return octets;
    },
    add: (octets) => void lent.push(octets),
  };
}
