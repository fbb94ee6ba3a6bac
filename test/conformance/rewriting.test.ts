// What the program makes of preferences, URLs, torrents, magnet links and lists, sentence by sentence of its documented
// behaviour, in one place; and where other programs that read BEP 34 make something else of the same.
// Long because it is a table.

import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '../../src/core/net/endpoint.ts';
import { textToOctets } from '../../src/core/octets/text.ts';
import type { Outcome } from '../../src/core/preference/outcome.ts';
import { lookupHost } from '../../src/core/rewrite/lookup-host.ts';
import { parseTrackerUrl } from '../../src/core/rewrite/tracker-url.ts';
import {
  type RewriteOptions,
  rewriteList,
  rewriteMagnet,
  rewriteTorrent,
  rewriteUrl,
} from '../../src/pure.ts';
import { lookupOf, outcomeOf, type Published, toAscii } from '../core/rewrite/support.ts';

/** The same question to another program, and what it makes of it: BiglyBT by its source, newTrackon by its service. */
type Others = Readonly<Record<string, string>>;

function differs(ours: string, others: Others = {}): void {
  for (const [program, theirs] of Object.entries(others)) expect(theirs, program).not.toBe(ours);
}

describe('the name that is asked', () => {
  const rows: [url: string, name: string, others?: Others][] = [
    ['http://Tracker.Example/a', 'tracker.example'],
    ['udp://TRACKER.example:1/a', 'tracker.example'],
    ['http://tracker.example./a', 'tracker.example'],
    ['udp://b\u00fccher.example:1', 'xn--bcher-kva.example'],
    ['http://127.0.0.1/a', 'literal', { BiglyBT: '127.0.0.1' }],
    ['http://127.1/a', 'literal'],
    ['http://0x7f000001/a', 'literal'],
    ['http://2130706433/a', 'literal'],
    ['http://[::1]/a', 'literal'],
    ['http://localhost/a', 'not-in-dns'],
    ['http://printer.local/a', 'not-in-dns'],
    ['http://x.onion/a', 'not-in-dns'],
    ['http://x.i2p/a', 'not-in-dns'],
    ['http://x.alt/a', 'not-in-dns'],
  ];
  test.each(rows)('of %s is %s', (text, name, others) => {
    const url = parseTrackerUrl(text);
    if (url.kind === 'fault') throw new Error(url.code);
    const asked = lookupHost(url, toAscii);
    const ours = typeof asked === 'string' ? asked : asked.kind;
    expect(ours).toBe(name);
    differs(ours, others);
  });
});

/** `UDP:1 TCP:2`, or the outcome's kind. */
function brief(outcome: Outcome): string {
  if (outcome.kind === 'declared') return outcome.endpoints.map(formatEndpoint).join(' ');
  return outcome.kind === 'denied' && outcome.probableTypo ? 'denied, probably a typo' : outcome.kind;
}

describe('a record', () => {
  const tenOf = Array.from({ length: 10 }, (_, index) => `UDP:${index + 1}`);
  const rows: [published: Published, means: string, others?: Others][] = [
    ['BITTORRENT UDP:1337 TCP:80', 'UDP:1337 TCP:80'],
    ['BITTORRENT TCP:80 UDP:1337', 'TCP:80 UDP:1337'],
    ['BITTORRENT DENY ALL', 'denied'],
    ['BITTORRENT', 'denied'],
    ['BITTORRENT   UDP:1  ', 'UDP:1'],
    ['bittorrent UDP:1', 'silent'],
    ['BITTORRENTUDP:1', 'silent', { BiglyBT: 'UDP:1', newTrackon: 'denied' }],
    [' BITTORRENT UDP:1', 'UDP:1'],
    ['v=spf1 -all', 'silent'],
    ['BITTORRENT UDP:080', 'UDP:80'],
    ['BITTORRENT UDP:0 TCP:65536 TCP:2', 'TCP:2', { BiglyBT: 'UDP:0 TCP:65536 TCP:2' }],
    ['BITTORRENT UDP:000080', 'denied, probably a typo'],
    ['BITTORRENT UDP1337', 'denied, probably a typo'],
    ['BITTORRENT xUDP:1x TCP:2', 'TCP:2', { BiglyBT: 'UDP:1 TCP:2' }],
    ['BITTORRENT FOO UDP:1 BAR', 'UDP:1'],
    ['BITTORRENT UDP:1 UDP:1 TCP:2 UDP:1', 'UDP:1 TCP:2'],
    [`BITTORRENT ${tenOf.join(' ')} UDP:11`, tenOf.join(' ')],
    [
      `BITTORRENT FOO ${tenOf.join(' ')}`,
      tenOf.join(' '),
      { newTrackon: tenOf.slice(0, 9).join(' ') }, // counts words, whatever they are
    ],
    [['BITTORRENT UDP:1', 'BITTORRENT UDP:1'], 'UDP:1'],
    [
      ['BITTORRENT UDP:1', 'BITTORRENT TCP:2'],
      'conflict',
      { BiglyBT: 'UDP:1 TCP:2', newTrackon: 'UDP:1', 'pawal’s checker': 'TCP:2' },
    ],
    [['v=spf1 -all', 'BITTORRENT UDP:1'], 'UDP:1'],
    ['NODATA', 'silent'],
    ['NXDOMAIN', 'silent'],
    ['SERVFAIL', 'failed', { BiglyBT: 'silent', newTrackon: 'silent' }],
  ];
  test.each(rows)('%j means %s', (published, means, others) => {
    const ours = brief(outcomeOf(published));
    expect(ours).toBe(means);
    differs(ours, others);
  });

  test('of split strings is read without separator; BiglyBT joins with a blank, newTrackon reads a denial', () => {
    // As the resolver joins them: test/io/resolver/resolver.test.ts has them on the wire.
    const ours = brief(outcomeOf(['BITTORRENT UDP:13', '37 TCP:80'].join('')));
    expect(ours).toBe('UDP:1337 TCP:80');
    differs(ours, { BiglyBT: brief(outcomeOf('BITTORRENT UDP:13 37 TCP:80')), newTrackon: 'denied' });
  });
});

describe('a URL', () => {
  interface Row {
    readonly url: string;
    readonly says: Published;
    readonly gives: string;
    readonly options?: RewriteOptions;
    readonly others?: Others;
  }
  const h = (rest: string): string => rest.replaceAll('//', '//h.example');
  const rows: Row[] = [
    // Left alone octet for octet where its transport and effective port are declared.
    {
      url: h('http://:80/a'),
      says: 'BITTORRENT UDP:1 TCP:80',
      gives: h('listed http://:80/a'),
      others: { BiglyBT: h('replaced udp://:1/a'), newTrackon: h('replaced udp://:1/a') },
    },
    { url: h('http:///a'), says: 'BITTORRENT TCP:80', gives: h('listed http:///a') },
    { url: h('https://:80/a'), says: 'BITTORRENT TCP:80', gives: h('listed https://:80/a') },
    // Any other is replaced by the declared endpoints in order; the port is always written, the rest is kept.
    {
      url: h('udp://:9/a'),
      says: 'BITTORRENT UDP:1 TCP:80',
      gives: h('replaced udp://:1/a http://:80/a'),
      others: { BiglyBT: h('replaced udp://:1/a http:///a') },
    },
    { url: h('udp:///a'), says: 'BITTORRENT UDP:80', gives: h('replaced udp://:80/a') },
    {
      url: 'http://u:p@H.Example:9/%7e?q#f',
      says: 'BITTORRENT UDP:1',
      gives: 'replaced udp://u:p@H.Example:1/%7e?q#f',
    },
    // Schemes of TCP.
    { url: h('udp://:9/a'), says: 'BITTORRENT TCP:443', gives: h('replaced https://:443/a') },
    { url: h('http://:9/a'), says: 'BITTORRENT TCP:8080', gives: h('replaced http://:8080/a') },
    { url: h('https://:9/a'), says: 'BITTORRENT TCP:8443', gives: h('replaced https://:8443/a') },
    { url: h('ws://:9/a'), says: 'BITTORRENT UDP:1 TCP:443', gives: h('replaced ws://:443/a') },
    {
      url: h('wss://:9/a'),
      says: 'BITTORRENT UDP:1',
      gives: h('no-candidate wss://:9/a'),
      options: { allowDowngrade: true },
    },
    // https never becomes clear text.
    { url: h('https:///k'), says: 'BITTORRENT UDP:1', gives: h('downgrade-refused https:///k') },
    {
      url: h('https:///k'),
      says: 'BITTORRENT TCP:80',
      gives: h('downgrade-refused https:///k'),
      others: { BiglyBT: h('replaced https://:80/k') },
    },
    { url: h('https:///k'), says: 'BITTORRENT UDP:1 TCP:8443', gives: h('replaced https://:8443/k') },
    {
      url: h('https:///k'),
      says: 'BITTORRENT UDP:1',
      gives: h('replaced udp://:1/k'),
      options: { allowDowngrade: true },
    },
    // Modes.
    {
      url: h('http://:80/a'),
      says: 'BITTORRENT UDP:1 TCP:80',
      gives: h('replaced udp://:1/a http://:80/a'),
      options: { mode: 'prefer' },
    },
    {
      url: h('http://:9/a'),
      says: 'BITTORRENT UDP:1',
      gives: h('off http://:9/a'),
      options: { mode: 'off' },
    },
    // Denied.
    { url: h('udp://:1/a'), says: 'BITTORRENT DENY ALL', gives: 'denied' },
    {
      url: h('udp://:1/a'),
      says: 'BITTORRENT DENY ALL',
      gives: h('denied udp://:1/a'),
      options: { keepDenied: true },
    },
    // Only declared and denied may change a URL.
    { url: h('udp://:1/a'), says: 'NODATA', gives: h('silent udp://:1/a') },
    { url: h('udp://:1/a'), says: ['BITTORRENT UDP:2', 'BITTORRENT UDP:3'], gives: h('conflict udp://:1/a') },
    { url: h('udp://:1/a'), says: 'SERVFAIL', gives: h('failed udp://:1/a') },
    { url: 'udp://192.0.2.1:1/a', says: 'NODATA', gives: 'literal udp://192.0.2.1:1/a' },
    { url: 'gopher://h.example/', says: 'BITTORRENT', gives: 'malformed gopher://h.example/' },
  ];
  test.each(rows)('$url at $says gives $gives', ({ url, says, gives, options = {}, others }) => {
    const lookup = lookupOf({ 'h.example': says });
    const { reason, urls } = rewriteUrl(url, lookup, options);
    const ours = [reason, ...urls].join(' ');
    expect(ours).toBe(gives);
    differs(ours, others);
    for (const again of urls)
      expect(
        rewriteUrl(again, lookup, { ...options, mode: options.mode === 'off' ? 'off' : 'fix' }).urls,
      ).toEqual([again]);
  });
});

const LOOKUP = lookupOf({
  'two.example': 'BITTORRENT UDP:1 TCP:443',
  'one.example': 'BITTORRENT UDP:1',
  'gone.example': 'BITTORRENT',
  'quiet.example': 'NODATA',
});

const text = (value: string): string => `${value.length}:${value}`;
const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const PRIVATE = INFO.replace(/aaaae$/, 'aaaa7:privatei1ee');

/** Tiers as `a b | c`. */
function torrent(
  tiers: string,
  { announce, info = INFO }: { announce?: string; info?: string } = {},
): string {
  const list = tiers
    .split(' | ')
    .map((tier) => `l${tier.split(' ').map(text).join('')}e`)
    .join('');
  return `d${announce === undefined ? '' : `8:announce${text(announce)}`}13:announce-listl${list}e7:comment2:hi${info}e`;
}

describe('a torrent', () => {
  const OLD = 'http://two.example:9/a';
  const NEW = ['udp://two.example:1/a', 'https://two.example:443/a'] as const;
  const QUIET = 'udp://quiet.example:5/a';
  const rows: [what: string, before: string, after: string, options?: RewriteOptions][] = [
    [
      'keeps tiers and order; candidates share a tier',
      torrent(`${OLD} | ${QUIET}`, { announce: OLD }),
      torrent(`${NEW.join(' ')} | ${QUIET}`, { announce: NEW[0] }),
    ],
    [
      'spreads candidates over tiers',
      torrent(`${OLD} | ${QUIET}`),
      torrent(`${NEW.join(' | ')} | ${QUIET}`),
      { spread: true },
    ],
    ['drops duplicates within a tier', torrent(`${OLD} ${NEW[0]}`), torrent(NEW.join(' '))],
    [
      'keeps the same URL in two tiers',
      torrent(`${NEW[0]} | ${OLD}`),
      torrent(`${NEW[0]} | ${NEW.join(' ')}`),
    ],
    ['invents no announce', torrent(OLD), torrent(NEW.join(' '))],
    [
      'invents no list for one candidate',
      `d8:announce${text('udp://one.example:9')}${INFO}e`,
      `d8:announce${text('udp://one.example:1')}${INFO}e`,
    ],
    [
      'adds a list for several candidates',
      `d8:announce${text(OLD)}${INFO}e`,
      `d8:announce${text(NEW[0])}13:announce-listll${NEW.map(text).join('')}ee${INFO}e`,
    ],
    ['removes a denied tracker', torrent(`udp://gone.example:1 | ${QUIET}`), torrent(QUIET)],
    [
      'removes both entries with the last',
      torrent('udp://gone.example:1', { announce: 'udp://gone.example:1' }),
      `d7:comment2:hi${INFO}e`,
    ],
    [
      'keeps the last of a private one',
      torrent('udp://gone.example:1', { info: PRIVATE }),
      torrent('udp://gone.example:1', { info: PRIVATE }),
    ],
    [
      'keeps what is out of order where it is',
      `d4:zeta1:x${INFO}8:announce${text(OLD.replace('two', 'one'))}e`,
      `d4:zeta1:x${INFO}8:announce${text('udp://one.example:1/a')}e`,
    ],
  ];
  test.each(rows)('%s', (_what, before, after, options = {}) => {
    const first = rewriteTorrent(textToOctets(before), LOOKUP, options);
    if (first.kind === 'error') throw new Error(first.message);
    expect(Buffer.from(first.octets).toString('latin1')).toBe(after);
    const { start, end } = first.metainfo.info;
    expect(first.octets.subarray(first.info.start, first.info.end)).toEqual(
      textToOctets(before).subarray(start, end),
    );
    const second = rewriteTorrent(first.octets, LOOKUP, options);
    expect(second).toMatchObject({ kind: 'rewritten', changed: false });
  });

  test.each([
    ['truncated', `d8:announce${text(OLD)}4:infod`, 'truncated'],
    ['with octets after its end', `${torrent(OLD)}x`, 'trailing-octets'],
    ['with a key twice', `d8:announce${text(OLD)}8:announce${text(OLD)}${INFO}e`, 'duplicate-key'],
    ['without info', `d8:announce${text(OLD)}e`, 'not-a-torrent'],
    ['with a number for an announce', `d8:announcei1e${INFO}e`, 'bad-announce'],
    ['with a string for a list', `d13:announce-list3:abc${INFO}e`, 'bad-announce-list'],
    ['too deep', `d1:a${'l'.repeat(200)}${'e'.repeat(200)}${INFO}e`, 'too-deep'],
  ])('%s is an error with its offset', (_what, content, code) => {
    expect(rewriteTorrent(textToOctets(content), LOOKUP)).toMatchObject({
      kind: 'error',
      code,
      offset: expect.any(Number) as number,
    });
  });
});

describe('a magnet link', () => {
  const rows: [what: string, before: string, after: string][] = [
    [
      'changes in its trackers only',
      'magnet:?xt=urn:btih:X&dn=a%20b&tr=udp%3A%2F%2Fone.example%3A9&x.pe=h:1&dn=c',
      'magnet:?xt=urn:btih:X&dn=a%20b&tr=udp%3A%2F%2Fone.example%3A1&x.pe=h:1&dn=c',
    ],
    [
      'keeps the numbers of tr.N, and adds further candidates as tr',
      'magnet:?tr.7=http%3A%2F%2Ftwo.example%3A9&dn=x',
      'magnet:?tr.7=udp%3A%2F%2Ftwo.example%3A1&tr=https%3A%2F%2Ftwo.example%3A443&dn=x',
    ],
    [
      'keeps the encoding of what stays',
      'magnet:?tr=udp://quiet.example:5&tr=udp%3a%2f%2fquiet.example%3a6',
      'magnet:?tr=udp://quiet.example:5&tr=udp%3a%2f%2fquiet.example%3a6',
    ],
    ['loses a denied tracker', 'magnet:?tr=udp%3A%2F%2Fgone.example%3A9&dn=x', 'magnet:?dn=x'],
  ];
  test.each(rows)('%s', (_what, before, after) => {
    const rewritten = rewriteMagnet(before, LOOKUP);
    expect(rewritten).toMatchObject({ kind: 'rewritten', uri: after, changed: before !== after });
    expect(rewriteMagnet(after, LOOKUP)).toMatchObject({ changed: false });
  });
});

describe('a list', () => {
  const rows: [what: string, before: string, after: string][] = [
    [
      'keeps comments, tiers and line ends',
      '# x\r\nudp://one.example:9\r\n\r\nudp://quiet.example:5\r\n',
      '# x\r\nudp://one.example:1\r\n\r\nudp://quiet.example:5\r\n',
    ],
    [
      'drops the blank line of a tier that is gone',
      'udp://quiet.example:5\n\nudp://gone.example:5\n',
      'udp://quiet.example:5\n',
    ],
    [
      'puts candidates on lines of their own',
      'http://two.example:9',
      'udp://two.example:1\nhttps://two.example:443',
    ],
  ];
  test.each(rows)('%s', (_what, before, after) => {
    expect(rewriteList(before, LOOKUP)).toMatchObject({ text: after, changed: true });
    expect(rewriteList(after, LOOKUP)).toMatchObject({ text: after, changed: false });
  });
});
