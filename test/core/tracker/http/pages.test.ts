import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter } from '../../../../src/core/counters.ts';
import { formatName } from '../../../../src/core/dns/name.ts';
import { createHostRule, type TxtAnswer } from '../../../../src/core/preference/host-rule.ts';
import { formatIndexPage, type IndexPage } from '../../../../src/core/tracker/http/index-page.ts';
import {
  INDEX_PAGE_STYLE,
  INDEX_PAGE_STYLE_DIGEST,
} from '../../../../src/core/tracker/http/index-page-style.ts';
import { MAX_POLICY_OCTETS } from '../../../../src/core/tracker/http/pages.ts';
import { createHttpTracker, MAX_HTTP_REPLY_OCTETS } from '../../../../src/core/tracker/http/tracker.ts';
import { createTestTracker, httpRequest, type TestTracker } from '../../../contract/announce-clients.ts';

/** Our names and their preference; undefined is a name of ours without one. */
const TXT: Readonly<Record<string, string | undefined>> = {
  't.example.': 'BITTORRENT UDP:1337 TCP:6969 TCP:443',
  'udp.example.': 'BITTORRENT UDP:1337',
  'gone.example.': 'BITTORRENT DENY ALL',
  'www.example.': 'BITTORRENT DENY ALL',
  'ns.example.': undefined,
};
/** What 6970 was to some of them. */
const DRAINING = ['t.example', 'gone.example', 'ns.example'];

function findTxt(name: Uint8Array): TxtAnswer {
  const text = formatName(name);
  if (!(text in TXT)) return { kind: 'foreign' };
  const preference = TXT[text];
  return preference === undefined ? { kind: 'absent' } : { kind: 'found', texts: [preference] };
}

/** A tracker whose hosts are those of {@link TXT}. */
function createTracker(): TestTracker {
  const tracker = createTestTracker();
  const rule = createHostRule({
    findTxt,
    isDraining: (host, _, port) => port === 6970 && DRAINING.includes(host),
    rowOf: () => 0,
  });
  return { ...tracker, http: createHttpTracker({ ...tracker, hostRule: rule.judge }) };
}

interface Asked {
  readonly path?: string;
  readonly port?: number;
  readonly method?: string;
  readonly nowSeconds?: number;
}

function ask(tracker: TestTracker, host: string, { path = '/', port = 6969, ...asked }: Asked = {}) {
  const { method = 'GET', nowSeconds = 0 } = asked;
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  return httpRequest(tracker, head, { localPort: port, nowSeconds });
}

const textOf = ({ body }: { body: Uint8Array }): string => new TextDecoder().decode(body);

/** What a person reads. */
const readableOf = (page: string): string =>
  page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(' .', '.')
    .trim();

const blockOf = (page: string): string | undefined => /<pre>([^<]*)<\/pre>/.exec(page)?.[1];

const T_URLS =
  'udp://t.example:1337/announce\n\nhttp://t.example:6969/announce\n\nhttps://t.example:443/announce';

const PAGE: IndexPage = {
  host: 't.example',
  standing: 'declared',
  endpoints: [{ transport: 'tcp', port: 6969 }],
  port: 6969,
  isSecured: false,
  isPrivate: false,
  policy: '',
  totals: {
    torrents: 1_234_567,
    seeds: 999,
    leechers: 1000,
    partialSeeds: 0,
    peersIpv4: 0,
    peersIpv6: 0,
    heapOctets: 0,
  },
};

describe('the index page', () => {
  it.each([
    ['a declared host', 't.example:6969', 6969, 'This is a BitTorrent tracker.', T_URLS],
    ['it in other letters', 'T.Example.', 6969, 'BITTORRENT UDP:1337 TCP:6969 TCP:443', T_URLS],
    [
      'a port that drains',
      't.example',
      6970,
      'Port 6970 is about to close: DNS has ceased to name it',
      T_URLS,
    ],
    ['one whose host has no other', 'gone.example', 6970, 'No other port takes its place.', undefined],
    ['one whose record is gone', 'ns.example', 6970, 'No other port takes its place.', undefined],
    ['another port', 't.example', 80, 'This BitTorrent tracker is not at port 80 over HTTP.', T_URLS],
    ['a host without HTTP', 'udp.example', 80, 'is not at port 80', 'udp://udp.example:1337/announce'],
    [
      'a denial',
      'www.example',
      80,
      'This host is no BitTorrent tracker: DNS says so ( BITTORRENT DENY ALL ).',
      undefined,
    ],
    [
      'a name without a record',
      'ns.example',
      80,
      'no BitTorrent tracker: DNS declares none for it.',
      undefined,
    ],
    [
      'a foreign name',
      'else.test:81',
      6969,
      'DNS says nothing here of the name',
      'http://else.test:81/announce',
    ],
    [
      'an IPv4 literal',
      '192.0.2.1:6969',
      6969,
      'This is a BitTorrent tracker.',
      'http://192.0.2.1:6969/announce',
    ],
    [
      'an IPv6 literal',
      '[2001:db8::1]',
      6969,
      'This is a BitTorrent tracker.',
      'http://[2001:db8::1]:80/announce',
    ],
    [
      '443 by its address',
      '192.0.2.1',
      443,
      'This is a BitTorrent tracker.',
      'https://192.0.2.1:443/announce',
    ],
    ['no host', '', 6969, 'This is a BitTorrent tracker.', 'http://ADDRESS:6969/announce'],
  ])('says of %s what it is', (_, host, port, sentence, urls) => {
    const reply = ask(createTracker(), host, { port });
    expect(reply.status).toBe(200);
    const page = textOf(reply);
    expect(readableOf(page)).toContain(sentence);
    expect(blockOf(page)).toBe(urls);
    expect(page).toContain('href="https://www.bittorrent.org/beps/bep_0034.html"');
    expect(page).not.toMatch(/<script|\0/);
  });

  it('has the counts where the host is served, and only there', () => {
    const tracker = createTracker();
    const announce = `/announce?info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=1&left=0`;
    ask(tracker, 't.example', { path: announce });
    expect(readableOf(textOf(ask(tracker, 't.example')))).toContain('Torrents 1 Seeds 1 Leechers 0');
    expect(textOf(ask(tracker, 't.example', { port: 80 }))).not.toContain('<dl>');
    expect(textOf(ask(tracker, 'www.example'))).not.toContain('<dl>');
  });

  it('groups the digits of large counts', () => {
    const page = formatIndexPage(PAGE);
    expect(readableOf(page)).toContain('Torrents 1,234,567 Seeds 999 Leechers 1,000');
  });

  it.each([
    [false, false, 'http://t.example:6969/announce'],
    [true, false, 'https://t.example:6969/announce'],
    [false, true, 'http://t.example:6969/PASSKEY/announce'],
  ])('names URLs by who asks and who may announce: over TLS %s, private %s', (isSecured, isPrivate, url) => {
    const page = formatIndexPage({ ...PAGE, isSecured, isPrivate });
    expect(blockOf(page)).toBe(url);
    expect(page.includes('your own passkey')).toBe(isPrivate);
  });

  it('is formatted once a second, and anew when something else is published', () => {
    const tracker = createTracker();
    const announce = `/announce?info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=1&left=0`;
    const seeds = (nowSeconds: number): string =>
      /Seeds (\d+)/.exec(readableOf(textOf(ask(tracker, 't.example', { nowSeconds }))))![1]!;
    expect(seeds(5)).toBe('0');
    ask(tracker, 't.example', { path: announce, nowSeconds: 5 });
    expect([seeds(5), seeds(6)]).toEqual(['0', '1']);
    tracker.http.publish({ policy: 'No spam.', hasStats: false });
    expect(textOf(ask(tracker, 't.example', { nowSeconds: 6 }))).toContain('<p class="policy">No spam.</p>');
  });

  it('of one host is not that of another, however many are asked for', () => {
    const tracker = createTracker();
    for (let round = 0; round < 2; round++) {
      for (let port = 1; port <= 100; port++) {
        expect(readableOf(textOf(ask(tracker, 't.example', { port })))).toContain(
          `at port ${port} over HTTP`,
        );
        expect(blockOf(textOf(ask(tracker, `h${port}.test`, { port })))).toBe(
          `http://h${port}.test:80/announce`,
        );
      }
    }
  });

  it('lets its own style through and nothing else', () => {
    const digest = createHash('sha256').update(INDEX_PAGE_STYLE).digest('base64');
    expect(INDEX_PAGE_STYLE_DIGEST).toBe(`sha256-${digest}`);
    const { fields, body } = ask(createTracker(), 't.example');
    expect(textOf({ body })).toContain(`<style>${INDEX_PAGE_STYLE}</style>`);
    expect(fields.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(fields.get('Content-Security-Policy')).toBe(
      `default-src 'none'; style-src '${INDEX_PAGE_STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(fields.get('X-Content-Type-Options')).toBe('nosniff');
    expect(fields.get('Cache-Control')).toBe('no-store');
  });

  it('has the policy as text, whatever it is, and fits a reply', () => {
    const tracker = createTracker();
    const unescaped = (text: string): string =>
      text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
    const policies = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .filter((text) => text.isWellFormed());
    const hostile = fc.constantFrom(
      '</p><script>x</script>',
      '<!--',
      '&lt;',
      '\0',
      '</style>',
      '"\'&<>'.repeat(800),
    );
    fc.assert(
      fc.property(fc.oneof(policies, hostile), (policy) => {
        tracker.http.publish({ policy, hasStats: false });
        for (const host of ['t.example', 'else.test']) {
          const page = textOf(ask(tracker, host));
          const shown = /<p class="policy">([^<>"']*)<\/p>/.exec(page);
          expect(unescaped(shown![1]!)).toBe(policy);
          expect(page.match(/<(script|p class="policy")/g)).toHaveLength(1);
        }
      }),
      { numRuns: 200 },
    );
    expect('"\'&<>'.repeat(800).length).toBeGreaterThan(MAX_POLICY_OCTETS - 100);
  });

  it.each(Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)))(
    'has no character of a policy longer than six octets (%j)',
    (character) => {
      const tracker = createTestTracker();
      tracker.http.publish({ policy: `a${character.repeat(3)}a`, hasStats: false });
      const shown = /<p class="policy">([^<]*)<\/p>/.exec(textOf(ask(tracker, 't.example')))![1]!;
      expect(shown.length).toBeLessThanOrEqual(2 + 3 * 6);
    },
  );

  it('fits a reply with the longest name, the most endpoints and the longest policy', () => {
    const label = 'a'.repeat(63);
    const host = `${label}.${label}.${label}.${'a'.repeat(61)}`;
    const ports = Array.from({ length: 10 }, (_, index) => ({
      transport: 'udp' as const,
      port: 65535 - index,
    }));
    const tracker = createTestTracker();
    const hostRule = () => ({ standing: 'draining', refusal: undefined, endpoints: ports, row: 0 }) as const;
    const http = createHttpTracker({ ...tracker, hostRule });
    http.publish({ policy: '"'.repeat(MAX_POLICY_OCTETS), hasStats: false });
    const reply = ask({ ...tracker, http }, host);
    expect(textOf(reply).endsWith('</html>\n')).toBe(true);
    expect(reply.body.length).toBeLessThan(MAX_HTTP_REPLY_OCTETS - 1024);
    const shown = /<p class="policy">([^<]*)<\/p>/.exec(textOf(reply))![1]!;
    expect(shown).toHaveLength(6 * MAX_POLICY_OCTETS);
  });

  it('never has more of a Host than its letters, digits, dots and port', () => {
    const tracker = createTracker();
    const hosts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'x\r\nSet-Cookie: a=b',
        '"><script>',
        'a\tb',
        'x:80/"><b>',
        '[::1"]',
        '<>:80',
        'x%0d%0a',
      ),
    );
    fc.assert(
      fc.property(hosts, (host) => {
        const head = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'utf8');
        const { status, fields, body } = httpRequest(tracker, head);
        expect(
          [...fields.keys()].some((name) => !/^(Content-|X-Content|Cache-|Referrer|Connection)/.test(name)),
        ).toBe(false);
        if (status !== 200) return;
        expect(blockOf(textOf({ body }))).toMatch(/^https?:\/\/[a-zA-Z0-9._\-[\]:]+\/announce(\n|$)/);
      }),
    );
  });
});

describe('what else a tracker port has', () => {
  it('lets crawlers show the index page and nothing else (RFC 9309)', () => {
    const reply = ask(createTracker(), 't.example', { path: '/robots.txt' });
    expect(textOf(reply)).toBe('User-agent: *\nAllow: /$\nDisallow: /\n');
    expect(reply.fields.get('Content-Type')).toBe('text/plain');
  });

  it.each(['/', '/robots.txt', '/stats', '/favicon.ico'])(
    'answers HEAD %s with the head of its GET',
    (path) => {
      const tracker = createTracker();
      tracker.http.publish({ policy: '', hasStats: true });
      const [get, head] = ['GET', 'HEAD'].map((method) => ask(tracker, 't.example', { path, method }));
      expect(head!.fields).toEqual(get!.fields);
      expect([head!.status, head!.body.length]).toEqual([get!.status, 0]);
      expect(Number(get!.fields.get('Content-Length'))).toBe(get!.body.length);
    },
  );

  it.each(['/favicon.ico', '/index.html', '//', '/stats', '/robots.txt/', '/robots.txtx', '/.well-known/x'])(
    'has nothing at %s',
    (path) => {
      const tracker = createTracker();
      const reply = ask(tracker, 't.example', { path });
      expect([reply.status, textOf(reply)]).toEqual([404, 'Not Found\n']);
      expect([...reply.fields]).toEqual([
        ['Content-Type', 'text/plain'],
        ['Content-Length', '10'],
      ]);
      expect(tracker.counters[Counter.httpBadPaths]).toBe(1);
    },
  );

  it('has counts as JSON where the operator wants that', () => {
    const tracker = createTracker();
    tracker.http.publish({ policy: '', hasStats: true });
    const query = (peer: string, more: string): string =>
      `/announce?info_hash=${'a'.repeat(20)}&peer_id=${peer.repeat(20)}&port=1&${more}`;
    for (const [peer, more] of [
      ['a', 'left=0'],
      ['b', 'left=1'],
      ['c', 'left=1&event=paused'],
    ] as const) {
      const octets = `GET ${query(peer, more)} HTTP/1.1\r\nHost: t.example\r\n\r\n`;
      httpRequest(tracker, octets, {
        address: peer === 'a' ? '2001:db8::1' : `192.0.2.${peer.charCodeAt(0)}`,
      });
    }
    const reply = ask(tracker, 't.example', { path: '/stats' });
    expect(reply.fields.get('Content-Type')).toBe('application/json');
    const counts = { torrents: 1, seeds: 1, leechers: 2, partial_seeds: 1, peers_ipv4: 2, peers_ipv6: 1 };
    expect(JSON.parse(textOf(reply))).toEqual({ host: 't.example', ...counts });
    expect(JSON.parse(textOf(ask(tracker, 'else.test', { path: '/stats' })))).toEqual(counts);
    expect(ask(tracker, 't.example', { path: '/stats', port: 80 }).status).toBe(404);
    expect(ask(tracker, 'www.example', { path: '/stats' }).status).toBe(404);
  });

  it('is counted', () => {
    const tracker = createTracker();
    for (const path of ['/', '/robots.txt', '/stats', '/x']) ask(tracker, 't.example', { path });
    expect([tracker.counters[Counter.httpPages], tracker.counters[Counter.httpBadPaths]]).toEqual([2, 2]);
  });
});
