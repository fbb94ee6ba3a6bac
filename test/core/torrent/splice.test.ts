import fc from 'fast-check';
import parseTorrent from 'parse-torrent';
import { describe, expect, test } from 'vitest';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { readMetainfo } from '../../../src/core/torrent/metainfo.ts';
import { hostsOfMetainfo, type RewrittenTorrent, rewriteTorrent } from '../../../src/core/torrent/splice.ts';
import { lookupOf, OPTIONS, type Published, toAscii } from '../rewrite/support.ts';
import { createV1, INFO, textOf, torrentFrom, torrentOf } from './torrents.ts';

type Hosts = Readonly<Record<string, Published>>;

function rewrite(octets: Uint8Array, hosts: Hosts, options: Partial<RewriteOptions> = {}): RewrittenTorrent {
  const result = rewriteTorrent(octets, lookupOf(hosts), { ...OPTIONS, ...options });
  if (result.kind === 'error') throw new Error(`${result.code} at ${result.offset}`);
  return result;
}

/** The text without the entries of announce and announce-list. */
function withoutTrackers(octets: Uint8Array): string {
  const metainfo = readMetainfo(octets);
  if (metainfo.kind === 'error') throw new Error(metainfo.code);
  const entries = [metainfo.announce, metainfo.announceList].filter((entry) => entry !== undefined);
  let text = '';
  let offset = 0;
  for (const { start, value } of entries.sort((left, right) => left.start - right.start)) {
    text += textOf(octets, { start: offset, end: start });
    offset = value.end;
  }
  return text + textOf(octets, { start: offset, end: octets.length });
}

const HOSTS: Hosts = {
  'h.example': 'BITTORRENT UDP:1 TCP:80',
  'one.example': 'BITTORRENT UDP:7',
  'd.example': 'BITTORRENT DENY ALL',
  's.example': 'NODATA',
};

interface Row {
  readonly name: string;
  /** Bencoded, with INFO for an info dictionary. */
  readonly torrent: string;
  readonly gives: string;
  readonly options?: Partial<RewriteOptions>;
}

const WRONG = '19:udp://one.example:9';
const RIGHT = '19:udp://one.example:7';
const SILENT = '17:udp://s.example:1';
const DENIED = '17:udp://d.example:1';
const MANY = '17:udp://h.example:9';
const FIRST = '17:udp://h.example:1';
const SECOND = '19:http://h.example:80';
const JUNK = '16:dht://x/announce';

test.each([0, 1, 7, 8, 9])('takes a torrent that lies %i octets into a larger buffer', (offset) => {
  const torrent = torrentOf({ announce: 'udp://h.example:9' });
  const larger = new Uint8Array(offset + torrent.length + 3);
  larger.set(torrent, offset);
  const view = larger.subarray(offset, offset + torrent.length);
  expect(rewrite(view, HOSTS).octets).toEqual(rewrite(torrent, HOSTS).octets);
});

describe('splicing', () => {
  test.each<Row>([
    {
      name: 'replaces announce alone',
      torrent: `d8:announce${WRONG}INFO1:zi1ee`,
      gives: `d8:announce${RIGHT}INFO1:zi1ee`,
    },
    {
      name: 'adds a list in its sorted place when one URL has several candidates',
      torrent: `d8:announce${MANY}7:comment1:cINFOe`,
      gives: `d8:announce${FIRST}13:announce-listll${FIRST}${SECOND}ee7:comment1:cINFOe`,
    },
    {
      name: 'and spreads them over tiers',
      torrent: `d8:announce${MANY}INFOe`,
      gives: `d8:announce${FIRST}13:announce-listll${FIRST}el${SECOND}eeINFOe`,
      options: { spread: true },
    },
    {
      name: 'does not invent announce',
      torrent: `d13:announce-listll${WRONG}eeINFOe`,
      gives: `d13:announce-listll${RIGHT}eeINFOe`,
    },
    {
      name: 'keeps announce the first URL of the list',
      torrent: `d8:announce${DENIED}13:announce-listll${DENIED}el${WRONG}eeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listll${RIGHT}eeINFOe`,
    },
    {
      name: 'rewrites an announce that is elsewhere in the list by itself',
      torrent: `d8:announce${WRONG}13:announce-listll${SILENT}el${WRONG}eeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listll${SILENT}el${RIGHT}eeINFOe`,
    },
    {
      name: 'gives a denied announce the first URL of the list',
      torrent: `d8:announce${DENIED}13:announce-listll${SILENT}eeINFOe`,
      gives: `d8:announce${SILENT}13:announce-listll${SILENT}eeINFOe`,
    },
    {
      name: 'removes both entries when every tracker is denied',
      torrent: `d8:announce${DENIED}13:announce-listll${DENIED}eeINFOe`,
      gives: 'dINFOe',
    },
    {
      name: 'makes a denied list of the announce that was not in it',
      torrent: `d8:announce${SILENT}13:announce-listll${DENIED}eeINFOe`,
      gives: `d8:announce${SILENT}13:announce-listll${SILENT}eeINFOe`,
    },
    {
      name: 'with all of its candidates',
      torrent: `d8:announce${MANY}13:announce-listll${DENIED}eeINFOe`,
      gives: `d8:announce${FIRST}13:announce-listll${FIRST}${SECOND}eeINFOe`,
    },
    {
      name: 'drops a tier that empties and duplicates within one',
      torrent: `d13:announce-listll${DENIED}el${WRONG}${RIGHT}${WRONG}eeINFOe`,
      gives: `d13:announce-listll${RIGHT}eeINFOe`,
    },
    {
      name: 'makes tiers of strings when the list changes',
      torrent: `d13:announce-listl${SILENT}${WRONG}eINFOe`,
      gives: `d13:announce-listll${SILENT}el${RIGHT}eeINFOe`,
    },
    {
      name: 'leaves a list without URLs as it is',
      torrent: `d8:announce${WRONG}13:announce-listlleeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listlleeINFOe`,
    },
    {
      name: 'leaves a list of empty strings as it is, as one without URLs',
      torrent: `d8:announce${WRONG}13:announce-listll0:eeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listll0:eeINFOe`,
    },
    {
      name: 'has room in it for every candidate of announce',
      torrent: `d8:announce${MANY}13:announce-listll0:eeINFOe`,
      gives: `d8:announce${FIRST}13:announce-listll${FIRST}${SECOND}eeINFOe`,
    },
    {
      name: 'takes empty strings out of a list that changes',
      torrent: `d8:announce${WRONG}13:announce-listl0:l0:${WRONG}el0:eeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listll${RIGHT}eeINFOe`,
    },
    {
      name: 'leaves an empty announce empty',
      torrent: `d8:announce0:13:announce-listll${WRONG}eeINFOe`,
      gives: `d8:announce0:13:announce-listll${RIGHT}eeINFOe`,
    },
    {
      name: 'writes no announce that cannot be read',
      torrent: `d8:announce${DENIED}13:announce-listll${DENIED}el${JUNK}el${WRONG}eeINFOe`,
      gives: `d8:announce${RIGHT}13:announce-listll${JUNK}el${RIGHT}eeINFOe`,
    },
    {
      name: 'but leaves one where it is',
      torrent: `d8:announce${JUNK}13:announce-listll${JUNK}el${WRONG}eeINFOe`,
      gives: `d8:announce${JUNK}13:announce-listll${JUNK}el${RIGHT}eeINFOe`,
    },
    {
      name: 'and makes no list of it',
      torrent: `d8:announce${JUNK}13:announce-listll${DENIED}eeINFOe`,
      gives: `d8:announce${JUNK}INFOe`,
    },
    {
      name: 'removes a denied announce that nothing readable can follow',
      torrent: `d8:announce${DENIED}13:announce-listll${DENIED}${JUNK}eeINFOe`,
      gives: `d13:announce-listll${JUNK}eeINFOe`,
    },
    {
      name: 'keeps keys in the order they have',
      torrent: `dINFO13:announce-listll${WRONG}ee8:announce${WRONG}e`,
      gives: `dINFO13:announce-listll${RIGHT}ee8:announce${RIGHT}e`,
    },
    {
      name: 'keeps every denied URL when told to',
      torrent: `d8:announce${DENIED}13:announce-listll${DENIED}el${WRONG}eeINFOe`,
      gives: `d8:announce${DENIED}13:announce-listll${DENIED}el${RIGHT}eeINFOe`,
      options: { keepDenied: true },
    },
  ])('$name', ({ torrent, gives, options }) => {
    const info = '4:infod4:name1:n6:pieces0:e';
    const result = rewrite(torrentFrom(torrent.replace('INFO', info)), HOSTS, options);
    expect(textOf(result.octets)).toBe(gives.replace('INFO', info));
    expect(textOf(result.octets, result.info)).toBe(info.slice('4:info'.length));
    expect(result.changed).toBe(true);
  });

  test('keeps the first tracker of a private torrent whose trackers are all denied', () => {
    const torrent = `d8:announce${DENIED}13:announce-listll${DENIED}el17:udp://d.example:2ee4:infod7:privatei1eee`;
    const result = rewrite(torrentFrom(torrent), HOSTS);
    expect(result.keptLastTracker).toBe(true);
    expect(result.tiers.after).toEqual([['udp://d.example:1']]);
    expect(result.announce.after).toBe('udp://d.example:1');
    expect(result.decisions.map(({ reason }) => reason)).toEqual(['denied', 'denied']);
    const single = torrentFrom(`d8:announce${DENIED}4:infod7:privatei1eee`);
    const alone = rewrite(single, HOSTS);
    expect(alone).toMatchObject({ changed: false, keptLastTracker: true });
    expect(alone.octets).toBe(single);
  });

  test.each([
    ['an empty string', `d8:announce${DENIED}13:announce-listll0:ee`],
    ['one beside it', `d8:announce${DENIED}13:announce-listll0:el${DENIED}ee`],
    ['one before it in its tier', `d8:announce${DENIED}13:announce-listll0:${DENIED}ee`],
    ['junk after it', `d8:announce${DENIED}13:announce-listll${DENIED}el${JUNK}ee`],
    ['nothing but junk', `d8:announce${DENIED}13:announce-listll${JUNK}ee`],
    ['no announce', `d13:announce-listll${JUNK}el${DENIED}ee`],
    ['an empty announce', `d8:announce0:13:announce-listll${DENIED}ee`],
    ['an announce that is junk', `d8:announce${JUNK}13:announce-listll${DENIED}ee`],
  ])('a private torrent keeps its last tracker with %s in the list', (_what, trackers) => {
    const octets = torrentFrom(`${trackers}4:infod7:privatei1eee`);
    const result = rewrite(octets, HOSTS);
    expect(textOf(result.octets)).toBe(textOf(octets));
    expect(result).toMatchObject({ changed: false, keptLastTracker: true });
  });

  test('returns the very octets when nothing changes', () => {
    const octets = torrentOf({
      announce: 'udp://s.example:1',
      'announce-list': [['udp://s.example:1', 'udp://s.example:1'], [], ['nonsense', 'udp://h.example:1']],
    });
    const result = rewrite(octets, HOSTS);
    expect(result.changed).toBe(false);
    expect(result.octets).toBe(octets);
  });

  test('reads hosts as UTF-8 and keeps octets that are none', () => {
    const [valid, broken] = ['udp://b\xc3\xbc.example:1/\xff', 'udp://b\xfc.example:1/\xff'];
    const list = `ll${valid.length}:${valid}${broken.length}:${broken}ee`;
    const octets = torrentFrom(`d13:announce-list${list}4:infodee`);
    const metainfo = readMetainfo(octets);
    if (metainfo.kind === 'error') throw new Error(metainfo.code);
    expect(hostsOfMetainfo(metainfo, toAscii)).toEqual(['xn--b-eha.example']);
    const result = rewrite(octets, { 'xn--b-eha.example': 'BITTORRENT UDP:2' });
    expect(result.tiers.after).toEqual([['udp://b\xc3\xbc.example:2/\xff', 'udp://b\xfc.example:1/\xff']]);
    expect(result.decisions.map(({ reason }) => reason)).toEqual(['replaced', 'malformed']);
  });

  test('hands on what is wrong with the octets', () => {
    expect(rewriteTorrent(torrentFrom('d4:info'), () => undefined, OPTIONS)).toMatchObject({
      kind: 'error',
      code: 'truncated',
      offset: 7,
    });
  });
});

test("parse-torrent finds the new trackers and the old hash in create-torrent's torrents", async () => {
  const octets = await createV1({
    announceList: [['udp://h.example:9/announce'], ['udp://d.example:1', 'http://s.example/announce']],
  });
  const result = rewrite(octets, HOSTS);
  const [before, after] = [await parseTorrent(octets), await parseTorrent(result.octets)];
  expect(after.infoHash).toBe(before.infoHash);
  expect(after.announce).toEqual([
    'udp://h.example:1/announce',
    'http://h.example:80/announce',
    'http://s.example/announce',
  ]);
});

const url = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('udp', 'http', 'https', 'wss'),
      fc.constantFrom('h.example', 'one.example', 'd.example', 's.example', '1.2.3.4'),
      fc.constantFrom('', ':80', ':1', ':7', ':9'),
      fc.constantFrom('', '/announce', '/key/announce?x'),
    )
    .map(([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const torrent = fc
  .record(
    {
      announce: url,
      'announce-list': fc.array(fc.oneof({ weight: 5, arbitrary: fc.array(url, { maxLength: 4 }) }, url), {
        maxLength: 4,
      }),
      info: fc.oneof(
        fc.constantFrom(...Object.values(INFO)),
        fc.record({ name: fc.string(), private: fc.constantFrom(0, 1), source: fc.uint8Array() }),
      ),
      comment: fc.string(),
    },
    { requiredKeys: ['info'] },
  )
  .map(torrentOf);
const options = fc.record({
  mode: fc.constantFrom('fix' as const, 'prefer' as const),
  spread: fc.boolean(),
  allowDowngrade: fc.boolean(),
  keepDenied: fc.boolean(),
});

describe('properties', () => {
  test('all but the trackers keeps its octets, the info dictionary above all', () => {
    fc.assert(
      fc.property(torrent, options, (octets, chosen) => {
        const result = rewrite(octets, HOSTS, chosen);
        expect(withoutTrackers(result.octets)).toBe(withoutTrackers(octets));
        const { metainfo } = result;
        if (metainfo.kind !== 'metainfo') throw new Error(`this is of the kind ${metainfo.kind}`);
        expect(textOf(result.octets, result.info)).toBe(textOf(octets, metainfo.info));
        const reread = readMetainfo(result.octets);
        expect(reread).toMatchObject({ kind: 'metainfo', info: result.info });
      }),
      { numRuns: 300 },
    );
  });

  test('memory that was used before gives the same octets', () => {
    const takeMemory = (size: number): Uint8Array => new Uint8Array(size + 100).fill(0x65);
    fc.assert(
      fc.property(torrent, options, (octets, chosen) => {
        const result = rewrite(octets, HOSTS, { ...chosen, takeMemory });
        expect(result.octets).toEqual(rewrite(octets, HOSTS, chosen).octets);
      }),
      { numRuns: 300 },
    );
  });

  test('rewriting what was rewritten returns the same octets', () => {
    fc.assert(
      fc.property(torrent, options, (octets, chosen) => {
        const once = rewrite(octets, HOSTS, chosen);
        const twice = rewrite(once.octets, HOSTS, chosen);
        expect(textOf(twice.octets)).toBe(textOf(once.octets));
        expect(twice.changed).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('a private torrent with a tracker keeps one', () => {
    const info = { name: 'n', private: 1 };
    const denied = fc.constantFrom('udp://d.example:1', 'http://d.example/k/announce');
    const junk = fc.constantFrom('', 'dht://x/announce');
    const isTracker = (url: string): boolean => url.includes('d.example');
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(denied, junk)), { maxLength: 3 }),
        fc.option(fc.oneof(denied, junk)),
        options,
        (tiers, announce, chosen) => {
          const fields = announce === null ? {} : { announce };
          const result = rewrite(torrentOf({ info, 'announce-list': tiers, ...fields }), HOSTS, chosen);
          const had = [announce ?? '', ...tiers.flat()].some(isTracker);
          const keeps = [result.announce.after ?? '', ...result.tiers.after.flat()].some(isTracker);
          expect(keeps).toBe(had);
          expect(result.announce.after === undefined).toBe(announce === null);
          if (announce !== null && isTracker(announce)) expect(result.announce.after).toContain('d.example');
        },
      ),
    );
  });

  test('octets of any kind give a result or an error, and never throw', () => {
    const piece = fc.constantFrom(
      'd',
      'l',
      'e',
      'i1e',
      '4:info',
      '8:announce',
      '13:announce-list',
      '3:udp',
      '0:',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const result = rewriteTorrent(torrentFrom(pieces.join('')), lookupOf(HOSTS), OPTIONS);
        expect(['rewritten', 'error']).toContain(result.kind);
      }),
      { numRuns: 2000 },
    );
  });
});
