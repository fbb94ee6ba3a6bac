// What the program makes of preferences, URLs, torrents, magnet links and lists, sentence by sentence of its documented
// behaviour, in one place; and where other programs that read BEP 34 make something else of the same.
// Long because it is a table.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { formatEndpoint } from '../../src/core/net/endpoint.ts';
import { octetsToText, textToOctets } from '../../src/core/octets/text.ts';
import type { Outcome } from '../../src/core/preference/outcome.ts';
import { lookupHost } from '../../src/core/rewrite/lookup-host.ts';
import { parseTrackerUrl } from '../../src/core/rewrite/tracker-url.ts';
import { createResolver } from '../../src/io/resolver/resolver.ts';
import {
  type RewriteOptions,
  rewriteList,
  rewriteMagnet,
  rewriteTorrent,
  rewriteUrl,
} from '../../src/pure.ts';
import { lookupOf, outcomeOf, type Published, toAscii } from '../core/rewrite/support.ts';
import { INFO as VERSIONS } from '../core/torrent/torrents.ts';
import {
  answers,
  answersWith,
  type Behaviour,
  cname,
  createHostileDns,
  fails,
  type HostileDns,
  inTurn,
  silence,
  soa,
  txt,
} from '../support/hostile-dns.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** The same question to another program, and what it makes of it: BiglyBT by its source, newTrackon by its service,
 * and the readers that are monitors and testers by theirs. */
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
    ['http://0177.0.0.1/a', 'literal'],
    ['http://0x7f.1/a', 'literal'],
    ['http://0x7f000001/a', 'literal'],
    ['http://2130706433/a', 'literal'],
    ['http://[::1]/a', 'literal'],
    ['http://localhost/a', 'not-in-dns'],
    ['http://printer.local/a', 'not-in-dns'],
    ['http://x.onion/a', 'not-in-dns'],
    ['http://x.i2p/a', 'not-in-dns'],
    ['http://x.alt/a', 'not-in-dns'],
    ['udp://deep.X.ONION.:1', 'not-in-dns'],
    ['http://u:p@Tracker.Example:8080/a', 'tracker.example'],
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
    ['BITTORRENTX UDP:1', 'silent', { BiglyBT: 'UDP:1' }],
    ['BITTORRENT\tUDP:1', 'silent', { BiglyBT: 'UDP:1', newTrackon: 'UDP:1' }],
    ['"BITTORRENT UDP:1"', 'silent'],
    ['v=spf1 BITTORRENT UDP:1', 'silent'],
    ['v=spf1 -all', 'silent'],
    ['BITTORRENT udp:1 TCP:2', 'TCP:2', { tracker_query: 'UDP:1 TCP:2' }],
    ['BITTORRENT UDP:1337, TCP:80', 'TCP:80', { BiglyBT: 'UDP:1337 TCP:80' }],
    [
      'BITTORRENT UDP:+80 UDP: UDP:-1 UDP:1.5 TCP:8080s HTTPS:443 TCP:2',
      'TCP:2',
      { BiglyBT: 'UDP:1 TCP:8080 TCP:2' },
    ],
    ['BITTORRENT UDP:080', 'UDP:80'],
    ['BITTORRENT UDP:0 TCP:65536 TCP:2', 'TCP:2', { BiglyBT: 'UDP:0 TCP:65536 TCP:2' }],
    ['BITTORRENT UDP:000080', 'denied, probably a typo'],
    ['BITTORRENT UDP1337', 'denied, probably a typo'],
    ['BITTORRENT xUDP:1x TCP:2', 'TCP:2', { BiglyBT: 'UDP:1 TCP:2' }],
    ['BITTORRENT FOO UDP:1 BAR', 'UDP:1'],
    ['BITTORRENT UDP:1 UDP:1 TCP:2 UDP:1', 'UDP:1 TCP:2', { BiglyBT: 'UDP:1 UDP:1 TCP:2 UDP:1' }],
    [
      `BITTORRENT ${tenOf.join(' ')} UDP:11`,
      tenOf.join(' '),
      { BiglyBT: [...tenOf, 'UDP:11'].join(' '), 'Azathothas’ Trackers': [...tenOf, 'UDP:11'].join(' ') },
    ],
    [
      `BITTORRENT FOO ${tenOf.join(' ')}`,
      tenOf.join(' '),
      { newTrackon: tenOf.slice(0, 9).join(' ') }, // counts words, whatever they are
    ],
    [['BITTORRENT UDP:1', 'BITTORRENT UDP:1'], 'UDP:1'],
    [
      ['BITTORRENT UDP:1', 'BITTORRENT TCP:2'],
      'conflict',
      { BiglyBT: 'UDP:1 TCP:2', newTrackon: 'UDP:1', 'pawal’s monitor': 'TCP:2' },
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

  test('names what was ignored: words that are no endpoint, and endpoints past the tenth', () => {
    const outcome = outcomeOf(`BITTORRENT FOO ${tenOf.join(' ')} udp:1 UDP:11 TCP:12`);
    expect(outcome).toMatchObject({ kind: 'declared', ignored: ['FOO', 'udp:1', 'UDP:11', 'TCP:12'] });
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
    { url: h('HTTP://:80/a'), says: 'BITTORRENT TCP:80', gives: h('listed HTTP://:80/a') },
    { url: h('https:///a'), says: 'BITTORRENT TCP:443', gives: h('listed https:///a') },
    {
      url: h('http://:9/a?k=v'),
      says: 'BITTORRENT UDP:1',
      gives: h('replaced udp://:1/a?k=v'),
      others: { tracker_query: h('replaced udp://:1/a') },
    },
    { url: h('udp://:9/a'), says: 'BITTORRENT TCP:443', gives: h('replaced https://:443/a') },
    {
      url: h('http://:9/a'),
      says: 'BITTORRENT TCP:443',
      gives: h('replaced https://:443/a'),
      others: { BiglyBT: h('replaced https:///a'), newTrackon: h('replaced http://:443/a') },
    },
    {
      url: h('http://:9/a'),
      says: 'BITTORRENT TCP:443 TCP:8080',
      gives: h('replaced https://:443/a http://:8080/a'),
      others: { BiglyBT: h('replaced https:///a https://:8080/a') },
    },
    { url: h('ws://:9/a'), says: 'BITTORRENT TCP:80', gives: h('replaced ws://:80/a') },
    {
      url: h('wss://:9/a'),
      says: 'BITTORRENT TCP:8443',
      gives: h('replaced wss://:8443/a'),
      others: { BiglyBT: h('replaced http://:8443/a') },
    },
    { url: h('wss://:9/a'), says: 'BITTORRENT TCP:80', gives: h('downgrade-refused wss://:9/a') },
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
    {
      url: h('https:///k'),
      says: 'BITTORRENT TCP:80',
      gives: h('replaced http://:80/k'),
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
    {
      url: h('udp://:1/a'),
      says: 'BITTORRENT DENY ALL',
      gives: 'denied',
      others: {
        BiglyBT: 'denied udp://h.example.disabled_by_tracker:1/a',
        'pawal’s monitor': h('denied udp://:1/a'),
      },
    },
    { url: h('udp://:1/a'), says: 'BITTORRENT UDP1337', gives: 'denied' },
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
    { url: 'udp://[2001:db8::1]:1/a', says: 'NODATA', gives: 'literal udp://[2001:db8::1]:1/a' },
    { url: h('udp://:0/a'), says: 'BITTORRENT UDP:1', gives: h('malformed udp://:0/a') },
    { url: h('udp://:65536/a'), says: 'BITTORRENT UDP:1', gives: h('malformed udp://:65536/a') },
    { url: 'udp:h.example:9', says: 'BITTORRENT UDP:1', gives: 'malformed udp:h.example:9' },
    { url: h('*udp://:9/a'), says: 'BITTORRENT UDP:1', gives: h('malformed *udp://:9/a') },
    { url: 'udp://2001:db8::1/a', says: 'BITTORRENT UDP:1', gives: 'malformed udp://2001:db8::1/a' },
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
const [V2, HYBRID] = [VERSIONS.v2, VERSIONS.hybrid].map(
  (info) => `4:info${octetsToText(encodeBencode(info))}`,
) as [string, string];
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
    ['of v2 alone', torrent(OLD, { info: V2 }), torrent(NEW.join(' '), { info: V2 })],
    ['of both versions', torrent(OLD, { info: HYBRID }), torrent(NEW.join(' '), { info: HYBRID })],
    [
      'keeps both of two URLs of a host that differ in their path, of which BiglyBT keeps the last',
      torrent('udp://one.example:9/a | udp://one.example:9/b'),
      torrent('udp://one.example:1/a | udp://one.example:1/b'),
    ],
    [
      'replaces an announce that is in no tier by its own first candidate',
      torrent(QUIET, { announce: OLD }),
      torrent(QUIET, { announce: NEW[0] }),
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
    const { metainfo, info } = first;
    if (metainfo.kind !== 'metainfo' || info === undefined) throw new Error('this is no torrent');
    const { start, end } = metainfo.info;
    expect(first.octets.subarray(info.start, info.end)).toEqual(textToOctets(before).subarray(start, end));
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
    [
      'reads a URL that is not encoded, which magnet-uri loses at its "="',
      'magnet:?xt=urn:btih:X&tr=http://one.example:9/?a=b',
      'magnet:?xt=urn:btih:X&tr=udp%3A%2F%2Fone.example%3A1%2F%3Fa%3Db',
    ],
    [
      'drops a candidate that it has already',
      'magnet:?tr=udp%3A%2F%2Ftwo.example%3A1&tr=http%3A%2F%2Ftwo.example%3A9',
      'magnet:?tr=udp%3A%2F%2Ftwo.example%3A1&tr=https%3A%2F%2Ftwo.example%3A443',
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
  const rows: [what: string, before: string, after: string, options?: RewriteOptions][] = [
    [
      'spreads candidates over tiers',
      'http://two.example:9\nudp://quiet.example:5\n',
      'udp://two.example:1\n\nhttps://two.example:443\n\nudp://quiet.example:5\n',
      { spread: true },
    ],
    [
      'drops duplicates within a tier, not across tiers',
      'udp://one.example:9\nudp://one.example:1\n\nudp://one.example:1\n',
      'udp://one.example:1\n\nudp://one.example:1\n',
    ],
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
  test.each(rows)('%s', (_what, before, after, options = {}) => {
    expect(rewriteList(before, LOOKUP, options)).toMatchObject({ text: after, changed: true });
    expect(rewriteList(after, LOOKUP, options)).toMatchObject({ text: after, changed: false });
  });
});

describe('a look-up', () => {
  let dns: HostileDns;

  beforeAll(async () => {
    dns = await createHostileDns();
  });

  afterAll(() => dns.close());

  const record = (name: string, ttl: number): Behaviour =>
    answers({ ...txt(name, 'BITTORRENT UDP:1'), ttl } as never);

  const rows: [what: string, behaviour: (name: string) => Behaviour, means: string, others?: Others][] = [
    ['honours a TTL', (name) => record(name, 300), 'UDP:1 for 300 s', { BiglyBT: 'UDP:1 for 14400 s' }],
    ['of no TTL keeps its answer a minute', (name) => record(name, 0), 'UDP:1 for 60 s'],
    ['of a month keeps its answer a day', (name) => record(name, 2_592_000), 'UDP:1 for 86400 s'],
    [
      'that finds nothing goes by the SOA',
      () => answersWith({ authorities: [soa('lookup.test', 900, 120)] }),
      'silent for 120 s',
    ],
    [
      'that gets an alias and nothing behind it asks on',
      (name) => {
        dns.on(`target.${name}`, record(`target.${name}`, 300));
        return answers(cname(name, `target.${name}`));
      },
      'UDP:1 for 300 s',
      { newTrackon: 'silent for 300 s' },
    ],
    [
      'that is refused has failed',
      () => fails('REFUSED'),
      'failed',
      { BiglyBT: 'silent', newTrackon: 'silent' },
    ],
    ['that nobody answers has failed', () => silence, 'failed', { BiglyBT: 'silent', newTrackon: 'silent' }],
    [
      'of split strings joins them',
      (name) => answers(txt(name, 'BITTORRENT UDP:13', '37 TCP:80')),
      'UDP:1337 TCP:80 for 300 s',
      { BiglyBT: 'UDP:13 TCP:80 for 300 s', newTrackon: 'denied for 300 s' },
    ],
  ];
  test.each(rows)('%s', async (what, behaviour, means, others) => {
    const name = `${what.replaceAll(' ', '-').toLowerCase()}.lookup.test`;
    dns.on(name, behaviour(name));
    const resolver = createResolver({ servers: [dns.server], timeoutMilliseconds: 300 });
    const outcome = await resolver.lookupPreference(name);
    resolver.close();
    const ours = 'ttlSeconds' in outcome ? `${brief(outcome)} for ${outcome.ttlSeconds} s` : brief(outcome);
    expect(ours).toBe(means);
    differs(ours, others);
  });

  test('that fails leaves the last good answer in use; BiglyBT forgets it', async () => {
    const clock = createManualClock();
    const resolver = createResolver({ servers: [dns.server], clock });
    dns.on('once.lookup.test', inTurn(record('once.lookup.test', 300), fails('SERVFAIL')));
    await resolver.lookupPreference('once.lookup.test');
    await clock.advance(301);
    const ours = brief(await resolver.lookupPreference('once.lookup.test'));
    expect(ours).toBe('UDP:1');
    differs(ours, { BiglyBT: 'silent' });
    expect(dns.asked('once.lookup.test')).toHaveLength(2);
    resolver.close();
  });
});
