// From what DNS answered about a host to one of the five outcomes (BEP 34).

import type { Outcome } from './outcome.ts';
import { type Preference, parsePreference } from './preference.ts';

/** What a resolver found, without any opinion on it. */
export type TxtAnswer =
  | {
      readonly kind: 'txt';
      /** One text a TXT record, its character-strings joined without separator, in any order. */
      readonly records: readonly string[];
      readonly ttlSeconds: number;
      /** The resolver set AD. */
      readonly authenticated: boolean;
    }
  | { readonly kind: 'no-name' | 'no-record'; readonly ttlSeconds: number }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Records of other programs do not count, and identical records are one. DNS does not order an answer, so records
 * that differ are a conflict and none of them is followed (BiglyBT merges them, newTrackon takes the first it sees).
 */
export function readOutcome(answer: TxtAnswer): Outcome {
  switch (answer.kind) {
    case 'failed':
      return { kind: 'failed', reason: answer.reason };
    case 'no-name':
    case 'no-record':
      return { kind: 'silent', reason: answer.kind, ttlSeconds: answer.ttlSeconds };
    case 'txt':
      return readRecords(answer);
  }
}

function readRecords({ records, ttlSeconds, authenticated }: TxtAnswer & { kind: 'txt' }): Outcome {
  const preferences = new Map<string, Preference>(); // at most one entry a record of one answer
  for (const record of records) {
    const preference = parsePreference(record);
    if (preference !== undefined) preferences.set(record, preference);
  }
  const [first, ...others] = preferences;
  if (first === undefined) return { kind: 'silent', reason: 'no-record', ttlSeconds };
  if (others.length > 0) return { kind: 'conflict', records: [...preferences.keys()].sort(), ttlSeconds };
  const [record, { endpoints, ignored, excess, probableTypo }] = first;
  const found = { record, ttlSeconds, authenticated, stale: false, ignored: [...ignored, ...excess] };
  return endpoints.length > 0
    ? { kind: 'declared', endpoints, ...found }
    : { kind: 'denied', probableTypo, ...found };
}
