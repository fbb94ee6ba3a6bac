// What a person reads of reasons and counts.

import type { Outcome, Reason, Report } from './report.ts';

/** One or two words; the sentences come from the service. */
export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  listed: 'Right',
  replaced: 'Replaced',
  denied: 'Denied',
  silent: 'Unknown',
  conflict: 'Conflict',
  failed: 'Not found out',
  literal: 'Address',
  malformed: 'Not a URL',
  'downgrade-refused': 'Kept secure',
  'no-candidate': 'Kept',
  off: 'Kept',
};

/** `2 replaced, 1 right.` */
export function summarize({ decisions, changed, keptLastTracker, infoHashes }: Report): string {
  if (decisions.length === 0) return 'There is no tracker in it.';
  const counts = new Map<string, number>(); // at most one entry a reason
  for (const { reason } of decisions) {
    const word = lowerFirst(REASON_WORDS[reason]);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
  // The files that clients keep of torrents have no info-hashes here, and do not say whether the torrent is private.
  const why = infoHashes === undefined ? 'may be' : 'is';
  const kept = keptLastTracker ? ` Its last tracker stays, because it ${why} private.` : '';
  return `${changed ? '' : 'Nothing to change: '}${words}.${kept}`;
}

/** `Not a URL` within a sentence. */
function lowerFirst(word: string): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1);
}

/** The TXT records behind a decision, with what is known of them. */
export function recordsOf(outcome: Outcome | undefined): { readonly text: string; readonly notes: string }[] {
  switch (outcome?.kind) {
    case 'declared':
    case 'denied': {
      const notes = [
        outcome.authenticated ? 'validated by DNSSEC' : 'not validated',
        outcome.stale ? 'an old answer: there is no new one' : `kept ${formatSeconds(outcome.ttlSeconds)}`,
      ];
      return [{ text: outcome.record, notes: notes.join(', ') }];
    }
    case 'conflict':
      return outcome.records.map((text) => ({ text, notes: '' }));
    default:
      return [];
  }
}

function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
