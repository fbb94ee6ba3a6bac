// A body as a whole, in memory that is used again. Chunks are copied as they come, since a client may send an octet in
// each, and a view of a chunk is a hundred times larger than that.

import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { OctetPool } from '../../io/files/octet-pool.ts';
import { ProblemError } from '../http/problem.ts';

/** For `addContentTypeParser` of fastify. */
export type BodyParser = (
  request: FastifyRequest,
  payload: IncomingMessage,
  done: (error: Error | null, body?: Uint8Array) => void,
) => void;

/** Of a body that does not say its length; doubled as often as it takes. Most lists fit. */
const FIRST_OCTETS = 65_536;

/** Bodies are of `pool`, and go back to it by whoever has done with them; those that come to no end are left to the collector. */
export function createBodyParser(pool: OctetPool, maxBodyOctets: number): BodyParser {
  return ({ headers }, payload, done) => {
    const stated = headers['content-length'];
    if (stated !== undefined && Number(stated) > maxBodyOctets) {
      done(new ProblemError('body-too-large'));
      return;
    }
    let octets = pool.take(stated === undefined ? FIRST_OCTETS : Number(stated));
    let length = 0; // of what has come

    payload.on('data', onData);
    payload.on('end', onEnd);
    payload.on('error', onError);

    function onData(chunk: Uint8Array): void {
      const end = length + chunk.length;
      if (end > maxBodyOctets) {
        stop(new ProblemError('body-too-large'));
        return;
      }
      if (end > octets.length) octets = enlarge(octets, Math.max(end, 2 * length));
      octets.set(chunk, length);
      length = end;
    }

    function enlarge(full: Uint8Array, size: number): Uint8Array {
      const larger = pool.take(size);
      larger.set(full.subarray(0, length));
      pool.give(full);
      return larger;
    }

    function onEnd(): void {
      stop(null, octets.subarray(0, length));
    }

    /** The client has gone, or sent what is no HTTP. */
    function onError(): void {
      stop(new ProblemError('bad-request'));
    }

    function stop(error: Error | null, body?: Uint8Array): void {
      payload.off('data', onData).off('end', onEnd).off('error', onError);
      done(error, body);
    }
  };
}
