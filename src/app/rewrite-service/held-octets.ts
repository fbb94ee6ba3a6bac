// How many octets of bodies are in memory at once, over all connections.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem.ts';

/** For `onRequest` of a route that takes a body: a request that says no length is counted with the most that it may have. */
export function createBodyBudget(maxHeldOctets: number, maxBodyOctets: number) {
  let held = 0;
  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const stated = Number(headers['content-length'] ?? maxBodyOctets);
    const octets = Math.min(Number.isSafeInteger(stated) ? stated : maxBodyOctets, maxBodyOctets);
    if (held + octets > maxHeldOctets) {
      reply.header('retry-after', '1');
      throw new ProblemError('busy');
    }
    held += octets;
    reply.raw.once('close', () => {
      held -= octets;
    });
  };
}
