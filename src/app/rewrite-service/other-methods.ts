// What a path has to say to methods that it does not take: which it does (RFC 9110 §9.3.7, §15.5.6).

import type { FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../http/problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of `@fastify/cors`, which reads it and does not declare it. */
    readonly cors?: Pick<FastifyCorsOptions, 'strictPreflight' | 'preflightContinue'>;
  }
}

/** Answers OPTIONS, and refuses every other method, on all paths that are added within `server` until it is called. */
export type AddOtherMethods = () => void;

/** Watches which paths are added to `server` from now on. */
export function watchMethods(server: FastifyInstance): AddOtherMethods {
  const taken = new Map<string, Set<string>>(); // one set a path of ours
  let isOver = false;
  server.addHook('onRoute', ({ url, method }) => {
    if (isOver) return;
    const methods = taken.get(url) ?? new Set();
    taken.set(url, methods);
    for (const each of [method].flat()) methods.add(each);
  });
  return () => {
    isOver = true;
    for (const [url, methods] of taken) addOthers(server, url, methods);
  };
}

function addOthers(server: FastifyInstance, url: string, taken: ReadonlySet<string>): void {
  const allow = [...taken, 'OPTIONS'].sort().join(', ');
  const tell = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    reply.code(204).header('allow', allow).send();
  const refuse = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    sendProblem(reply.header('allow', allow), 'wrong-method');
  // Answered ahead of the handler: of a body, nothing is read.
  server.route({
    method: 'OPTIONS',
    url,
    onRequest: tell,
    handler: tell,
    config: { cors: NOT_ONLY_PREFLIGHT },
  });
  const others = server.supportedMethods.filter((each) => each !== 'OPTIONS' && !taken.has(each));
  server.route({ method: others, url, onRequest: refuse, handler: refuse });
}

/** Where there is CORS it adds its fields, and refuses no OPTIONS that is no preflight. */
const NOT_ONLY_PREFLIGHT = { strictPreflight: false, preflightContinue: true } as const;
