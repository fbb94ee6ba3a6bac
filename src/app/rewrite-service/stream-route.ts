// A body that is answered line by line while it comes: as fast as the client reads, and no further than it has sent.

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RewriteOptions } from '../../core/rewrite/decide.ts';
import type { Logger } from '../../io/log.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { takeAsStream } from '../http/body-deadline.ts';
import { formatProblem, ProblemError, problemOf } from '../http/problem.ts';
import { MAX_STREAMS, MAX_STREAMS_OF_CLIENT, STREAM_IDLE_MILLISECONDS } from './limits.ts';
import { createStreamLookups } from './stream-lookups.ts';
import { formatAnswer, rewriteStream } from './stream-rewriter.ts';

export const STREAM_TYPE = 'application/x-ndjson';

export interface StreamOptions {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly rewriting: RewriteOptions;
  readonly logger: Logger;
  /** Counts one more request of the client; whether it may. */
  mayAskMore(): Promise<boolean>;
  /** Without anything that moves in either direction; {@link STREAM_IDLE_MILLISECONDS} by default. */
  readonly idleMilliseconds?: number | undefined;
}

/** For `onRequest`: ends with the problem `busy` where there are as many streams as there may be. */
export function createStreamLimit(): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const ofClient = new Map<string, number>(); // bounded by MAX_STREAMS
  let streams = 0;
  return async ({ ip }, reply) => {
    const own = ofClient.get(ip) ?? 0;
    if (streams === MAX_STREAMS || own === MAX_STREAMS_OF_CLIENT) {
      reply.header('retry-after', '1');
      throw new ProblemError('busy');
    }
    streams++;
    ofClient.set(ip, own + 1);
    reply.raw.once('close', () => {
      streams--;
      const left = ofClient.get(ip)! - 1;
      if (left === 0) ofClient.delete(ip);
      else ofClient.set(ip, left);
    });
  };
}

/** Answers `request`, whose body nobody has read of. What goes wrong on the way is a last line. */
export function answerStream(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  { resolver, rewriting, logger, mayAskMore, idleMilliseconds = STREAM_IDLE_MILLISECONDS }: StreamOptions,
): FastifyReply {
  takeAsStream(raw);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const patient = readPatiently(raw);
  let isWriting = false;
  reply.raw.setTimeout(idleMilliseconds, () => {
    if (isWriting) reply.raw.destroy();
    else if (!patient.giveUp()) reply.raw.setTimeout(idleMilliseconds); // the look-ups take their time
  });

  async function* answers(): AsyncGenerator<string> {
    try {
      const lookups = createStreamLookups({ resolver, signal: gone.signal, mayAskMore });
      for await (const part of rewriteStream(patient.read(), lookups, rewriting)) {
        isWriting = true;
        yield part;
        isWriting = false;
      }
    } catch (error) {
      if (gone.signal.aborted || raw.errored !== null) return;
      isWriting = true;
      const { code } = problemOf(error);
      if (code === 'failed')
        logger.error('a stream over HTTP failed: please report this', { error: error as Error });
      yield formatAnswer({ kind: 'problem', problem: formatProblem(code) });
    } finally {
      isWriting = true; // of what is left
    }
  }

  // The connection ends with the answer: of a body that was given up, the rest would follow on it.
  reply.type(STREAM_TYPE).header('connection', 'close');
  return reply.send(Readable.from(answers(), { objectMode: false }));
}

interface PatientReading {
  /** Rejects with the problem `request-timeout` once it is given up. Leaves the request open. */
  read(): AsyncGenerator<Uint8Array>;
  /** False when nothing is waited for. */
  giveUp(): boolean;
}

function readPatiently(raw: IncomingMessage): PatientReading {
  let giveUp: (() => void) | undefined;
  return {
    async *read() {
      const chunks = raw.iterator({ destroyOnReturn: false }) as NodeJS.AsyncIterator<Uint8Array, undefined>;
      for (;;) {
        const next = await new Promise<IteratorResult<Uint8Array, undefined>>((resolve, reject) => {
          giveUp = () => reject(new ProblemError('request-timeout'));
          chunks.next().then(resolve, reject);
        });
        giveUp = undefined;
        if (next.done === true) return;
        yield next.value;
      }
    },
    giveUp() {
      giveUp?.();
      return giveUp !== undefined;
    },
  };
}
