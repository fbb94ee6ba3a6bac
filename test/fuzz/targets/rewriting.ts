// Torrents, magnet links and lists: whatever they hold, all but the trackers stays, and twice is the same as once.

import assert from 'node:assert/strict';
import { octetsToText } from '../../../src/core/octets/text.ts';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { rewriteList } from '../../../src/core/torrent/list.ts';
import { rewriteMagnet, splitMagnet } from '../../../src/core/torrent/magnet.ts';
import { readMetainfo } from '../../../src/core/torrent/metainfo.ts';
import { redactMagnet } from '../../../src/core/torrent/redact-magnet.ts';
import { type RewrittenTorrent, rewriteTorrent } from '../../../src/core/torrent/splice.ts';
import { decodeBencode } from '../../contract/announce-clients.ts';
import { lookupOf, OPTIONS } from '../../core/rewrite/support.ts';
import { type FuzzTarget, octetsOf } from '../target.ts';

const LOOKUP = lookupOf({
  'h.example': 'BITTORRENT UDP:1 TCP:80',
  'one.example': 'BITTORRENT UDP:7',
  'd.example': 'BITTORRENT DENY ALL',
  's.example': 'NODATA',
  'x.example': ['BITTORRENT UDP:1', 'BITTORRENT UDP:2'],
});

const VARIANTS: readonly RewriteOptions[] = [
  OPTIONS,
  { ...OPTIONS, mode: 'prefer', spread: true },
  { ...OPTIONS, allowDowngrade: true, keepDenied: true },
];

const URLS = [
  ...[
    'udp://h.example:9',
    'http://h.example/announce',
    'https://one.example/k/announce?x',
    'udp://d.example:1',
  ],
  ...['ws://s.example', 'udp://x.example:1/a', 'udp://1.2.3.4:5', 'http://u:p@h.example:81/#f', 'nonsense'],
];

const URL_TOKENS = [
  ...[
    'udp://',
    'http://',
    'https://',
    'wss://',
    'h.example',
    'one.example',
    'd.example',
    's.example',
    ':80',
    ':7',
    ':1',
  ],
  ...[':', '/', '@', '?', '#', '[::1]', '%', '%3A%2F%2F', '\xc3\xbc', '\0', ' ', '.', '\\'],
];

const string = (text: string): string => `${text.length}:${text}`;
const list = (...items: readonly string[]): string => `l${items.join('')}e`;
const INFO = '4:infod6:lengthi1e4:name1:n12:piece lengthi1e6:pieces20:aaaaaaaaaaaaaaaaaaaae';

const RESUME = '11:file-format22:libtorrent resume file';

/** Lengths of as many digits, more and fewer. */
const FILES = ['12345', '67890', '1', '0', '1234567890123'].map(
  (length) => `d6:lengthi${length}e4:path${list('1:a', '12:a file.bin.x')}e`,
);

/** The text without its tracker entries. */
function withoutTrackers(octets: Uint8Array): string {
  const metainfo = readMetainfo(octets);
  if (metainfo.kind === 'error') throw new Error(`what was written is no torrent: ${metainfo.code}`);
  const entries = [metainfo.announce, metainfo.announceList].filter((entry) => entry !== undefined);
  let text = '';
  let offset = 0;
  for (const { start, value } of entries.sort((left, right) => left.start - right.start)) {
    text += octetsToText(octets, offset, start);
    offset = value.end;
  }
  return text + octetsToText(octets, offset);
}

/** What says of which torrent a resume file is. */
function identityOf(octets: Uint8Array): string[] {
  const file = readMetainfo(octets);
  if (file.kind !== 'resume') throw new Error('what was written is no resume file');
  return file.identity.map(({ start, end }) => octetsToText(octets, start, end));
}

function checkTorrent(input: Uint8Array, once: RewrittenTorrent, options: RewriteOptions): void {
  decodeBencode(input);
  const { metainfo, info, octets } = once;
  if (metainfo.kind === 'metainfo') {
    const { start, end } = metainfo.info;
    const after = info === undefined ? undefined : octetsToText(octets, info.start, info.end);
    assert.equal(after, octetsToText(input, start, end), 'the info dictionary has changed');
  } else {
    assert.deepEqual(identityOf(octets), identityOf(input), 'which torrent it is has changed');
  }
  assert.equal(withoutTrackers(octets), withoutTrackers(input), 'something beside the trackers has changed');
  const twice = rewriteTorrent(octets, LOOKUP, options);
  assert.ok(twice.kind === 'rewritten' && !twice.changed, 'rewriting twice is not rewriting once');
}

export const torrent: FuzzTarget = {
  name: 'torrent',
  about:
    'rewriteTorrent: never throws; the info dictionary (of resume files the info-hash) and all but the trackers keep their octets; twice is once',
  maxOctets: 4096,
  seeds: () =>
    [
      `d8:announce${string(URLS[0]!)}13:announce-list${list(list(...URLS.map(string)), list(string(URLS[1]!)))}7:comment1:c${INFO}e`,
      `d8:announce${string(URLS[3]!)}4:infod7:privatei1eee`,
      `d13:announce-list${list(string(URLS[2]!), list())}${INFO}8:url-list0:e`,
      `d${INFO}e`,
      `d${RESUME}9:info-hash20:${'h'.repeat(20)}10:info-hash232:${'\0'.repeat(32)}8:trackers${list(list(...URLS.map(string)), list(string(URLS[3]!)))}e`,
      `d${RESUME}9:info-hash20:${'h'.repeat(20)}${INFO}8:trackers${list(list(string(URLS[3]!)))}8:url-listlee`,
      'd4:infod9:file treed1:nd0:d6:lengthi1eeee12:meta versioni2eee',
      `d8:announce${string(URLS[0]!)}4:infod5:files${list(...FILES)}4:name1:nee`,
    ].map(octetsOf),
  // Many torrents in one file, as Deluge keeps them.
  refusedSeeds: () => [octetsOf(`d40:${'ab'.repeat(20)}3:abce`)],
  tokens: [
    ...[
      'd',
      'l',
      'e',
      'i',
      'i0e',
      'i-1e',
      'i-0e',
      'i01e',
      '0:',
      '1:a',
      '4:info',
      '8:announce',
      '13:announce-list',
      '8:trackers',
      RESUME,
    ],
    ...[
      '7:privatei1e',
      '99999999999:',
      '9223372036854775808',
      'le',
      'de',
      ...URLS.map(string),
      ...URL_TOKENS,
    ],
  ],
  create: () => (input) => {
    let isTaken = true;
    for (const options of VARIANTS) {
      const result = rewriteTorrent(input, LOOKUP, options);
      isTaken &&= result.kind === 'rewritten';
      if (result.kind === 'rewritten') checkTorrent(input, result, options);
      else assert.ok(result.offset >= 0 && result.offset <= input.length, `an error at ${result.offset}`);
    }
    return isTaken;
  },
};

const HASH = 'xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a';

export const magnet: FuzzTarget = {
  name: 'magnet',
  about: 'rewriteMagnet, redactMagnet: never throw; all parameters but trackers are kept; twice is once',
  maxOctets: 2048,
  seeds: () =>
    [
      `magnet:?${HASH}&dn=n&tr=${encodeURIComponent(URLS[0]!)}&tr=${encodeURIComponent(URLS[3]!)}`,
      `magnet:?tr.1=${URLS[1]}&tr.2=${URLS[2]}&${HASH}&ws=http://w.example/`,
      `MAGNET:?${HASH}&tr=%75%64%70://one.example:9&tr=&tr=%ff%zz`,
    ].map(octetsOf),
  tokens: ['magnet:?', '&', '=', 'tr=', 'tr.1=', 'TR=', 'dn=', HASH, '&amp;', '%26', '%', '+', ...URL_TOKENS],
  create: () => (input) => {
    const uri = octetsToText(input);
    redactMagnet(uri);
    let isTaken = false;
    for (const options of VARIANTS) {
      const once = rewriteMagnet(uri, LOOKUP, options);
      isTaken ||= once.kind === 'rewritten' && once.changed;
      if (once.kind === 'error') continue;
      const others = (text: string): string[] =>
        splitMagnet(text)!
          .parameters.filter(({ isTracker }) => !isTracker)
          .map(({ text: all }) => all);
      assert.deepEqual(others(once.uri), others(uri), 'a parameter that is no tracker has changed');
      const twice = rewriteMagnet(once.uri, LOOKUP, options);
      assert.ok(
        twice.kind === 'rewritten' && twice.uri === once.uri,
        'rewriting twice is not rewriting once',
      );
    }
    return isTaken;
  },
};

export const trackerList: FuzzTarget = {
  name: 'list',
  about: 'rewriteList: never throws; comments are kept; twice is once',
  maxOctets: 2048,
  seeds: () =>
    [
      URLS.join('\n'),
      `# c\r\n${URLS.join('\r\n\r\n')}\r\n`,
      `${URLS[0]}\n\n\n${URLS[3]}\n# e\n ${URLS[1]}\t`,
    ].map(octetsOf),
  tokens: ['\n', '\r\n', '\n\n', '#', ' ', '\t', '\r', ...URLS, ...URL_TOKENS],
  create: () => (input) => {
    const text = octetsToText(input);
    let isTaken = true;
    for (const options of VARIANTS) {
      const once = rewriteList(text, LOOKUP, options);
      isTaken &&= once.changed;
      const comments = (all: string): string[] =>
        all
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line.startsWith('#'));
      assert.deepEqual(comments(once.text), comments(text), 'a comment has changed');
      if (!once.changed) assert.equal(once.text, text);
      const twice = rewriteList(once.text, LOOKUP, options);
      assert.equal(twice.text, once.text, 'rewriting twice is not rewriting once');
    }
    return isTaken;
  },
};
