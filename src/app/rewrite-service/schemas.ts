// What the service takes and gives: the schemas that requests are checked by, that answers are typed by, and that the
// OpenAPI document is made of.

import { z } from 'zod';
import { REASONS } from '../../core/rewrite/decide.ts';
import type * as web from '../../web/report.ts';
import { PROBLEM_CODES } from '../http/problem.ts';

/** Schemas that the document names; as many as are written here and in stream-schemas.ts. */
export const components = z.registry<{ readonly id: string }>();

export function component<S extends z.ZodType>(id: string, schema: S, description: string): S {
  const described = schema.describe(description);
  components.add(described, { id });
  return described;
}

const flag = z
  .enum(['true', 'false'], 'expected "true" or "false"')
  .default('false')
  .transform((text) => text === 'true');

/** How to rewrite, in the query of every request that does. */
export const rewriteOptionsSchema = z.strictObject({
  mode: z
    .enum(['fix', 'prefer', 'off'], 'expected "fix", "prefer" or "off"')
    .default('fix')
    .describe('fix: only URLs that are wrong; prefer: always the declared ones, in order; off: none'),
  spread: flag.describe('Put the candidates of one URL in tiers of their own'),
  keep_denied: flag.describe('Report trackers that are denied, but keep them'),
  allow_downgrade: flag.describe('Let https become clear text, passkeys included'),
});

export type RewriteQuery = z.output<typeof rewriteOptionsSchema>;

export const rewriteUrlSchema = rewriteOptionsSchema.extend({
  url: z
    .string('expected a tracker URL or a magnet link')
    .min(1, 'expected a tracker URL or a magnet link')
    .describe('A tracker URL or a magnet link. One with a passkey is better posted: queries end up in logs.'),
});

const CONTENT = 'expected one of url, magnet, list and torrent, and nothing else';

/** The body of `application/json`. */
export const rewriteBodySchema = component(
  'Content',
  z.union(
    [
      z.strictObject({ url: z.string().min(1) }),
      z.strictObject({ magnet: z.string().min(1) }),
      z.strictObject({ list: z.string().min(1) }),
      z.strictObject({ torrent: z.string().min(1).meta({ contentEncoding: 'base64' }) }),
    ],
    CONTENT,
  ),
  'One thing to rewrite; a list has one URL a line and a blank line between tiers, a torrent is Base64.',
);

export const hostSchema = z.strictObject({ host: z.string().describe('A host name, in Unicode or ASCII') });

const endpointSchema = component(
  'Endpoint',
  z.object({ transport: z.enum(['udp', 'tcp']), port: z.int().min(1).max(65_535) }),
  'A port that a record declares.',
);

const fromRecord = {
  record: z.string().describe('Its character-strings joined; controls are written as \\u{…} or \\x…'),
  ttlSeconds: z.number(),
  authenticated: z.boolean().describe('The resolver validated it by DNSSEC'),
  stale: z.boolean().describe('Expired, and used because no new answer could be had (RFC 8767)'),
  ignored: z.array(z.string()).describe('Words that are no endpoint, and endpoints past the tenth'),
};

export const outcomeSchema = component(
  'Outcome',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('declared'), endpoints: z.array(endpointSchema), ...fromRecord }),
    z.object({ kind: z.literal('denied'), probableTypo: z.boolean(), ...fromRecord }),
    z.object({
      kind: z.literal('silent'),
      reason: z.enum(['no-name', 'no-record', 'not-asked']),
      ttlSeconds: z.number(),
    }),
    z.object({ kind: z.literal('conflict'), records: z.array(z.string()), ttlSeconds: z.number() }),
    z.object({ kind: z.literal('failed'), reason: z.string() }),
  ]),
  'What DNS says of a host (BEP 34). Only declared and denied ever change a URL.',
) satisfies z.ZodType<web.Outcome>;

export const preferenceSchema = component(
  'Preference',
  z.object({ host: z.string().describe('As DNS was asked for it'), outcome: outcomeSchema }),
  'The preference of a host.',
);

export type PreferenceReport = z.output<typeof preferenceSchema>;

const decisionSchema = component(
  'Decision',
  z.object({
    url: z.string().describe('As given, with … where a passkey may be'),
    reason: z.enum(REASONS),
    explanation: z.string().describe('One or two sentences for people'),
    urls: z.array(z.string()).describe('What it becomes, in order, with … where a passkey may be'),
    host: z.string().optional(),
    fault: z.string().optional().describe('Of malformed: what is wrong'),
    outcome: outcomeSchema.optional(),
  }),
  'What becomes of one URL, and why.',
) satisfies z.ZodType<web.Decision>;

const tiersSchema = z.array(z.array(z.string()));

export const reportSchema = component(
  'Report',
  z.object({
    kind: z.enum(['url', 'magnet', 'torrent', 'list']),
    changed: z.boolean(),
    result: z.string().describe('Whole, passkeys too: URLs one a line; of a torrent its octets as Base64'),
    name: z.string().optional(),
    infoHashes: z
      .object({ v1: z.string().optional(), v2: z.string().optional() })
      .optional()
      .describe('Of a torrent, in hexadecimal; the same before and after'),
    keptLastTracker: z.boolean(),
    decisions: z.array(decisionSchema),
    announce: z
      .object({ before: z.string().optional(), after: z.string().optional() })
      .optional()
      .describe('Of a torrent, which may have it beside its tiers'),
    tiers: z.object({ before: tiersSchema, after: tiersSchema }),
  }),
  'What was rewritten, and why.',
) satisfies z.ZodType<web.Report>;

export const problemSchema = component(
  'Problem',
  z.object({
    type: z.string().describe('Relative to this server; /v1/problems/CODE'),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES),
    detail: z.string().optional(),
    offset: z.int().optional().describe('Of bad-torrent: in the octets that came'),
    reason: z.string().optional().describe('Of bad-torrent: what is wrong there'),
  }),
  'What is wrong with a request (RFC 9457).',
) satisfies z.ZodType<web.Problem>;
