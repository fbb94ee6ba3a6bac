import { describe, expect, it } from 'vitest';
import { createAnswerCache } from '../../../src/core/dns/answer-cache.ts';

type Answer =
  | { readonly kind: 'failed' }
  | {
      readonly kind: 'found';
      readonly text: string;
      readonly ttlSeconds: number;
      readonly isStale?: boolean;
    };

const found = (text: string, ttlSeconds = 60): Answer => ({ kind: 'found', text, ttlSeconds });
const FAILED: Answer = { kind: 'failed' };
const SECOND = 1000;
const DAY = 86_400 * SECOND;

function cacheOf(maxEntries = 10) {
  return createAnswerCache<Answer>(maxEntries, (answer) =>
    answer.kind === 'found' ? { ...answer, isStale: true } : answer,
  );
}

const keysOf = (cache: ReturnType<typeof cacheOf>, now: number): string[] =>
  [...cache.entries(now)].map(({ key }) => key);

describe('an answer', () => {
  it('is used until its time is over, with the TTL that is left', () => {
    const cache = cacheOf();
    cache.put('a', found('1', 60), 5 * SECOND);
    expect(cache.get('a', 5 * SECOND)).toEqual(found('1', 60));
    expect(cache.get('a', 34.5 * SECOND)).toEqual(found('1', 31));
    expect(cache.get('a', 65 * SECOND - 1)).toEqual(found('1', 1));
    expect(cache.get('a', 65 * SECOND)).toBeUndefined();
    expect(cache.get('b', 5 * SECOND)).toBeUndefined();
  });

  it('that is old stands in for one that failed, for 30 seconds at a time, up to a day', () => {
    const cache = cacheOf();
    cache.put('a', found('1', 60), 0);
    const stale = { ...found('1', 30), isStale: true };
    expect(cache.put('a', FAILED, 60 * SECOND)).toEqual(stale);
    expect(cache.get('a', 90 * SECOND - 1)).toEqual(stale);
    expect(cache.get('a', 90 * SECOND)).toBeUndefined();
    expect(cache.put('a', FAILED, 60 * SECOND + DAY)).toEqual(stale);
    expect(cache.put('a', FAILED, 60 * SECOND + DAY + 1)).toEqual(FAILED);
  });

  it('that failed with nothing before it is used for 30 seconds', () => {
    const cache = cacheOf();
    expect(cache.put('a', FAILED, 0)).toEqual(FAILED);
    expect(cache.get('a', 30 * SECOND - 1)).toEqual(FAILED);
    expect(cache.get('a', 30 * SECOND)).toBeUndefined();
    expect(cache.put('a', FAILED, 30 * SECOND)).toEqual(FAILED);
  });
});

describe('the memory', () => {
  it('has so many entries and no more: who was not asked for longest goes', () => {
    const cache = cacheOf(3);
    for (const key of ['a', 'b', 'c']) cache.put(key, found(key), 0);
    cache.get('a', SECOND);
    cache.put('d', found('d'), SECOND);
    expect(keysOf(cache, SECOND)).toEqual(['c', 'a', 'd']);
    cache.restore('e', found('e'), 60 * SECOND);
    expect(keysOf(cache, SECOND)).toEqual(['a', 'd', 'e']);
  });

  it('tells of no failure, and of nothing that is more than a day over its time', () => {
    const cache = cacheOf();
    cache.put('old', found('1', 60), 0);
    cache.put('failed', FAILED, 0);
    cache.put('young', found('2', 61), 0);
    expect([...cache.entries(60 * SECOND)]).toEqual([
      { key: 'old', answer: found('1', 60), expiresAt: 60 * SECOND },
      { key: 'young', answer: found('2', 61), expiresAt: 61 * SECOND },
    ]);
    expect(keysOf(cache, 60 * SECOND + DAY)).toEqual(['old', 'young']);
    expect(keysOf(cache, 60 * SECOND + DAY + 1)).toEqual(['young']);
  });

  it('takes what was kept elsewhere only where nothing newer is known', () => {
    const cache = cacheOf();
    cache.put('known', found('new'), 0);
    cache.put('failed', FAILED, 0);
    for (const key of ['known', 'failed', 'unknown']) cache.restore(key, found('restored'), 10 * SECOND);
    expect(cache.get('known', 0)).toEqual(found('new'));
    expect(cache.get('failed', 0)).toEqual(FAILED);
    expect(cache.get('unknown', 0)).toEqual(found('restored', 10));
  });

  it('takes what is over its time, which then stands in for a failure', () => {
    const cache = cacheOf();
    cache.restore('a', found('1'), -SECOND);
    expect(cache.get('a', 0)).toBeUndefined();
    expect(cache.put('a', FAILED, 0)).toEqual({ ...found('1', 30), isStale: true });
  });
});
