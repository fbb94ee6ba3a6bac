// The service under /v1: preferences, and rewriting of whatever holds tracker URLs.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { printable } from '../../core/octets/printable.ts';
import { countReasons } from '../../core/rewrite/decide.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { redactHost } from '../../core/rewrite/redact.ts';
import { parseHost } from '../../core/rewrite/tracker-url.ts';
import type { OctetPool } from '../../io/files/octet-pool.ts';
import type { Logger } from '../../io/log.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { formatProblem, PROBLEM_CODES, ProblemError, sendProblem } from '../http/problem.ts';
import type { Content, RewrittenContent } from '../rewrite/rewrite-content.ts';
import { chooseMediaType } from './accept.ts';
import type { BodyBudget } from './held-octets.ts';
import { type LentOctets, lendUntilSent } from './lent-octets.ts';
import { MAX_TEXT_OCTETS, STREAM_OCTETS } from './limits.ts';
import { createOpenApiDocument } from './openapi.ts';
import { reportContent, reportOutcome } from './report.ts';
import { JSON_TYPE, readContent, readLink, TEXT_TYPE, TORRENT_TYPE } from './request-content.ts';
import { rewriteForStranger, rewriteOptionsOf } from './rewriter.ts';
import {
  hostSchema,
  type PreferenceReport,
  type RewriteQuery,
  rewriteOptionsSchema,
  rewriteUrlSchema,
} from './schemas.ts';
import { answerStream, createStreamLimit, STREAM_TYPE } from './stream-route.ts';
import { createBodyParser } from './whole-body.ts';

export interface ApiOptions {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly maxTorrentOctets: number;
  /** Requests that look something up are counted by it: for `onRequest`. */
  readonly limitRate: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  /** Counts one more request of the client that asks; whether it may. */
  readonly mayAskMore: (request: FastifyRequest) => Promise<boolean>;
  readonly bodies: BodyBudget;
  /** Memory of bodies and of answers. */
  readonly pool: OctetPool;
  readonly logger: Logger;
  /** How long a stream may stand still; some time of its own by default. */
  readonly idleMilliseconds?: number | undefined;
}

export function addApiRoutes(
  server: FastifyInstance,
  { resolver, maxTorrentOctets, limitRate, mayAskMore, bodies, pool, logger, idleMilliseconds }: ApiOptions,
): void {
  const bodyLimit = Math.max(toBase64Octets(maxTorrentOctets), MAX_TEXT_OCTETS);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', createBodyParser(pool, bodyLimit));
  server.addContentTypeParser(STREAM_TYPE, (_request, body, done) => done(null, body));

  server.get('/v1/preference/:host', { onRequest: limitRate }, async (request, reply) => {
    const { host } = parseParameters(hostSchema, request.params);
    const name = nameOfHost(host);
    const outcome = await resolver.lookupPreference(host, signalOf(reply));
    const report: PreferenceReport = { host: printable(redactHost(name)), outcome: reportOutcome(outcome) };
    return sendJson(reply, report);
  });

  server.get('/v1/rewrite', { onRequest: limitRate }, async (request, reply) => {
    const query = parseParameters(rewriteUrlSchema, request.query);
    return answer(request, reply, { content: readLink(query.url), query, native: JSON_TYPE });
  });

  const admitWhole = bodies.bodies(bodyLimit);
  const admitStream = [createStreamLimit(), bodies.share(STREAM_OCTETS)];
  const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const steps = request.mediaType === STREAM_TYPE ? admitStream : [admitWhole];
    for (const step of steps) await step(request, reply);
  };
  const onRequest = [limitRate, refuseEncodings, admit];
  server.post('/v1/rewrite', { onRequest }, async (request, reply) => {
    const query = parseParameters(rewriteOptionsSchema, request.query);
    const mediaType = request.mediaType;
    if (mediaType === STREAM_TYPE) {
      if (chooseMediaType(request.headers.accept, [STREAM_TYPE]) === undefined)
        throw notAcceptable([STREAM_TYPE]);
      return answerStream(request, reply, {
        resolver,
        rewriting: rewriteOptionsOf(query),
        logger,
        mayAskMore: () => mayAskMore(request),
        idleMilliseconds,
      });
    }
    const body = (request.body as Uint8Array | undefined) ?? NOTHING;
    const lent = lendUntilSent(pool, reply);
    lent.add(body);
    const content = readContent(body, mediaType);
    if (content.kind === 'torrent') checkTorrentSize(content.octets);
    const native =
      mediaType === 'application/json' ? JSON_TYPE : content.kind === 'torrent' ? TORRENT_TYPE : TEXT_TYPE;
    return answer(request, reply, { content, query, native, lent });
  });

  server.get('/v1/openapi.json', { onRequest: limitRate }, (_request, reply) =>
    sendJson(reply, createOpenApiDocument(maxTorrentOctets)),
  );

  server.get<{ Params: { code: string } }>('/v1/problems/:code', (request, reply) => {
    const code = PROBLEM_CODES.find((each) => each === request.params.code);
    return code === undefined ? sendProblem(reply, 'not-found') : sendJson(reply, formatProblem(code));
  });

  function checkTorrentSize({ length }: Uint8Array): void {
    if (length > maxTorrentOctets) {
      throw new ProblemError('body-too-large', {
        detail: `A torrent has at most ${maxTorrentOctets} octets here.`,
      });
    }
  }

  async function answer(
    { headers }: FastifyRequest,
    reply: FastifyReply,
    { content, query, native, lent }: Asked,
  ): Promise<FastifyReply> {
    const offered =
      native === JSON_TYPE && content.kind !== 'torrent' ? [JSON_TYPE, TEXT_TYPE] : [native, JSON_TYPE];
    const bare = chooseMediaType(
      headers.accept,
      offered.map((type) => type.split(';')[0]!),
    );
    if (bare === undefined) throw notAcceptable(offered);
    const rewritten = await rewriteForStranger(content, query, {
      resolver,
      signal: signalOf(reply),
      takeMemory: lent?.take,
    });
    const vary = reply.getHeader('vary'); // by whoever adds CORS
    reply.header('vary', vary === undefined ? 'Accept' : `${vary}, Accept`);
    if (bare === 'application/json') return sendJson(reply, reportContent(content, rewritten));
    return sendOctets(reply, rewritten, offered.find((type) => type.startsWith(bare))!);
  }
}

interface Asked {
  readonly content: Content;
  readonly query: RewriteQuery;
  /** Media type that the answer has where the client does not mind. */
  readonly native: string;
  /** For torrents. */
  readonly lent?: LentOctets;
}

function notAcceptable(offered: readonly string[]): ProblemError {
  return new ProblemError('not-acceptable', { detail: `The answer comes as ${offered.join(' or as ')}.` });
}

const NOTHING = new Uint8Array(0);

/** What JSON adds around a torrent in Base64 (RFC 4648 §4): member name, quotes, blanks. */
const JSON_MARGIN = 1024;

function toBase64Octets(octets: number): number {
  return Math.ceil(octets / 3) * 4 + JSON_MARGIN;
}

/** The name to ask for; an address and a name that DNS does not hold are hosts as well, and nobody is asked. */
function nameOfHost(text: string): string {
  const url = parseHost(text);
  if (url.kind === 'fault' || url.text.slice(url.hostStart, url.hostEnd) !== text)
    throw new ProblemError('bad-host');
  const name = lookupHost(url, toAsciiHost);
  if (typeof name === 'string') return name;
  if (name.kind === 'bad-host') throw new ProblemError('bad-host');
  return text;
}

/** Aborted when the client has gone: nobody waits for its look-ups then. */
function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Throws ProblemError with every parameter that is wrong, and none of their values. */
export function parseParameters<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? 'a parameter is not known'
      : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new ProblemError('bad-parameter', { detail: `${[...new Set(faults)].join('; ')}.` });
}

/** A compressed body is not unpacked: some octets of it would become gigabytes. */
async function refuseEncodings({ headers }: FastifyRequest): Promise<void> {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new ProblemError('unsupported-media-type');
}

function sendJson(reply: FastifyReply, value: object): FastifyReply {
  return reply
    .type(JSON_TYPE)
    .serializer((payload: object) => `${JSON.stringify(payload)}\n`)
    .send(value);
}

/** What was rewritten and nothing else; whether anything changed, and why, is in headers. */
function sendOctets(reply: FastifyReply, rewritten: RewrittenContent, type: string): FastifyReply {
  const { octets, changed, decisions, kind, form } = rewritten;
  reply.header('portolan-changed', String(changed));
  reply.header(
    'portolan-reasons',
    [...countReasons(decisions)].map(([reason, count]) => `${reason}=${count}`).join(', '),
  );
  if (kind === 'torrent') {
    const name = form === 'resume' ? 'rewritten.fastresume' : 'rewritten.torrent';
    reply.header('content-disposition', `attachment; filename="${name}"`);
  }
  return reply.type(type).send(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength));
}
