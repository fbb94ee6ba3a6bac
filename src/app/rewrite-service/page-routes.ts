// The page for people: its files, and the answer to its form where scripts do not run.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEMS, problemOf, sendProblem } from '../http/problem.ts';
import { type ApiOptions, parseParameters } from './api-routes.ts';
import { lendUntilSent } from './lent-octets.ts';
import { MAX_TEXT_OCTETS } from './limits.ts';
import { formatAnswer, formatFault } from './page-answer.ts';
import { createPageFile, type PageFile, readPageFiles } from './page-files.ts';
import { reportContent } from './report.ts';
import { readContent } from './request-content.ts';
import { rewriteForStranger } from './rewriter.ts';
import { rewriteOptionsSchema } from './schemas.ts';
import { createBodyParser } from './whole-body.ts';

/** Everything comes from this server, and nothing within the page is a script or a style. */
export const PAGE_POLICY =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

const PAGE = 'rewrite.html';
/** Where the answer to the form stands in the page. */
const PLACE = '<!-- answer -->';

/** Percent-encoding takes three octets for one. */
const MAX_FORM_OCTETS = 3 * MAX_TEXT_OCTETS;

export interface PageOptions extends Pick<ApiOptions, 'resolver' | 'limitRate' | 'bodies' | 'pool'> {
  /** Where the page is, beside `/rewrite`. */
  readonly pagePath: '/' | undefined;
}

export function addPageRoutes(
  server: FastifyInstance,
  { resolver, limitRate, bodies, pool, pagePath }: PageOptions,
): void {
  const files = readPageFiles();
  const template = files.get(PAGE)!.octets.toString();
  const page = createPageFile(template.replace(PLACE, ''), files.get(PAGE)!.type);

  for (const path of ['/rewrite', ...(pagePath === undefined ? [] : [pagePath])])
    server.get(path, (request, reply) => sendFile(request, reply, page));

  server.get<{ Params: { name: string } }>('/rewrite/:name', (request, reply) => {
    const file = files.get(request.params.name);
    return file === undefined || request.params.name === PAGE
      ? sendProblem(reply, 'not-found')
      : sendFile(request, reply, file);
  });

  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/x-www-form-urlencoded', createBodyParser(pool, MAX_FORM_OCTETS));
  const onRequest = [limitRate, bodies.bodies(MAX_FORM_OCTETS)];
  server.post('/rewrite', { onRequest }, async (request, reply) => {
    const body = request.body as Uint8Array | undefined;
    if (body !== undefined) lendUntilSent(pool, reply).add(body);
    const answer = await answerForm(new URLSearchParams(new TextDecoder().decode(body)));
    reply.code(answer.status).header('content-security-policy', PAGE_POLICY);
    return reply.type('text/html; charset=utf-8').send(template.replace(PLACE, () => answer.html));
  });

  async function answerForm(form: URLSearchParams): Promise<{ status: number; html: string }> {
    try {
      const { text = '', ...options } = Object.fromEntries(form);
      const content = readContent(new TextEncoder().encode(text.trim()), 'text/plain');
      const query = parseParameters(rewriteOptionsSchema, options);
      const rewritten = await rewriteForStranger(content, query, { resolver, signal: NEVER });
      return { status: 200, html: formatAnswer(reportContent(content, rewritten)).html };
    } catch (error) {
      const { code, details } = problemOf(error);
      if (code === 'failed') throw error;
      const [status, title] = PROBLEMS[code];
      return { status, html: formatFault(details.detail ?? title).html };
    }
  }
}

/** A form is short, and so are its look-ups. */
const NEVER = new AbortController().signal;

/** Asked again each time, and answered with no more than that nothing has changed. */
function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.header('etag', file.etag).header('cache-control', 'no-cache');
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (known.includes(file.etag)) return reply.code(304).send();
  return reply.header('content-security-policy', PAGE_POLICY).type(file.type).send(file.octets);
}
