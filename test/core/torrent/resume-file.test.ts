// What clients built on libtorrent keep of each torrent: only the value of `trackers` changes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { readMetainfo } from '../../../src/core/torrent/metainfo.ts';
import { isRewrittenTorrent } from '../../../src/core/torrent/only-endpoints.ts';
import { hostsOfMetainfo, type RewrittenTorrent, rewriteTorrent } from '../../../src/core/torrent/splice.ts';
import { lookupOf, OPTIONS, type Published, toAscii } from '../rewrite/support.ts';
import { textOf, torrentFrom } from './torrents.ts';

const HOSTS: Readonly<Record<string, Published>> = {
  'h.example': 'BITTORRENT UDP:1 TCP:80',
  'one.example': 'BITTORRENT UDP:7',
  'd.example': 'BITTORRENT DENY ALL',
  's.example': 'NODATA',
};

const FORMAT = '11:file-format22:libtorrent resume file';
/** Octets that would end or begin values, were they no string. */
const HASH = '9:info-hash20:e:dle8:trackersl\xff\0\x80e';
const HASH2 = `10:info-hash232:${'\0'.repeat(32)}`;
const INFO = '4:infod6:lengthi1e4:name1:n12:piece lengthi1e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const REST = '9:qBt-ratioi-2e8:url-listl20:http://h.example:9/se';

const string = (text: string): string => `${text.length}:${text}`;
const list = (tiers: readonly (readonly string[])[]): string =>
  `l${tiers.map((tier) => `l${tier.map(string).join('')}e`).join('')}e`;

/** A resume file with these tiers. */
const resume = (tiers: readonly (readonly string[])[], identity = HASH + HASH2): string =>
  `d${FORMAT}${identity}8:trackers${list(tiers)}${REST}e`;

function rewrite(text: string, options: Partial<RewriteOptions> = {}): RewrittenTorrent {
  const result = rewriteTorrent(torrentFrom(text), lookupOf(HOSTS), { ...OPTIONS, ...options });
  if (result.kind === 'error') throw new Error(`${result.code}: ${result.message}`);
  return result;
}

type Tiers = readonly (readonly string[])[];

describe('of a resume file', () => {
  test.each<[name: string, before: Tiers, after: Tiers, options?: Partial<RewriteOptions>]>([
    ['a wrong URL is replaced', [['udp://one.example:9']], [['udp://one.example:7']]],
    [
      'tiers and their order are kept',
      [['udp://s.example:1'], ['http://h.example:9/a', 'udp://one.example:9'], ['udp://s.example:2']],
      [
        ['udp://s.example:1'],
        ['udp://h.example:1/a', 'http://h.example:80/a', 'udp://one.example:7'],
        ['udp://s.example:2'],
      ],
    ],
    [
      'candidates are spread',
      [['http://h.example:9']],
      [['udp://h.example:1'], ['http://h.example:80']],
      { spread: true },
    ],
    ['a denied URL goes', [['udp://d.example:1'], ['udp://s.example:1']], [['udp://s.example:1']]],
    [
      'the last tracker stays',
      [['udp://d.example:1', 'udp://d.example:2'], ['udp://d.example:3']],
      [['udp://d.example:1']],
    ],
    [
      'what is right stays',
      [['udp://one.example:7'], ['udp://h.example:1']],
      [['udp://one.example:7'], ['udp://h.example:1']],
    ],
    ['no tracker stays none', [], []],
  ])('%s', (_, before, after, options) => {
    for (const identity of [HASH, HASH2, INFO, HASH + HASH2 + INFO]) {
      const result = rewrite(resume(before, identity), options);
      expect(textOf(result.octets)).toBe(resume(after, identity));
      expect(result.changed).toBe(resume(before) !== resume(after));
      expect(result.announce).toEqual({ before: undefined, after: undefined });
      expect(result.info).toBe(undefined);
    }
  });

  test('that it kept the last tracker is said', () => {
    expect(rewrite(resume([['udp://d.example:1']]))).toMatchObject({ changed: false, keptLastTracker: true });
    expect(rewrite(resume([['udp://one.example:1']])).keptLastTracker).toBe(false);
  });

  test('a file without trackers, or with an announce, stays as it is', () => {
    for (const rest of [
      '',
      '8:announce19:udp://one.example:9',
      '13:announce-listll19:udp://one.example:9ee',
    ]) {
      const text = `d${rest}${FORMAT}${HASH}e`;
      const result = rewrite(text);
      expect(result).toMatchObject({ changed: false, decisions: [], tiers: { before: [], after: [] } });
      expect(textOf(result.octets)).toBe(text);
    }
  });

  test('the names of its trackers are looked up', () => {
    const file = readMetainfo(torrentFrom(resume([['udp://H.example:1'], ['udp://\xc3\xbc.example:1']])));
    if (file.kind === 'error') throw new Error(file.code);
    expect(hostsOfMetainfo(file, toAscii)).toEqual(['h.example', 'xn--tda.example']);
  });

  test.each([
    [
      'no info-hash',
      `d${FORMAT}8:trackerslee`,
      'not-a-torrent',
      'the resume file does not say of which torrent',
    ],
    [
      'trackers that are a string',
      `d${FORMAT}${HASH}8:trackers1:ae`,
      'bad-announce-list',
      'the value of trackers is not a list',
    ],
    [
      'trackers that are numbers',
      `d${FORMAT}${HASH}8:trackersli1eee`,
      'bad-announce-list',
      'a tier holds something other than URLs',
    ],
    [
      'another format',
      `d11:file-format24:libtorrent resume file 2${HASH}e`,
      'not-a-torrent',
      'there is no info dictionary',
    ],
    ['octets cut off', `d${FORMAT}${HASH}8:trackersl`, 'truncated', 'the octets end inside a value'],
    [
      'many torrents of Deluge',
      `d40:${'0a'.repeat(20)}${string(resume([]))}40:${'0b'.repeat(20)}${string(resume([]))}e`,
      'not-a-torrent',
      'this is a file of many torrents, as Deluge keeps their resume data: it is not rewritten',
    ],
    ['a long key', `d40:${'zz'.repeat(20)}1:ae`, 'not-a-torrent', 'there is no info dictionary'],
  ])('%s are refused', (_, text, code, message) => {
    expect(rewriteTorrent(torrentFrom(text), lookupOf(HOSTS), OPTIONS)).toMatchObject({
      kind: 'error',
      code,
      message,
    });
  });
});

describe('the proof', () => {
  const text = resume([['udp://one.example:90000000'], ['udp://h.example:9']], HASH + HASH2 + INFO);

  test('compares what says which torrent it is, after it has moved too', () => {
    const before = `d8:trackers${list([['udp://one.example:9'], ['udp://h.example:9']])}${FORMAT}${HASH}${HASH2}${INFO}e`;
    const compared: string[] = [];
    const sameOctets = (left: Uint8Array, right: Uint8Array): boolean => {
      expect(textOf(right)).toBe(textOf(left));
      compared.push(textOf(right));
      return true;
    };
    expect(rewrite(before, { sameOctets }).changed).toBe(true);
    expect(compared).toEqual([HASH.slice(11), HASH2.slice(13), INFO.slice(6)]);
  });

  test.each([0, 1, 2])('throws where comparison %i fails', (failing) => {
    let count = 0;
    const sameOctets = (): boolean => count++ !== failing;
    expect(() => rewrite(text, { sameOctets })).toThrow('changed while splicing');
  });
});

const tier = fc.array(
  fc
    .tuple(
      fc.constantFrom('udp', 'http', 'https', 'wss'),
      fc.constantFrom('h.example', 'one.example', 'd.example', 's.example', '1.2.3.4', '\xff'),
      fc.constantFrom('', ':80', ':9', ':1', ':70000'),
      fc.constantFrom('', '/announce', '/?k=e1:'),
    )
    .map(([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`),
  { maxLength: 3 },
);
const key = fc.string({ unit: fc.constantFrom(...'abe:0l\xff'), maxLength: 3 });
const options = fc.record({
  mode: fc.constantFrom('fix' as const, 'prefer' as const, 'off' as const),
  spread: fc.boolean(),
  keepDenied: fc.boolean(),
  allowDowngrade: fc.boolean(),
});

test('all but the value of trackers keeps its octets, a tracker is left, and twice is once', () => {
  const around = fc
    .uniqueArray(key, { maxLength: 4 })
    .map((keys) => keys.map((each) => `${string(`!${each}`)}i1e`).join(''));
  fc.assert(
    fc.property(
      fc.array(tier, { maxLength: 4 }),
      around,
      fc.boolean(),
      options,
      (tiers, rest, isFirst, chosen) => {
        const entry = `8:trackers${list(tiers)}`;
        const others = `${FORMAT}${HASH}${HASH2}${rest}`;
        const before = isFirst ? `d${entry}${others}e` : `d${others}${entry}e`;
        const result = rewrite(before, chosen);
        const written = `8:trackers${list(result.changed ? result.tiers.after : tiers)}`;
        expect(textOf(result.octets)).toBe(isFirst ? `d${written}${others}e` : `d${others}${written}e`);
        expect(result.tiers.after.flat().length > 0).toBe(tiers.flat().length > 0);
        expect(rewrite(textOf(result.octets), chosen).changed).toBe(false);
        const [original, current] = [torrentFrom(before), result.octets].map(readMetainfo);
        if (original!.kind === 'error' || current!.kind === 'error') throw new Error('no resume file');
        expect(isRewrittenTorrent(original!, current!)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
