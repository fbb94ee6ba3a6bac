import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, isUntouched, type RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { keepLastTracker, settleTiers } from '../../../src/core/rewrite/tiers.ts';
import { lookupOf, OPTIONS, outcomeOf, type Published } from './support.ts';

/** Tiers as text: URLs apart by blanks, tiers by ` | `; `h` stands for `h.example`. */
function read(text: string): string[][] {
  return text.split(' | ').map((tier) => tier.split(' ').filter((url) => url !== ''));
}

type Hosts = Readonly<Record<string, Published>>;

function settle(
  tiers: readonly (readonly string[])[],
  hosts: Hosts,
  options: Partial<RewriteOptions>,
): readonly (readonly string[])[] {
  const lookup = lookupOf(hosts);
  const all = { ...OPTIONS, ...options };
  return settleTiers(
    tiers.map((tier) => tier.map((url) => decide(url, lookup, all))),
    all,
  ).tiers;
}

interface Row {
  readonly name: string;
  readonly says: string;
  readonly tiers: string;
  readonly gives: string;
  readonly options?: Partial<RewriteOptions>;
}

const BOTH = 'BITTORRENT UDP:1 TCP:80';

describe('tiers', () => {
  test.each<Row>([
    {
      name: 'keeps candidates in the tier of their URL, in order',
      says: BOTH,
      tiers: 'udp://x.y:1 udp://h:9/a udp://z.y:1 | udp://q.y:1',
      gives: 'udp://x.y:1 udp://h:1/a http://h:80/a udp://z.y:1 | udp://q.y:1',
    },
    {
      name: 'drops duplicates within a tier',
      says: BOTH,
      tiers: 'udp://h:9/a http://h:9/a udp://h:9/b',
      gives: 'udp://h:1/a http://h:80/a udp://h:1/b http://h:80/b',
    },
    {
      name: 'keeps paths and passkeys of one host apart (BiglyBT keeps the last)',
      says: 'BITTORRENT UDP:1',
      tiers: 'udp://h:9/key1 udp://h:9/key2',
      gives: 'udp://h:1/key1 udp://h:1/key2',
    },
    {
      name: 'does not look across tiers for duplicates',
      says: 'BITTORRENT UDP:1',
      tiers: 'udp://h:9/a | udp://h:8/a',
      gives: 'udp://h:1/a | udp://h:1/a',
    },
    {
      name: 'uses the spelling that the tier has for an endpoint',
      says: 'BITTORRENT UDP:1 TCP:443 TCP:80',
      tiers: 'udp://h:9/a http://h:443/a http://h/a',
      gives: 'udp://h:1/a http://h:443/a http://h/a',
    },
    {
      name: 'drops empty tiers',
      says: 'BITTORRENT DENY ALL',
      tiers: 'udp://x.y:1 | udp://h:9/a | udp://h:8 udp://z.y:1',
      gives: 'udp://x.y:1 | udp://z.y:1',
    },
    {
      name: 'leaves duplicates alone when no URL changes',
      says: BOTH,
      tiers: 'udp://h:1/a udp://h:1/a |  | udp://h:1/a',
      gives: 'udp://h:1/a udp://h:1/a |  | udp://h:1/a',
    },
    {
      name: 'spreads candidates over tiers of their own',
      says: BOTH,
      tiers: 'udp://x.y:1 udp://y.y:1 udp://h:9/a udp://z.y:1 | udp://q.y:1',
      gives: 'udp://x.y:1 udp://y.y:1 | udp://h:1/a | http://h:80/a | udp://z.y:1 | udp://q.y:1',
      options: { spread: true },
    },
    {
      name: 'spreads no candidate twice',
      says: BOTH,
      tiers: 'udp://h:9/a | http://h/a | udp://h:8/a',
      gives: 'udp://h:1/a | http://h/a',
      options: { spread: true },
    },
    {
      name: 'leaves a single candidate where it is, spread or not',
      says: 'BITTORRENT UDP:1',
      tiers: 'udp://x.y:1 udp://h:9/a',
      gives: 'udp://x.y:1 udp://h:1/a',
      options: { spread: true },
    },
    {
      name: 'puts the URLs of one tracker in declared order when preferred',
      says: 'BITTORRENT TCP:443 UDP:1 TCP:8080',
      tiers: 'http://h:8080/a udp://x.y:1 udp://h:1/a',
      gives: 'https://h:443/a udp://h:1/a http://h:8080/a udp://x.y:1',
      options: { mode: 'prefer' },
    },
    {
      name: 'keeps WebSocket trackers apart from those of HTTP',
      says: 'BITTORRENT UDP:1 TCP:80',
      tiers: 'ws://h/a udp://h:9/a',
      gives: 'ws://h/a udp://h:1/a http://h:80/a',
      options: { mode: 'prefer' },
    },
  ])('$name', ({ says, tiers, gives, options = {} }) => {
    const expand = (text: string): string[][] => read(text.replaceAll('://h', '://h.example'));
    const hosts = { 'h.example': says, 'x.y': 'NODATA', 'y.y': 'NODATA', 'z.y': 'NODATA', 'q.y': 'NODATA' };
    expect(settle(expand(tiers), hosts, options)).toEqual(expand(gives));
  });
});

test('the last tracker of a private torrent stays, and that is said', () => {
  const denied = (url: string) => decide(url, lookupOf({ 'h.example': 'BITTORRENT' }), OPTIONS);
  const tiers = [
    [],
    [denied('udp://h.example:1'), denied('udp://h.example:2')],
    [denied('udp://h.example:3')],
  ];
  const result = keepLastTracker(tiers, undefined);
  expect(result.kept).toBe(true);
  expect(settleTiers(result.tiers, {}).tiers).toEqual([['udp://h.example:1']]);
  const other = [decide('udp://x.example:1', () => undefined, OPTIONS)];
  expect(keepLastTracker([...tiers, other], undefined)).toMatchObject({
    tiers: [...tiers, other],
    kept: false,
  });
  expect(keepLastTracker([], undefined)).toMatchObject({ tiers: [], kept: false });
  const junk = [decide('dht://x', () => undefined, OPTIONS)];
  expect(keepLastTracker([junk, ...tiers], undefined)).toMatchObject({ kept: true });
  expect(keepLastTracker([junk], tiers.flat()[0])).toMatchObject({
    announce: { urls: ['udp://h.example:1'] },
    kept: true,
  });
  expect(keepLastTracker([junk], junk[0])).toMatchObject({ kept: false });
});

const scheme = fc.constantFrom('udp', 'http', 'https', 'ws', 'wss', 'HTTP', 'Udp');
const host = fc.constantFrom(
  'h.example',
  'H.example.',
  'g.example',
  'd.example',
  '1.2.3.4',
  'bücher.example',
);
const port = fc.constantFrom('', ':80', ':443', ':1', ':2', ':8080', ':0', ':');
const rest = fc.constantFrom('', '/announce', '/k/announce', '?k=1', '/ü#f');
const userinfo = fc.constantFrom('', '', 'u:p@');
const url = fc.tuple(scheme, userinfo, host, port, rest).map(([s, u, h, p, r]) => `${s}://${u}${h}${p}${r}`);
const endpointWord = fc.constantFrom('UDP:1', 'UDP:80', 'TCP:80', 'TCP:443', 'TCP:8080', 'UDP:443', 'TCP:2');
const published: fc.Arbitrary<Published> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(endpointWord, { maxLength: 5 }).map((words) => ['BITTORRENT', ...words].join(' ')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Published>('NODATA', 'SERVFAIL', ['BITTORRENT', 'BITTORRENT UDP:1']),
  },
);
const hosts = fc.record({
  'h.example': published,
  'g.example': published,
  'd.example': published,
  'xn--bcher-kva.example': published,
});
const options = fc.record({
  mode: fc.constantFrom('fix' as const, 'prefer' as const, 'off' as const),
  allowDowngrade: fc.boolean(),
  keepDenied: fc.boolean(),
  spread: fc.boolean(),
});
const tierList = fc.array(fc.array(url, { maxLength: 5 }), { maxLength: 4 });

describe('properties', () => {
  test('rewriting what was rewritten changes nothing', () => {
    fc.assert(
      fc.property(tierList, hosts, options, (tiers, says, chosen) => {
        const once = settle(tiers, says, chosen);
        expect(settle(once, says, chosen)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('URLs that stay do so in their order, and every URL of the result was decided on', () => {
    fc.assert(
      fc.property(tierList, hosts, options, (tiers, says, chosen) => {
        const lookup = lookupOf(says);
        const decisions = tiers.flat().map((each) => decide(each, lookup, { ...OPTIONS, ...chosen }));
        const result = settle(tiers, says, chosen).flat();
        const given = new Set([...tiers.flat(), ...decisions.flatMap(({ urls }) => urls)]);
        for (const each of result) expect(given).toContain(each);
        const staying = decisions.filter(isUntouched).map((decision) => decision.url);
        for (const each of staying) expect(result).toContain(each);
        if (decisions.every(isUntouched)) expect(result).toEqual(tiers.flat());
      }),
      { numRuns: 1000 },
    );
  });

  test('in fix, no URL that stays moves before another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(url, { maxLength: 8 }), hosts, (tier, says) => {
        const lookup = lookupOf(says);
        const staying = tier.filter((each) => decide(each, lookup, OPTIONS).reason === 'silent');
        const result = settle([tier], says, {}).flat();
        expect(result.filter((each) => staying.includes(each))).toEqual(staying);
      }),
    );
  });

  test('without leave, no https or wss URL becomes clear text', () => {
    fc.assert(
      fc.property(url, hosts, fc.constantFrom('fix' as const, 'prefer' as const), (each, says, mode) => {
        const decision = decide(each, lookupOf(says), { ...OPTIONS, mode });
        if (!/^(?:https|wss):/i.test(each)) return;
        for (const result of decision.urls) {
          expect(result === each || /^(?:https|wss):\/\/[^/?#]*:(?!80(?:[/?#]|$))/.test(result)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('any text is decided on without an error', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `udp://${text}`),
    );
    fc.assert(
      fc.property(anything, hosts, options, (text, says, chosen) => {
        const decision = decide(text, lookupOf(says), { ...OPTIONS, ...chosen });
        expect(decision.url).toBe(text);
      }),
    );
  });
});

test('a URL becomes the same alone in its tier and beside one that nobody knows', () => {
  const stranger = 'udp://stranger.example:1';
  fc.assert(
    fc.property(url, hosts, options, (each, published, chosen) => {
      const alone = settle([[each]], published, chosen);
      const beside = settle([[each, stranger]], published, chosen);
      const rest = beside.map((tier) => tier.filter((other) => other !== stranger));
      expect(alone).toEqual(rest.filter((tier) => tier.length > 0));
    }),
    { numRuns: 1000 },
  );
});

test('an outcome that names an endpoint twice gives a URL once', () => {
  const endpoint = { transport: 'udp', port: 1 } as const;
  const outcome = outcomeOf('BITTORRENT UDP:1 TCP:80');
  const lookup = () => ({ ...outcome, endpoints: [endpoint, endpoint] }) as typeof outcome;
  const decision = decide('udp://h.example:9/a', lookup, OPTIONS);
  expect(settleTiers([[decision]], {}).tiers).toEqual([['udp://h.example:1/a']]);
});
