// The lines of a stream, in and out.

import { z } from 'zod';
import { REASONS } from '../../core/rewrite/decide.ts';
import { component, problemSchema } from './schemas.ts';

/** A line that is JSON; any other line is a URL or a magnet link as it stands. */
export const streamLineSchema = component(
  'StreamLine',
  z.union([
    z.string().min(1),
    z.strictObject({ url: z.string().min(1) }),
    z.strictObject({ magnet: z.string().min(1) }),
  ]),
  'One line to rewrite: a tracker URL or a magnet link, as a string or in an object. It may also stand there bare, without ' +
    'quotation marks. Blank lines, and lines that begin with #, are passed over.',
);

const line = z.int().min(1).describe('Number of the line that it answers, from 1 on, blank lines counted');
const reason = z.enum(REASONS);
const host = z.string().optional().describe('As DNS was asked for it');
const fault = z.string().optional().describe('Of malformed: what is wrong');

export const streamAnswerSchema = component(
  'StreamAnswer',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('url'),
      line,
      reason,
      urls: z.array(z.string()).describe('What it becomes, in order, whole, passkeys too; none: it goes'),
      host,
      fault,
    }),
    z.object({
      kind: z.literal('magnet'),
      line,
      changed: z.boolean(),
      magnet: z.string().describe('What it becomes, whole'),
      trackers: z.array(z.object({ reason, host, fault })).describe('One a tracker of it, in order'),
    }),
    z.object({
      kind: z.literal('problem'),
      line: line
        .optional()
        .describe('Number of the line; of the stream as a whole, which ends with it, there is none'),
      problem: problemSchema,
    }),
  ]),
  'What became of one line. GET /v1/preference/{host} says more of a host.',
);

export type StreamAnswer = z.output<typeof streamAnswerSchema>;
