import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffTiers, type TierLine } from '../../src/cli/tier-diff.ts';

/** Tiers as text: URLs are letters, tiers parted by a bar. */
const tiers = (text: string): string[][] => text.split('|').map((tier) => [...tier]);

const show = (lines: readonly TierLine[]): string =>
  lines
    .map((line) => `${line.sign === ' ' ? '' : line.sign}${line.kind === 'url' ? line.url : '|'}`)
    .join(' ');

test.each([
  ['a|b', 'a|b', 'a | b'],
  ['a', 'bc', '-a +b +c'],
  ['abc', 'ac', 'a -b c'],
  ['a|b|c', 'a|c', 'a | -b -| c'],
  ['ab', 'a|b', 'a +| b'],
  ['ab|c', 'xb|c', '-a +x b | c'],
  ['a', '', '-a'],
])('%s to %s is %s', (before, after, expected) => {
  expect(show(diffTiers(tiers(before), tiers(after)))).toBe(expected);
});

/** The side of a diff that lacks lines of the other sign. */
function side(lines: readonly TierLine[], sign: '-' | '+'): string {
  const kept = lines.filter((line) => line.sign === ' ' || line.sign === sign);
  return kept.map((line) => (line.kind === 'url' ? line.url : '|')).join('');
}

test('what stays and what goes is the list before, what stays and what comes the list after', () => {
  const list = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '|'), maxLength: 12 });
  fc.assert(
    fc.property(list, list, (before, after) => {
      const lines = diffTiers(tiers(before), tiers(after));
      expect([side(lines, '-'), side(lines, '+')]).toEqual([before, after]);
    }),
  );
});

test('a list too long to compare counts as replaced, in no time', () => {
  const long = (letter: string) => [Array.from({ length: 5000 }, (_, index) => `${letter}${index}`)];
  const lines = diffTiers(long('a'), long('b'));
  expect(lines.filter(({ sign }) => sign === '-')).toHaveLength(5000);
  expect(lines.filter(({ sign }) => sign === '+')).toHaveLength(5000);
});
