import { describe, expect, test } from 'vitest';
import { formatPreference } from '../../../src/core/preference/preference.ts';
import { readOutcome } from '../../../src/core/preference/read-outcome.ts';

interface Row {
  readonly records: readonly string[];
  readonly outcome: string;
}

/** One line an outcome: `declared UDP:1 TCP:80`, `denied`, `denied typo`, `silent no-record`, `conflict A | B`. */
function outcomeOf(records: readonly string[]): string {
  const outcome = readOutcome({ kind: 'txt', records, ttlSeconds: 300, authenticated: false });
  switch (outcome.kind) {
    case 'declared':
      return formatPreference(outcome.endpoints).replace('BITTORRENT', 'declared');
    case 'denied':
      return outcome.probableTypo ? 'denied typo' : 'denied';
    case 'silent':
      return `silent ${outcome.reason}`;
    case 'conflict':
      return `conflict ${outcome.records.join(' | ')}`;
    case 'failed':
      return `failed ${outcome.reason}`;
  }
}

describe('the records of an answer', () => {
  test.each<Row>([
    { records: ['BITTORRENT UDP:1337 TCP:80'], outcome: 'declared UDP:1337 TCP:80' },
    { records: ['BITTORRENT DENY ALL'], outcome: 'denied' },
    { records: ['BITTORRENT UDP1337'], outcome: 'denied typo' },
    { records: [], outcome: 'silent no-record' },
    { records: ['v=spf1 -all'], outcome: 'silent no-record' },
    { records: ['v=spf1 -all', 'BITTORRENT TCP:80', 'other'], outcome: 'declared TCP:80' },
    { records: ['BITTORRENT TCP:80', 'BITTORRENT TCP:80'], outcome: 'declared TCP:80' },
    // tracker.trackerfix.com published five; BiglyBT merges, newTrackon takes the first, pawal the lowest.
    {
      records: ['BITTORRENT UDP:82', 'BITTORRENT UDP:80'],
      outcome: 'conflict BITTORRENT UDP:80 | BITTORRENT UDP:82',
    },
    { records: ['BITTORRENT UDP:80', 'BITTORRENT'], outcome: 'conflict BITTORRENT | BITTORRENT UDP:80' },
    // Split strings come joined without separator; BiglyBT joins with a space, newTrackon reads a denial.
    { records: ['BITTORRENT UDP:80TCP:443'], outcome: 'denied typo' },
  ])('reads $records as $outcome', ({ records, outcome }) => {
    expect(outcomeOf(records)).toBe(outcome);
  });
});

test('keeps the TTL, the AD bit and the ignored words of the record', () => {
  const outcome = readOutcome({
    kind: 'txt',
    records: [`BITTORRENT x ${Array.from({ length: 11 }, (_, index) => `UDP:${index + 1}`).join(' ')}`],
    ttlSeconds: 77,
    authenticated: true,
  });
  expect(outcome).toMatchObject({
    kind: 'declared',
    ttlSeconds: 77,
    authenticated: true,
    stale: false,
    ignored: ['x', 'UDP:11'],
  });
});

test('keeps NXDOMAIN, NODATA and failure apart', () => {
  expect(readOutcome({ kind: 'no-name', ttlSeconds: 5 })).toEqual({
    kind: 'silent',
    reason: 'no-name',
    ttlSeconds: 5,
  });
  expect(readOutcome({ kind: 'no-record', ttlSeconds: 6 })).toEqual({
    kind: 'silent',
    reason: 'no-record',
    ttlSeconds: 6,
  });
  expect(readOutcome({ kind: 'failed', reason: 'the name server answered SERVFAIL' })).toEqual({
    kind: 'failed',
    reason: 'the name server answered SERVFAIL',
  });
});
