import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '../../../src/core/net/endpoint.ts';
import { MAX_ENDPOINTS } from '../../../src/core/preference/outcome.ts';
import { formatPreference, parseEndpoint, parsePreference } from '../../../src/core/preference/preference.ts';

interface Row {
  readonly text: string;
  /** Endpoints as BEP 34 writes them, or what the record is instead. */
  readonly reads: string;
  readonly ignored?: string;
  readonly typo?: boolean;
}

function check({ text, reads, ignored = '', typo = false }: Row): void {
  const preference = parsePreference(text);
  if (reads === 'not a record') {
    expect(preference).toBeUndefined();
    return;
  }
  expect(preference?.endpoints.map(formatEndpoint).join(' ')).toBe(reads === 'denied' ? '' : reads);
  expect(preference?.ignored.join(' ')).toBe(ignored);
  expect(preference?.probableTypo).toBe(typo);
}

describe('the marker', () => {
  test.each<Row>([
    { text: 'BITTORRENT UDP:1337', reads: 'UDP:1337' },
    { text: '  BITTORRENT   UDP:1337  ', reads: 'UDP:1337' },
    // BiglyBT and newTrackon take any text that begins so.
    { text: 'BITTORRENTX UDP:1337', reads: 'not a record' },
    { text: 'bittorrent UDP:1337', reads: 'not a record' },
    { text: '"BITTORRENT UDP:1337"', reads: 'not a record' },
    { text: 'v=spf1 BITTORRENT UDP:1337', reads: 'not a record' },
    { text: 'BITTORRENT\tUDP:1337', reads: 'not a record' },
    { text: 'BITTORRENT\u00a0UDP:1337', reads: 'not a record' },
    { text: '', reads: 'not a record' },
    { text: '   ', reads: 'not a record' },
  ])('reads $text as $reads', check);
});

describe('denials', () => {
  test.each<Row>([
    { text: 'BITTORRENT', reads: 'denied' },
    { text: 'BITTORRENT DENY ALL', reads: 'denied' },
    { text: 'BITTORRENT DENY', reads: 'denied' },
    { text: 'BITTORRENT deny all', reads: 'denied', ignored: 'deny all' },
    { text: 'BITTORRENT nothing here', reads: 'denied', ignored: 'nothing here' },
    { text: 'BITTORRENT UDP1337', reads: 'denied', ignored: 'UDP1337', typo: true },
    { text: 'BITTORRENT UDP: 1337', reads: 'denied', ignored: 'UDP: 1337', typo: true },
    { text: 'BITTORRENT udp:1337 tcp:80', reads: 'denied', ignored: 'udp:1337 tcp:80', typo: true },
    { text: 'BITTORRENT HTTPS:443', reads: 'denied', ignored: 'HTTPS:443', typo: true },
    { text: 'BITTORRENT UDP:1337,TCP:80', reads: 'denied', ignored: 'UDP:1337,TCP:80', typo: true },
    { text: 'BITTORRENT DENY ALL UDP1337', reads: 'denied', ignored: 'UDP1337' },
  ])('reads $text as $reads, ignoring "$ignored"', check);
});

describe('endpoint words', () => {
  test.each<Row>([
    { text: 'BITTORRENT UDP:1337 TCP:80', reads: 'UDP:1337 TCP:80' },
    { text: 'BITTORRENT TCP:80 UDP:1337 TCP:80 UDP:1337', reads: 'TCP:80 UDP:1337' },
    { text: 'BITTORRENT UDP:1 UDP:65535', reads: 'UDP:1 UDP:65535' },
    { text: 'BITTORRENT UDP:80 UDP:080 UDP:00080', reads: 'UDP:80' },
    { text: 'BITTORRENT UDP:80 UDP:000080', reads: 'UDP:80', ignored: 'UDP:000080' },
    // BiglyBT keeps both of these ports.
    {
      text: 'BITTORRENT UDP:0 UDP:65536 UDP:99999 TCP:9',
      reads: 'TCP:9',
      ignored: 'UDP:0 UDP:65536 UDP:99999',
    },
    { text: 'BITTORRENT UDP:+80 UDP:-1 UDP:8e1 TCP:9', reads: 'TCP:9', ignored: 'UDP:+80 UDP:-1 UDP:8e1' },
    // BiglyBT finds an endpoint inside a word.
    { text: 'BITTORRENT FOOUDP:7 UDP:1337, TCP:9', reads: 'TCP:9', ignored: 'FOOUDP:7 UDP:1337,' },
    { text: 'BITTORRENT Udp:80 TCP:9', reads: 'TCP:9', ignored: 'Udp:80' },
    { text: 'BITTORRENT TCP:8080s TCP:9', reads: 'TCP:9', ignored: 'TCP:8080s' },
    { text: 'BITTORRENT UDP:٨٠ TCP:9', reads: 'TCP:9', ignored: 'UDP:٨٠' },
    { text: 'BITTORRENT DENY ALL TCP:9', reads: 'TCP:9', ignored: 'DENY ALL' },
    // newTrackon counts words, so one that it does not know costs an endpoint there; here only endpoints count.
    {
      text: 'BITTORRENT a b c d e f g h i j UDP:1',
      reads: 'UDP:1',
      ignored: 'a b c d e f g h i j',
    },
  ])('reads $text as $reads, ignoring "$ignored"', check);

  test('stops at ten endpoints for readers, reports the rest, and gives a tracker all of them', () => {
    const ports = Array.from({ length: 13 }, (_, index) => index + 1);
    const preference = parsePreference(
      `BITTORRENT ${ports.map((port) => `UDP:${port} UDP:${port}`).join(' ')}`,
    );
    expect(preference?.endpoints.map((endpoint) => endpoint.port)).toEqual(ports.slice(0, MAX_ENDPOINTS));
    expect(preference?.allEndpoints.map((endpoint) => endpoint.port)).toEqual(ports);
    expect(preference?.excess).toEqual(['UDP:11', 'UDP:12', 'UDP:13']);
  });

  test('reads a record of 65,535 octets', () => {
    const preference = parsePreference(`BITTORRENT ${'UDP:1 '.repeat(10_900)}`.slice(0, 65_535));
    expect(preference?.allEndpoints).toEqual([{ transport: 'udp', port: 1 }]);
  });
});

const endpoint = fc.record({
  transport: fc.constantFrom('udp' as const, 'tcp' as const),
  port: fc.integer({ min: 1, max: 65_535 }),
});

describe('properties', () => {
  test('parses back what it formatted', () => {
    fc.assert(
      fc.property(fc.uniqueArray(endpoint, { selector: formatEndpoint, maxLength: 20 }), (endpoints) => {
        const preference = parsePreference(formatPreference(endpoints));
        expect(preference?.allEndpoints).toEqual(endpoints);
        expect(preference?.ignored).toEqual([]);
        expect(preference?.probableTypo).toBe(false);
      }),
    );
  });

  test('never throws, and accounts for every word', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('UDP:1', 'TCP:80', 'DENY', 'ALL', 'UDP:0', 'UDP', '::'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const text = ['BITTORRENT', ...words].join(' ');
        const preference = parsePreference(text);
        const given = text
          .split(' ')
          .filter((part) => part !== '')
          .slice(1);
        const unread = given.filter((part) => parseEndpoint(part) === undefined);
        expect(preference?.ignored.length).toBeLessThanOrEqual(unread.length);
        expect(preference?.allEndpoints.length === 0).toBe(unread.length === given.length);
      }),
    );
  });
});
