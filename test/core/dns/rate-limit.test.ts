import { describe, expect, it } from 'vitest';
import { AnswerClass, createRateTable, RateLimiter, RateVerdict } from '../../../src/core/dns/rate-limit.ts';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import { readSource } from '../../../src/io/source-address.ts';

/** A multiple of 4096: the first answer that is withheld is dropped. */
const NOW = 1_699_999_744;

function limiterOf(
  options: { perSecond?: number; slip?: number; exempt?: string[]; table?: Int32Array } = {},
) {
  const { perSecond = 5, slip = 2, exempt = [], table = createRateTable() } = options;
  const prefixes = exempt.map((text) => parsePrefix(text)!);
  const key = Uint8Array.from({ length: 16 }, (_, index) => index);
  return new RateLimiter({ perSecond, slip, exempt: prefixes, key, table });
}

function sourceOf(address: string): PacketSource {
  const source = createPacketSource();
  readSource(address, 5353, source);
  return source;
}

interface Account {
  readonly from?: string;
  readonly kind?: number;
  readonly zone?: number;
  readonly node?: number;
  readonly at?: number;
}

function take(limiter: RateLimiter, count: number, account: Account = {}): string {
  const { from = '192.0.2.1', kind = AnswerClass.positive, zone = 7, node = 800, at = NOW } = account;
  const source = sourceOf(from);
  const letters = Array.from({ length: count }, () => '.ds'[limiter.count(source, kind, zone, node, at)]);
  return letters.join('');
}

describe('the rate limit', () => {
  it('lets through what it allows a second, and of the rest every second is a slip, whose turn moves on', () => {
    const limiter = limiterOf();
    expect(take(limiter, 11)).toBe('.....dsdsds');
    expect(take(limiter, 6, { at: NOW + 1 })).toBe('.....s');
  });

  it.each([
    [0, '..ddddd'],
    [1, '..sssss'],
    [2, '..dsdsd'],
    [3, '..ddsdd'],
  ])('slips every so many: %i', (slip, verdicts) => {
    expect(take(limiterOf({ perSecond: 2, slip }), 7)).toBe(verdicts);
  });

  it('does not begin again when more is asked in a second than it counts', () => {
    const limiter = limiterOf({ slip: 0 });
    const source = sourceOf('192.0.2.1');
    const counted = 2 ** 20;
    let passed = 0;
    for (let index = 0; index < counted + 10; index++) {
      if (limiter.count(source, AnswerClass.positive, 7, 800, NOW) === RateVerdict.pass) passed++;
    }
    expect(passed).toBe(5);
  });

  it.each([
    ['another address of the same /24', { from: '192.0.2.200' }, false],
    ['the next /24', { from: '192.0.3.1' }, true],
    ['another name', { node: 900 }, true],
    ['another zone', { zone: 8 }, true],
    ['another kind of answer', { kind: AnswerClass.noData }, true],
  ])('counts %s apart or not', (_what, other, isApart) => {
    const limiter = limiterOf();
    take(limiter, 5);
    expect(take(limiter, 1, other) === '.').toBe(isApart);
  });

  it.each([
    ['2001:db8:0:1ff::9', false],
    ['2001:db8:0:200::1', true],
  ])('counts a /56 of IPv6: %s', (from, isApart) => {
    const limiter = limiterOf();
    take(limiter, 5, { from: '2001:db8:0:100::1' });
    expect(take(limiter, 1, { from }) === '.').toBe(isApart);
  });

  it('does not hold for exempt networks', () => {
    const limiter = limiterOf({ exempt: ['192.0.2.0/28'] });
    expect(take(limiter, 8, { from: '192.0.2.15' })).toBe('........');
    expect(take(limiter, 1, { from: '192.0.2.16' })).toBe('s');
  });

  it('holds for all workers that share the table', () => {
    const table = createRateTable();
    expect(take(limiterOf({ table }), 3) + take(limiterOf({ table }), 3)).toBe('.....d');
  });

  it('goes on after the second that no longer fits 31 bits', () => {
    const limiter = limiterOf({ perSecond: 1 });
    expect(take(limiter, 2, { at: 2 ** 31 - 1 })).toBe('.s');
    expect(take(limiter, 3, { at: 2 ** 31 })).toBe('.ds');
    expect(take(limiter, 3, { at: 2 ** 31 + 1 })).toBe('.sd');
  });

  it('remembers who is over it while a million others pass by', () => {
    const limiter = limiterOf();
    const flooded = sourceOf('192.0.2.1');
    const other = sourceOf('198.51.100.1');
    let passed = 0;
    for (let index = 0; index < 1_000_000; index++) {
      limiter.count(other, AnswerClass.positive, 7, index * 12, NOW);
      if (limiter.count(flooded, AnswerClass.positive, 7, 800, NOW) === RateVerdict.pass) passed++;
    }
    expect(passed).toBeLessThanOrEqual(5);
  });

  it('has a table that does not grow', () => {
    const table = createRateTable();
    const limiter = limiterOf({ table });
    for (let index = 0; index < 200_000; index++) take(limiter, 1, { node: index });
    expect(table.length * 4).toBe(512 * 1024);
  });
});
