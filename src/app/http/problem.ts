// What is wrong with a request, as RFC 9457 has it: a status, a stable code, one sentence.

import type { FastifyReply } from 'fastify';

/** Every code with its status and what it says; `/v1/problems/CODE` shows them one by one. */
export const PROBLEMS = {
  'bad-request': [400, 'The request cannot be read.'],
  'bad-parameter': [400, 'A parameter is missing, unknown or has a value that it cannot have.'],
  'bad-json': [400, 'The body is not JSON, or not of the form that is asked for.'],
  'bad-host': [400, 'This is not a host name.'],
  'empty-body': [400, 'There is nothing to rewrite.'],
  'cross-site': [403, 'A page of another site asked, and it is not among those that may.'],
  'not-found': [404, 'There is nothing at this path.'],
  'wrong-method': [405, 'The path is there, but not for this method.'],
  'not-acceptable': [406, 'The answer comes in none of the media types that were asked for.'],
  'request-timeout': [408, 'The request did not come in time.'],
  'body-too-large': [413, 'The body is larger than this server takes.'],
  'line-too-long': [413, 'The line is longer than this server takes.'],
  'unsupported-media-type': [415, 'The body is of a media type or encoding that this server does not read.'],
  'wrong-host': [421, 'This server is asked by its address, as localhost, or by a name that it was told.'],
  'bad-torrent': [422, 'The body is no torrent.'],
  'bad-magnet': [422, 'This is no magnet link.'],
  'bad-line': [422, 'The line is no URL or magnet link, bare or in JSON.'],
  'too-many-urls': [422, 'There are more URLs than are rewritten at once.'],
  'too-many-hosts': [422, 'There are more hosts to look up than are looked up for one request.'],
  'rate-limited': [429, 'This client has asked too often; it may again after some seconds.'],
  'header-too-large': [431, 'The head of the request is larger than this server takes.'],
  failed: [500, 'The server failed to answer; its log says why.'],
  busy: [503, 'The server holds as much as it may at once; try again in a moment.'],
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

export const PROBLEM_TYPE = 'application/problem+json';

export interface ProblemDetails {
  /** One sentence about this very request, without anything of its URLs that may be a passkey. */
  readonly detail?: string | undefined;
  /** Of `bad-torrent`: in the octets that came. */
  readonly offset?: number | undefined;
  /** Of `bad-torrent`: the code of what is wrong there. */
  readonly reason?: string | undefined;
}

/** Ends a request; the error handler of the server answers with it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly details: ProblemDetails;

  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    super(details.detail ?? PROBLEMS[code][1]);
    this.code = code;
    this.details = details;
  }
}

/** The members of RFC 9457 §3.1, and `code`, which is the end of `type`. */
export interface Problem extends ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
}

export function formatProblem(code: ProblemCode, details: ProblemDetails = {}): Problem {
  const [status, title] = PROBLEMS[code];
  return { type: `/v1/problems/${code}`, title, status, code, ...details };
}

export function sendProblem(reply: FastifyReply, code: ProblemCode, details?: ProblemDetails): FastifyReply {
  return reply
    .code(PROBLEMS[code][0])
    .removeHeader('etag')
    .type(PROBLEM_TYPE)
    .serializer((payload: Problem) => `${JSON.stringify(payload)}\n`)
    .send(formatProblem(code, details));
}

/** fastify's own codes; what is not among them is told apart by its status. */
const CODES_OF_FASTIFY: { readonly [code: string]: ProblemCode } = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
};

/** `failed` for what is no fault of the client's. */
export function problemOf(error: unknown): { readonly code: ProblemCode; readonly details: ProblemDetails } {
  if (error instanceof ProblemError) return error;
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number };
  const known = CODES_OF_FASTIFY[code] ?? (statusCode < 500 ? 'bad-request' : 'failed');
  return { code: known, details: {} };
}
