// How many octets of bodies are in memory at once, over all connections.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem.ts';

/** For `onRequest` of a route that takes a body. */
export type AdmitBody = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export interface BodyBudget {
  /** A request that says no length is counted with `maxBodyOctets`, which is the most that it may have. */
  bodies(maxBodyOctets: number): AdmitBody;
  /** Of a request that is not held as a whole, its share whatever its length. */
  share(octets: number): AdmitBody;
}

/** One for all routes and all addresses. */
export function createBodyBudget(maxHeldOctets: number): BodyBudget {
  let held = 0;

  function hold(octets: number, reply: FastifyReply): void {
    if (held + octets > maxHeldOctets) {
      reply.header('retry-after', '1');
      throw new ProblemError('busy');
    }
    held += octets;
    reply.raw.once('close', () => {
      held -= octets;
    });
  }

  return {
    bodies: (maxBodyOctets) => async (request, reply) => {
      const stated = Number(request.headers['content-length'] ?? maxBodyOctets);
      hold(Math.min(Number.isSafeInteger(stated) ? stated : maxBodyOctets, maxBodyOctets), reply);
    },
    share: (octets) => async (_request, reply) => hold(octets, reply),
  };
}
