import { describe, expect, test } from 'vitest';
import {
  effectiveTiers,
  MAX_TORRENT_OCTETS,
  MAX_TRACKER_URLS,
  type Metainfo,
  readMetainfo,
  trackerUrlsOf,
} from '../../../src/core/torrent/metainfo.ts';
import { createV1, INFO, textOf, torrentFrom, torrentOf } from './torrents.ts';

function metainfoOf(octets: Uint8Array): Metainfo {
  const metainfo = readMetainfo(octets);
  if (metainfo.kind !== 'metainfo') throw new Error(`this is of the kind ${metainfo.kind}`);
  return metainfo;
}

function verdict(octets: Uint8Array): string {
  const metainfo = readMetainfo(octets);
  return metainfo.kind === 'error' ? `${metainfo.code} ${metainfo.offset}` : 'ok';
}

describe('what is read', () => {
  test.each(['v1', 'v2', 'hybrid'] as const)('of a %s torrent', (version) => {
    const octets = torrentOf({ info: INFO[version], announce: 'udp://h.example:1' });
    const metainfo = metainfoOf(octets);
    expect(metainfo).toMatchObject({
      version,
      name: 'n',
      isPrivate: false,
      announceUrl: 'udp://h.example:1',
    });
    expect(textOf(octets, metainfo.info)).toMatch(/^d.*e$/s);
  });

  test('of one by create-torrent', async () => {
    const tiers = [['udp://a.example:1', 'http://a.example:2'], ['udp://b.example:1']];
    const metainfo = metainfoOf(await createV1({ announceList: tiers, private: true }));
    expect(metainfo).toMatchObject({ version: 'v1', name: 'file.txt', isPrivate: true, tiers });
    expect(trackerUrlsOf(metainfo)).toEqual(['udp://a.example:1', ...tiers.flat()]);
  });

  test.each([
    ['1', 'd1:ad4:infode7:privatei1ee4:infodee', false],
    ['private in info', 'd4:infod7:privatei1eee', true],
    ['private = 0 in info', 'd4:infod7:privatei0eee', false],
  ])('of the private flag: %s', (_, text, isPrivate) => {
    expect(metainfoOf(torrentFrom(text)).isPrivate).toBe(isPrivate);
  });

  test.each([
    ['UTF-8', '2:\xc3\xbc', 'ü'],
    ['Latin 1', '1:\xfc', 'ü'],
    ['a number', 'i1e', ''],
  ])('of a name in %s', (_, name, expected) => {
    expect(metainfoOf(torrentFrom(`d4:infod4:name${name}ee`)).name).toBe(expected);
  });
});

describe('tiers', () => {
  test.each([
    ['strings in the place of tiers', 'l1:al1:b1:cee', [['a'], ['b', 'c']]],
    ['empty tiers', 'lle1:ae', [[], ['a']]],
  ])('of %s', (_, list, tiers) => {
    expect(metainfoOf(torrentFrom(`d13:announce-list${list}4:infodee`)).tiers).toEqual(tiers);
  });

  test('announce counts where the list has no URL', () => {
    expect(effectiveTiers(metainfoOf(torrentFrom('d8:announce1:a13:announce-listllee4:infodee')))).toEqual([
      ['a'],
    ]);
    expect(effectiveTiers(metainfoOf(torrentFrom('d8:announce1:a13:announce-listll1:bee4:infodee')))).toEqual(
      [['b']],
    );
    expect(effectiveTiers(metainfoOf(torrentFrom('d4:infodee')))).toEqual([]);
  });

  test.each([
    ['d8:announce1:a13:announce-listll0:eee', [['a']]],
    ['d8:announce1:a13:announce-listll0:1:beee', [['b']]],
    ['d8:announce0:e', []],
    ['d8:announce0:13:announce-listll0:el1:beee', [[], ['b']]],
  ])('an empty string is no URL: %s', (trackers, tiers) => {
    expect(effectiveTiers(metainfoOf(torrentFrom(`${trackers.slice(0, -1)}4:infodee`)))).toEqual(tiers);
  });
});

describe('what is refused', () => {
  test.each([
    ['i1e', 'not-a-torrent 0'],
    ['4:info', 'not-a-torrent 0'],
    ['de', 'not-a-torrent 0'],
    ['d4:infoi1ee', 'not-a-torrent 7'],
    ['d8:announcei1e4:infodee', 'bad-announce 11'],
    ['d8:announceli1ee4:infodee', 'bad-announce 11'],
    ['d13:announce-list1:a4:infodee', 'bad-announce-list 17'],
    ['d13:announce-listli1ee4:infodee', 'bad-announce-list 18'],
    ['d13:announce-listll1:aleee4:infodee', 'bad-announce-list 22'],
    ['d13:announce-listldee4:infodee', 'bad-announce-list 18'],
    ['d4:infode4:infodee', 'duplicate-key 9'],
    ['d4:infode1:ai1e4:infodee', 'duplicate-key 15'],
    ['d4:infodee\n', 'trailing-octets 10'],
    ['<!DOCTYPE html>', 'bad-value 0'],
  ])('%j: %s', (text, expected) => {
    expect(verdict(torrentFrom(text))).toBe(expected);
  });

  test('a torrent cut at any octet', async () => {
    const octets = await createV1({ announceList: [['udp://a.example:1'], ['http://b.example/announce']] });
    expect(verdict(octets)).toBe('ok');
    for (let length = 0; length < octets.length; length++) {
      expect(verdict(octets.subarray(0, length))).toMatch(/^truncated /);
    }
  });

  test('a million tiers', () => {
    const list = `l${'le'.repeat(1_000_000)}e`;
    expect(verdict(torrentFrom(`d13:announce-list${list}4:infodee`))).toMatch(/^bad-announce-list /);
    const most = `l${'l1:ae'.repeat(MAX_TRACKER_URLS)}e`;
    expect(verdict(torrentFrom(`d13:announce-list${most}4:infodee`))).toBe('ok');
  });

  test('a file over the limit, unread', () => {
    expect(verdict(new Uint8Array(MAX_TORRENT_OCTETS + 1))).toBe('too-large 0');
  });

  test('a torrent nested 100,000 deep', () => {
    expect(verdict(torrentFrom(`d4:info${'d1:a'.repeat(100_000)}`))).toMatch(/^too-deep /);
  });
});
