import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/preference/outcome.ts';
import { decide, type RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import {
  createDecisionMemo,
  type DecisionMemo,
  MAX_REMEMBERED_URLS,
} from '../../../src/core/rewrite/decision-memo.ts';
import { hostsToLookUp } from '../../../src/core/rewrite/lookup-host.ts';
import { lookupOf, OPTIONS } from './support.ts';

const URL = 'http://h.example:8080/announce';
const MOVED = lookupOf({ 'h.example': 'BITTORRENT UDP:1337' });

function decideWith(memo: DecisionMemo, lookup = MOVED, options: Partial<RewriteOptions> = {}) {
  return decide(URL, lookup, { ...OPTIONS, ...options, memo });
}

describe('a memo of decisions', () => {
  test('gives the decision that was made, not another', () => {
    const memo = createDecisionMemo();
    const outcome = MOVED('h.example');
    const lookup = (): Outcome | undefined => outcome;
    const first = decideWith(memo, lookup);
    expect(first).toEqual(decide(URL, lookup, OPTIONS));
    expect(decideWith(memo, lookup)).toBe(first);
  });

  test('decides anew when the host says something else', () => {
    const memo = createDecisionMemo();
    decideWith(memo);
    expect(decideWith(memo, lookupOf({ 'h.example': 'BITTORRENT' })).reason).toBe('denied');
    expect(decideWith(memo, () => undefined).reason).toBe('failed');
    expect(decideWith(memo).urls).toEqual(['udp://h.example:1337/announce']);
  });

  test('starts anew when the rules are others', () => {
    const memo = createDecisionMemo();
    expect(decideWith(memo).reason).toBe('replaced');
    expect(decideWith(memo, MOVED, { mode: 'off' }).reason).toBe('off');
    const denied = lookupOf({ 'h.example': 'BITTORRENT' });
    expect(decideWith(memo, denied).urls).toEqual([]);
    expect(decideWith(memo, denied, { keepDenied: true }).urls).toEqual([URL]);
    expect(decideWith(memo, denied).urls).toEqual([]);
  });

  test('keeps no host that IDNA has a say in', () => {
    const memo = createDecisionMemo();
    const lookup = lookupOf({ 'xn--e1afmkfd.example': 'BITTORRENT UDP:1337' });
    const ascii = { toAscii: () => 'xn--e1afmkfd.example' };
    const url = 'udp://пример.example:1/a';
    expect(decide(url, lookup, { ...OPTIONS, ...ascii, memo }).reason).toBe('replaced');
    expect(decide(url, lookup, { ...OPTIONS, toAscii: () => undefined, memo }).reason).toBe('malformed');
  });

  test('knows the hosts of the URLs that it has decided', () => {
    const memo = createDecisionMemo();
    expect(memo.hostOf(URL)).toBeUndefined();
    decideWith(memo);
    const urls = [URL, 'udp://x.example:1', 'udp://1.2.3.4:1', 'nonsense', URL];
    expect(memo.hostOf(URL)).toBe('h.example');
    expect(hostsToLookUp(urls, OPTIONS.toAscii, memo)).toEqual(hostsToLookUp(urls, OPTIONS.toAscii));
  });

  test('forgets all beyond its bound, and goes on', () => {
    const memo = createDecisionMemo();
    const outcome = MOVED('h.example');
    const options = { ...OPTIONS, memo };
    const urlOf = (index: number): string => `udp://h.example:1/${index}`;
    const first = decide(urlOf(0), () => outcome, options);
    for (let index = 1; index < MAX_REMEMBERED_URLS; index++) decide(urlOf(index), () => outcome, options);
    expect(decide(urlOf(0), () => outcome, options)).toBe(first);
    decide(urlOf(MAX_REMEMBERED_URLS), () => outcome, options);
    const again = decide(urlOf(0), () => outcome, options);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('never changes what is decided', () => {
    const memo = createDecisionMemo();
    const url = fc
      .tuple(
        fc.constantFrom('udp', 'http', 'https', 'ws'),
        fc.constantFrom('h.example', 'd.example', '1.2.3.4', 'x'),
      )
      .chain(([scheme, host]) =>
        fc.integer({ min: 0, max: 3 }).map((port) => `${scheme}://${host}:${port}/a`),
      );
    const lookup = lookupOf({ 'h.example': 'BITTORRENT UDP:1 TCP:2', 'd.example': 'BITTORRENT' });
    const mode = fc.constantFrom('fix' as const, 'prefer' as const);
    fc.assert(
      fc.property(url, mode, fc.boolean(), (each, asked, keepDenied) => {
        const options = { ...OPTIONS, mode: asked, keepDenied };
        expect(decide(each, lookup, { ...options, memo })).toEqual(decide(each, lookup, options));
      }),
      { numRuns: 1000 },
    );
  });
});
