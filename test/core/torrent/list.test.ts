import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { hostsOfList, rewriteList } from '../../../src/core/torrent/list.ts';
import { lookupOf, OPTIONS, type Published, toAscii } from '../rewrite/support.ts';

const HOSTS: Readonly<Record<string, Published>> = {
  'h.example': 'BITTORRENT UDP:1 TCP:80',
  'one.example': 'BITTORRENT UDP:7',
  'd.example': 'BITTORRENT',
  's.example': 'NODATA',
};

function rewrite(text: string, options: Partial<RewriteOptions> = {}): string {
  return rewriteList(text, lookupOf(HOSTS), { ...OPTIONS, ...options }).text;
}

describe('lists', () => {
  test.each([
    ['a URL', 'udp://one.example:9\n', 'udp://one.example:7\n'],
    ['an unfinished line', 'udp://one.example:9', 'udp://one.example:7'],
    [
      'comments and tiers',
      '# udp://one.example:9\n\nudp://one.example:9\n\n  \nudp://s.example:1 \n#end',
      '# udp://one.example:9\n\nudp://one.example:7\n\n  \nudp://s.example:1 \n#end',
    ],
    ['several candidates', 'udp://h.example:9\nx', 'udp://h.example:1\nhttp://h.example:80\nx'],
    ['several on the last line', 'x\nudp://h.example:9', 'x\nudp://h.example:1\nhttp://h.example:80'],
    ['CRLF', 'udp://h.example:9\r\n\r\nx\r\n', 'udp://h.example:1\r\nhttp://h.example:80\r\n\r\nx\r\n'],
    ['CRLF, unfinished', 'x\r\nudp://h.example:9', 'x\r\nudp://h.example:1\r\nhttp://h.example:80'],
    ['a denied URL', 'x\nudp://d.example:9\ny\n', 'x\ny\n'],
    ['a denied first tier', 'udp://d.example:9\n\nx\n', 'x\n'],
    ['denied first tiers', 'udp://d.example:9\n\n\nudp://d.example:8\r\n\r\nx\n', 'x\n'],
    ['blank lines before a denied first tier', '\n\nudp://d.example:9\n\nx\n', '\n\nx\n'],
    ['a comment before a denied first tier', '# c\n\nudp://d.example:9\n\nx\n', '# c\n\nx\n'],
    ['a denied tier in the middle', 'x\n\nudp://d.example:9\nudp://d.example:8\n\ny\n', 'x\n\ny\n'],
    ['a denied tier among many blank lines', 'x\n\n\nudp://d.example:9\n\ny\n', 'x\n\n\ny\n'],
    ['a denied last tier', 'x\n\nudp://d.example:9\n', 'x\n'],
    ['a denied last tier, unfinished', 'x\n\nudp://d.example:9', 'x'],
    ['tiers that are all denied', 'udp://d.example:9\n\nudp://d.example:8\n', ''],
    ['a denied last line', 'x\nudp://d.example:9', 'x'],
    ['blanks around a URL', ' \tudp://one.example:9 \n udp://one.example:7\n', ' udp://one.example:7\n'],
    [
      'a byte order mark',
      '\ufeffudp://s.example:9\nudp://one.example:9\n',
      '\ufeffudp://s.example:9\nudp://one.example:7\n',
    ],
    [
      'each line that stays with its own blanks',
      ' udp://s.example:1\n\nudp://s.example:1\t\n\nudp://one.example:9\n',
      ' udp://s.example:1\n\nudp://s.example:1\t\n\nudp://one.example:7\n',
    ],
    [
      'duplicates within a tier only',
      'udp://one.example:9\nudp://one.example:8\n\nudp://one.example:9\n',
      'udp://one.example:7\n\nudp://one.example:7\n',
    ],
  ])('%s', (_, text, expected) => {
    expect(rewrite(text)).toBe(expected);
  });

  test.each([
    [
      'parts candidates by blank lines',
      'x\nudp://h.example:9\ny\n',
      'x\n\nudp://h.example:1\n\nhttp://h.example:80\n\ny\n',
    ],
    [
      'and adds none where one is',
      'x\n\nudp://h.example:9\n\ny',
      'x\n\nudp://h.example:1\n\nhttp://h.example:80\n\ny',
    ],
  ])('spread %s', (_, text, expected) => {
    expect(rewrite(text, { spread: true })).toBe(expected);
  });

  test('a list in which nothing changes is the text given', () => {
    const text =
      '\n# c\r\nudp://s.example:1\rudp://one.example:9\n  udp://one.example:7\nudp://one.example:7\n\n\n';
    const result = rewriteList(text, lookupOf(HOSTS), OPTIONS);
    expect(result).toMatchObject({ text, changed: false });
    expect(result.decisions.map(({ reason }) => reason)).toEqual(['malformed', 'listed', 'listed']);
  });

  test('names the hosts to look up', () => {
    expect(
      hostsOfList('# http://a.example\nudp://B.example:1\r\n\r\n udp://b.example:2\nx', toAscii),
    ).toEqual(['b.example']);
  });
});

test('rewriting what was rewritten changes nothing', () => {
  const line = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('udp', 'http', 'https'),
        fc.constantFrom('h.example', 'one.example', 'd.example', 's.example'),
        fc.constantFrom('', ':80', ':9', ':1'),
        fc.constantFrom('', '/a'),
      )
      .map(([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`),
    fc.constantFrom('', '# note', ' ', 'nonsense'),
  );
  const options = fc.record({
    mode: fc.constantFrom('fix' as const, 'prefer' as const),
    spread: fc.boolean(),
  });
  const end = fc.constantFrom('\n', '\r\n');
  fc.assert(
    fc.property(fc.array(line), end, fc.boolean(), options, (lines, newline, isFinished, chosen) => {
      const text = lines.join(newline) + (isFinished ? newline : '');
      const once = rewrite(text, chosen);
      expect(rewrite(once, chosen)).toBe(once);
      const comments = (each: string): string[] => each.split('\n').filter((part) => part.startsWith('#'));
      expect(comments(once).map((each) => each.trim())).toEqual(comments(text).map((each) => each.trim()));
    }),
    { numRuns: 1000 },
  );
});
