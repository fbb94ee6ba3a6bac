// Settings under [tracker] of what the tracker tells people: its index page, and counts for everybody.

import { z } from 'zod';
import { MAX_POLICY_OCTETS } from '../../core/tracker/http/pages.ts';
import { setting } from './setting.ts';

export const pageSettings = {
  policy: setting(
    z
      .string('expected text')
      .refine(isShort, `expected at most ${MAX_POLICY_OCTETS} octets in UTF-8`)
      .refine(isPlain, 'expected plain text, without control characters'),
    {
      comment:
        'What you want people to know, on the index page of every tracker host: plain text, whose line breaks stay ' +
        `("""…""" in the file), at most ${MAX_POLICY_OCTETS} octets.`,
      argument: 'text',
      kind: 'text',
      default: '',
    },
  ),
  policy_file: setting(z.string('expected a path'), {
    comment: 'The same from a file. Read again at SIGHUP; one that is of no use leaves the text that was.',
    argument: 'path',
    kind: 'text',
    default: '',
  }),
  stats: setting(z.boolean('expected true or false'), {
    comment:
      'Whether every tracker host has /stats: torrents, seeds, leechers and peers as JSON, for whoever asks. The status ' +
      'page of the operator has more.',
    argument: 'true|false',
    kind: 'switch',
    default: false,
  }),
} as const;

export interface PageKeys {
  readonly policy: string;
  readonly policy_file: string;
}

/** A text that nobody would see. */
export function checkPages(tracker: PageKeys, context: z.RefinementCtx): void {
  if (tracker.policy === '' || tracker.policy_file === '') return;
  const message = 'expected either tracker.policy or tracker.policy_file';
  context.addIssue({ code: 'custom', path: ['tracker', 'policy_file'], message, input: tracker });
}

function isShort(text: string): boolean {
  return new TextEncoder().encode(text).length <= MAX_POLICY_OCTETS;
}

/** Of C0, tabulators and line ends are text. */
export function isPlain(text: string): boolean {
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text);
}
