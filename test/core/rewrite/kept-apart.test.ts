// What is not one tracker, not a name, and not worth remembering.

import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/rewrite/decide.ts';
import { createDecisionMemo } from '../../../src/core/rewrite/decision-memo.ts';
import { lookupHost } from '../../../src/core/rewrite/lookup-host.ts';
import { settleTiers } from '../../../src/core/rewrite/tiers.ts';
import { parseTrackerUrl } from '../../../src/core/rewrite/tracker-url.ts';
import { lookupOf, OPTIONS, outcomeOf } from './support.ts';

describe('what IDNA makes of a host', () => {
  test.each([
    ['a/c.example', 'bad-host'],
    ['u@h.example', 'bad-host'],
    ['h.example:1', 'bad-host'],
    ['h.example?', 'bad-host'],
    ['h example', 'bad-host'],
    ['bücher.example', 'bad-host'],
    ['', 'bad-host'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ])('is asked only where it is a host: %j', (ascii, expected) => {
    const url = parseTrackerUrl('udp://bücher.example:1/announce');
    if (url.kind === 'fault') throw new Error(url.code);
    const name = lookupHost(url, () => ascii);
    expect(typeof name === 'string' ? name : name.kind).toBe(expected);
  });
});

describe('a memo of decisions', () => {
  test.each([
    [2048, true],
    [2049, false],
  ])('keeps a URL of %i characters: %s', (length, isKept) => {
    const memo = createDecisionMemo();
    const outcome = outcomeOf('BITTORRENT UDP:1337');
    const url = 'udp://h.example:1/'.padEnd(length, 'a');
    const decideIt = () => decide(url, () => outcome, { ...OPTIONS, memo });
    const first = decideIt();
    expect(first.reason).toBe('replaced');
    expect(memo.hostOf(url)).toBe(isKept ? 'h.example' : undefined);
    expect(decideIt() === first).toBe(isKept);
  });
});

describe('with prefer', () => {
  const lookup = lookupOf({ 'h.example': 'BITTORRENT UDP:1 TCP:80' });
  const settle = (...urls: string[]) =>
    settleTiers([urls.map((url) => decide(url, lookup, { ...OPTIONS, mode: 'prefer' }))], { mode: 'prefer' })
      .tiers;

  test('URLs that differ in their endpoint alone are one tracker', () => {
    expect(settle('http://a@h.example:9/x', 'http://a@h.example:8/x')).toEqual([
      settle('http://a@h.example:9/x')[0],
    ]);
  });

  test('URLs of other users are other trackers', () => {
    const [one] = settle('http://a@h.example:9/x');
    const [other] = settle('http://b@h.example:9/x');
    expect(one!.length).toBeGreaterThan(0);
    expect(one).not.toEqual(other);
    expect(settle('http://a@h.example:9/x', 'http://b@h.example:9/x')).toEqual([[...one!, ...other!]]);
  });
});
