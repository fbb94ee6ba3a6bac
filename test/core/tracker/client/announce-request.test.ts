import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHex, textToOctets } from '../../../../src/core/octets/text.ts';
import type { AnnounceQuery, ClientEvent } from '../../../../src/core/tracker/client/announce-query.ts';
import {
  MAX_SCRAPED_HASHES,
  parseAnnounceRequest,
  parseScrapeRequest,
  requestKind,
} from '../../../../src/core/tracker/client/announce-request.ts';
import { formatAnnounceQuery } from '../../../../src/core/tracker/client/http-messages.ts';

const HASH = 'a'.repeat(20);
const NEEDED = `info_hash=${HASH}&peer_id=${'b'.repeat(20)}&port=6881`;

test.each([
  ['/announce', 'announce'],
  ['/0123456789abcdef/announce', 'announce'],
  ['/announce.php', 'announce'],
  ['/scrape', 'scrape'],
  ['/x/scrape.php', 'scrape'],
  ['/', undefined],
  ['', undefined],
  ['/announcer', undefined],
  ['/announce/', 'announce'],
  ['/announce/7kP2mX9q-R4t_V6w.Yz~', 'announce'],
  ['/x/announce.php/0123456789abcdef', 'announce'],
  ['/scrape/0123456789abcdef', 'scrape'],
  ['/scrape/announce', 'announce'],
  ['/announce/scrape', 'scrape'],
  [`/announce/${'k'.repeat(64)}`, 'announce'],
  [`/announce/${'k'.repeat(65)}`, undefined],
  ['/announce/x/y', undefined],
  ['/announce//', undefined],
  ['/announcer/x', undefined],
  ['/announce/.', undefined],
  ['/announce/..', undefined],
  ['/announce/%2e%2e', undefined],
  ['/announce/x;y', undefined],
  ['/announce.php/../x', undefined],
  ['/ANNOUNCE', undefined],
])('%s asks for %s', (path, kind) => {
  expect(requestKind(path)).toBe(kind);
});

describe('an announce', () => {
  test('is read as clients write it', () => {
    const hash = '%12%34%56%78%9a%bc%de%f1%23%45%67%89%ab%cd%ef%12%34%56%78%9a';
    const read = parseAnnounceRequest(
      `info_hash=${hash}&peer_id=-TR3000-abcdefghijkl&port=51413&uploaded=1&downloaded=2&left=3` +
        '&numwant=80&key=5a3d&compact=1&supportcrypto=1&event=started&ip=192.0.2.1&passkey=secret',
    );
    if (read.kind === 'fault') throw new Error(read.message);
    expect(formatHex(read.query.infoHash)).toBe('123456789abcdef123456789abcdef123456789a');
    expect(read.query).toMatchObject({ port: 51413, uploaded: 1n, downloaded: 2n, left: 3n, numwant: 80 });
    expect(read.query).toMatchObject({ event: 'started', key: '5a3d' });
    expect(read.rest).toBe('supportcrypto=1&ip=192.0.2.1&passkey=secret');
  });

  test('has what its client did not say', () => {
    expect(parseAnnounceRequest(NEEDED)).toMatchObject({
      query: { uploaded: 0n, downloaded: 0n, left: 1n, numwant: -1, event: 'none', key: undefined },
      rest: '',
    });
  });

  test.each([
    ['left=18446744073709551616', { left: 1n }],
    ['left=-1', { left: 1n }],
    ['numwant=-5', { numwant: -1 }],
    ['numwant=99999999999', { numwant: -1 }],
    ['numwant=0', { numwant: 0 }],
    ['event=paused', { event: 'paused' }],
    ['event=', { event: 'none' }],
    ['event=other', { event: 'none' }],
  ])('with %s is read for what it means', (parameter, expected) => {
    expect(parseAnnounceRequest(`${NEEDED}&${parameter}`)).toMatchObject({ query: expected });
  });

  test.each([
    ['', 'info_hash'],
    [NEEDED.replace(HASH, HASH.slice(1)), 'info_hash'],
    [NEEDED.replace(HASH, `${HASH}a`), 'info_hash'],
    [NEEDED.replace(HASH, `%6${HASH.slice(1)}`), 'info_hash'],
    [`${NEEDED}&info_hash=${HASH}`, 'twice'],
    [NEEDED.replace('peer_id', 'peer'), 'peer_id'],
    [NEEDED.replace('6881', '0'), 'port'],
    [NEEDED.replace('6881', '65536'), 'port'],
    [NEEDED.replace('6881', '99999999999999999999999'), 'port'],
  ])('%j is none', (query, word) => {
    const read = parseAnnounceRequest(query);
    expect(read).toMatchObject({ kind: 'fault', message: expect.stringContaining(word) });
  });

  test('is the same after it has been written and read', () => {
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const octets = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const queries = fc.record({
      infoHash: octets,
      peerId: octets,
      port: fc.integer({ min: 1, max: 65_535 }),
      uploaded: uint64,
      downloaded: uint64,
      left: uint64,
      event: fc.constantFrom<ClientEvent>('none', 'completed', 'started', 'stopped', 'paused'),
      numwant: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      key: fc.option(fc.stringMatching(/^[0-9a-f]{8}$/), { nil: undefined }),
    });
    fc.assert(
      fc.property(queries, (query: AnnounceQuery) => {
        const read = parseAnnounceRequest(formatAnnounceQuery(query));
        expect(read).toEqual({ kind: 'announce', query, rest: '' });
      }),
    );
  });

  test('whatever the text, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['announce', 'fault']).toContain(parseAnnounceRequest(text).kind);
        expect(['scrape', 'fault']).toContain(parseScrapeRequest(text).kind);
      }),
    );
  });
});

describe('a scrape', () => {
  test('names one hash or several', () => {
    const read = parseScrapeRequest(`info_hash=${HASH}&x=y&info_hash=${'b'.repeat(20)}`);
    expect(read).toEqual({
      kind: 'scrape',
      infoHashes: [textToOctets(HASH), textToOctets('b'.repeat(20))],
    });
  });

  test.each([
    ['', 'no info_hash'],
    ['x=y', 'no info_hash'],
    [`info_hash=${HASH}a`, 'not 20 octets'],
    [
      Array(MAX_SCRAPED_HASHES + 1)
        .fill(`info_hash=${HASH}`)
        .join('&'),
      'more than 74',
    ],
  ])('%j is none', (query, message) => {
    expect(parseScrapeRequest(query)).toMatchObject({
      kind: 'fault',
      message: expect.stringContaining(message),
    });
  });
});
