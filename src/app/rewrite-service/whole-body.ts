// A body as a whole, in memory that is used again.

import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { createGatherer } from '../../core/octets/gather.ts';
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
    const firstOctets = stated === undefined ? FIRST_OCTETS : Number(stated);
    const body = createGatherer(maxBodyOctets, { memory: pool, firstOctets });

    payload.on('data', onData);
    payload.on('end', onEnd);
    payload.on('error', onError);

    function onData(chunk: Uint8Array): void {
      if (!body.add(chunk)) stop(new ProblemError('body-too-large'));
    }

    function onEnd(): void {
      stop(null);
    }

    /** The client has gone, or sent what is no HTTP. */
    function onError(): void {
      stop(new ProblemError('bad-request'));
    }

    function stop(error: Error | null): void {
      payload.off('data', onData).off('end', onEnd).off('error', onError);
      done(error, error === null ? body.octets() : undefined);
    }
  };
}
