import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/core/dns/name.ts';
import { formatEndpoint } from '../../../src/core/net/endpoint.ts';
import {
  createHostRule,
  MAX_CACHED_HOSTS,
  namesStandingFor,
  type TxtAnswer,
} from '../../../src/core/preference/host-rule.ts';

/** Our names and their TXT records; `undefined` is a name of ours without any. */
const TXT: { readonly [name: string]: string[] | undefined } = {
  'tracker.example.': ['v=spf1 -all', 'BITTORRENT UDP:1337 TCP:80 TCP:443'],
  'udp.example.': ['BITTORRENT UDP:1337'],
  'www.example.': ['BITTORRENT DENY ALL'],
  'ns.example.': undefined,
  'other.example.': ['hello'],
  'many.example.': [`BITTORRENT ${Array.from({ length: 11 }, (_, index) => `TCP:${index + 1}`).join(' ')}`],
  'a.wild.example.': ['BITTORRENT TCP:80'],
};

/** Those that are counted, at rows from 1 on. */
const ROWS = ['tracker.example', '*.wild.example'];

function createRule(drainingKeys: readonly string[] = [], isSecured = false) {
  const asked: string[] = [];
  const rule = createHostRule({
    findTxt(name): TxtAnswer {
      const text = formatName(name);
      asked.push(text);
      if (!(text in TXT)) return { kind: 'foreign' };
      const texts = TXT[text];
      return texts === undefined ? { kind: 'absent' } : { kind: 'found', texts };
    },
    isDraining: (host, transport, port) => drainingKeys.includes(`${host} ${transport} ${port}`),
    rowOf: (host) => ROWS.indexOf(host) + 1,
    isSecured,
  });
  return { rule, asked };
}

describe('the host rule', () => {
  it.each([
    ['a declared port', 'tracker.example', 80, undefined],
    ['a foreign name', 'else.test', 8080, undefined],
    ['a name with a final dot', 'tracker.example.', 80, undefined],
    ['an IP literal', '192.0.2.1', 8080, undefined],
    ['what is no name', 'a..b', 8080, undefined],
    [
      'another port',
      'tracker.example',
      8080,
      'tracker.example has no HTTP tracker at port 8080; announce to http://tracker.example:80/announce or https://tracker.example:443/announce or udp://tracker.example:1337/announce',
    ],
    [
      'a UDP port of the same number',
      'udp.example',
      1337,
      'udp.example has no HTTP tracker at port 1337; announce to udp://udp.example:1337/announce',
    ],
    ['a denial', 'www.example', 80, 'www.example runs no tracker: DNS says so (BITTORRENT DENY ALL)'],
    ['a name without a record', 'ns.example', 80, 'ns.example runs no tracker: DNS declares none for it'],
    [
      'a name with other records',
      'other.example',
      80,
      'other.example runs no tracker: DNS declares none for it',
    ],
  ])('decides on %s', (_, host, port, expected) => {
    expect(createRule().rule.judge(host, port).refusal).toBe(expected);
  });

  it.each([
    [
      'tracker.example',
      'tracker.example has no HTTP tracker at port 8080; announce to https://tracker.example:80/announce or https://tracker.example:443/announce',
    ],
    [
      'udp.example',
      'udp.example has no HTTP tracker at port 8080; announce to udp://udp.example:1337/announce',
    ],
  ])('sends who came to %s over TLS on over TLS', (host, expected) => {
    expect(createRule([], true).rule.judge(host, 8080).refusal).toBe(expected);
  });

  it('serves a withdrawn port while it drains, and only there', () => {
    const { rule } = createRule(['tracker.example tcp 8080']);
    expect(rule.judge('tracker.example', 8080).refusal).toBeUndefined();
    expect(rule.judge('tracker.example', 8081).refusal).toContain('no HTTP tracker at port 8081');
  });

  it.each([
    ['else.test', 80, 'foreign', '', 0],
    ['ns.example', 80, 'silent', '', 0],
    ['other.example', 80, 'silent', '', 0],
    ['www.example', 80, 'denied', '', 0],
    ['tracker.example', 81, 'elsewhere', 'UDP:1337 TCP:80 TCP:443', 0],
    ['tracker.example', 8080, 'draining', 'UDP:1337 TCP:80 TCP:443', 1],
    ['tracker.example', 443, 'declared', 'UDP:1337 TCP:80 TCP:443', 1],
    ['many.example', 11, 'declared', 'TCP:1 TCP:2 TCP:3 TCP:4 TCP:5 TCP:6 TCP:7 TCP:8 TCP:9 TCP:10', 0],
    ['a.wild.example', 80, 'declared', 'TCP:80', 2],
  ])('knows what a port is to a host: %s at %d', (host, port, standing, endpoints, row) => {
    const verdict = createRule(['tracker.example tcp 8080']).rule.judge(host, port);
    expect(verdict).toMatchObject({ standing, row });
    expect(verdict.endpoints.map(formatEndpoint).join(' ')).toBe(endpoints);
  });

  it('asks once for a host and port, until it is cleared', () => {
    const { rule, asked } = createRule();
    rule.judge('tracker.example', 1);
    rule.judge('tracker.example', 1);
    expect(asked).toHaveLength(1);
    rule.clear();
    rule.judge('tracker.example', 1);
    expect(asked).toHaveLength(2);
  });

  it('forgets at its bound instead of growing with strangers’ hosts', () => {
    const { rule, asked } = createRule();
    for (let index = 0; index <= MAX_CACHED_HOSTS; index++) rule.judge(`h${index}.test`, 1);
    rule.judge(`h${MAX_CACHED_HOSTS}.test`, 1);
    rule.judge('h0.test', 1);
    expect(asked).toHaveLength(MAX_CACHED_HOSTS + 2);
  });

  it('does not look at hosts longer than a name', () => {
    const { rule, asked } = createRule();
    expect(rule.judge('a'.repeat(60_000), 80).standing).toBe('foreign');
    // Of 254 characters, which would be a name of 70 octets.
    expect(rule.judge(`${'\\097'.repeat(61)}${'.b'.repeat(5)}`, 80).standing).toBe('foreign');
    expect(asked).toEqual([]);
  });
});

describe('namesStandingFor', () => {
  it('names the host and the wildcards above it', () => {
    expect([...namesStandingFor('a.b.example')]).toEqual(['a.b.example', '*.b.example', '*.example']);
  });
});
