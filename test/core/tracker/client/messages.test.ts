import bencode from 'bencode';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHex, parseHex, textToOctets } from '../../../../src/core/octets/text.ts';
import { type AnnounceQuery, keyNumber } from '../../../../src/core/tracker/client/announce-query.ts';
import {
  formatAnnounceQuery,
  isReply,
  readAnnounceReply,
} from '../../../../src/core/tracker/client/http-messages.ts';
import {
  encodeAnnounce,
  encodeConnect,
  readAnnounced,
  readConnected,
} from '../../../../src/core/tracker/client/udp-messages.ts';

const QUERY: AnnounceQuery = {
  infoHash: new Uint8Array(20).fill(0x61),
  peerId: textToOctets('-PT0001-abcdefghijkl'),
  port: 6881,
  uploaded: 1n,
  downloaded: 2n,
  left: 2n ** 40n,
  event: 'started',
  numwant: -1,
  key: '0000002a',
};

describe('over UDP', () => {
  test('connect is sixteen octets', () => {
    expect(formatHex(encodeConnect(0x01020304))).toBe('00000417271019800000000001020304');
  });

  test('announce is laid out as BEP 15 says, the path behind it as BEP 41 says', () => {
    const octets = encodeAnnounce({
      connectionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      transaction: 0xfffffffe,
      query: QUERY,
      urlData: textToOctets('/announce?a=b'),
    });
    expect(formatHex(octets)).toBe(
      [
        ['0102030405060708', '00000001', 'fffffffe'], // connection, action, transaction
        ['61'.repeat(20), formatHex(QUERY.peerId)],
        ['0000000000000002', '0000010000000000', '0000000000000001'], // downloaded, left, uploaded
        ['00000002', '00000000', '0000002a', 'ffffffff', '1ae1'], // event, address, key, numwant, port
        ['020d', formatHex(textToOctets('/announce?a=b'))],
      ]
        .flat()
        .join(''),
    );
  });

  test('a long path goes in pieces, and is cut where a datagram would grow too large', () => {
    const announce = (length: number): Uint8Array =>
      encodeAnnounce({
        connectionId: new Uint8Array(8),
        transaction: 1,
        query: QUERY,
        urlData: new Uint8Array(length).fill(0x61),
      });
    expect([...announce(300).subarray(98, 100)]).toEqual([2, 255]);
    expect([...announce(300).subarray(355, 357)]).toEqual([2, 45]);
    expect(announce(5000)).toEqual(announce(1024));
  });

  test.each([
    ['00000000 00000007 0102030405060708', { kind: 'connected', connectionId: parseHex('0102030405060708') }],
    ['00000003 00000007 6e6f', { kind: 'refused', reason: 'no', retryIn: undefined }],
    ['00000000 00000007 01020304', { kind: 'malformed', message: 'the reply to connect is none' }],
    ['00000001 00000007 0102030405060708', { kind: 'malformed', message: 'the reply to connect is none' }],
    ['00000000 00000008 0102030405060708', undefined], // of another transaction
    ['000000', undefined],
  ])('reads %s after connect', (hex, expected) => {
    expect(readConnected(parseHex(hex)!, 7)).toEqual(expected);
  });

  test.each([
    ['00000001 00000007 00000708 00000002 00000001 7f0000011ae1', 4, '7f0000011ae1', undefined],
    ['00000001 00000007 00000708 00000002 00000001', 4, '', undefined],
    [
      `00000001 00000007 00000708 00000002 00000001 ${'0'.repeat(31)}11ae1`,
      6,
      undefined,
      `${'0'.repeat(31)}11ae1`,
    ],
  ] as const)('reads %s after announce', (hex, family, ipv4, ipv6) => {
    const reply = readAnnounced(parseHex(hex)!, 7, family);
    expect(reply).toMatchObject({ kind: 'announced', interval: 1800, leechers: 2, seeders: 1 });
    if (reply?.kind !== 'announced') throw new Error('unreachable');
    expect(reply.peers && formatHex(reply.peers)).toBe(ipv4);
    expect(reply.peers6 && formatHex(reply.peers6)).toBe(ipv6);
  });

  test('entries of the other family are no list', () => {
    const hex = `00000001 00000007 00000708 00000002 00000001 ${'01'.repeat(18 + 6)}`;
    expect(readAnnounced(parseHex(hex)!, 7, 6)).toMatchObject({ kind: 'malformed' });
    expect(readAnnounced(parseHex(`${hex}00`)!, 7, 4)).toMatchObject({ kind: 'malformed' });
  });

  test('any octets are read as something', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(4 as const, 6 as const),
        (octets, family) => {
          const own = new Uint8Array([0, 0, 0, (octets[0] ?? 0) & 3, 0, 0, 0, 7, ...octets]);
          expect(readAnnounced(own, 7, family)).toBeDefined();
          expect(readConnected(own, 7)).toBeDefined();
        },
      ),
    );
  });
});

describe('over HTTP', () => {
  test('the query carries what BEP 3 names', () => {
    expect(
      formatAnnounceQuery({
        ...QUERY,
        infoHash: Uint8Array.from({ length: 20 }, (_, index) => index * 13),
        numwant: 0,
        key: 'ä&',
      }),
    ).toBe(
      'info_hash=%00%0D%1A%274AN%5Bhu%82%8F%9C%A9%B6%C3%D0%DD%EA%F7&peer_id=-PT0001-abcdefghijkl&port=6881' +
        '&uploaded=1&downloaded=2&left=1099511627776&compact=1&event=started&numwant=0&key=%C3%A4%26',
    );
  });

  test.each([
    [
      'd8:intervali1800e5:peers6:\x7f\0\0\x01\x1a\xe1e',
      { interval: 1800, peers: '7f0000011ae1', peers6: undefined },
    ],
    ['d8:intervali1800e5:peers0:e', { interval: 1800, peers: '', peers6: undefined }],
    ['d8:intervali1800ee', { interval: 1800, peers: undefined, peers6: undefined }],
    [
      'd8:completei3e10:incompletei4e8:intervali60e12:min intervali30e5:peersld2:ip9:127.0.0.17:peer id0:4:porti6881eed2:ip3:::14:porti1eed2:ip4:host4:porti1eeee',
      {
        interval: 60,
        minInterval: 30,
        seeders: 3,
        leechers: 4,
        peers: '7f0000011ae1',
        peers6: `${'0'.repeat(31)}10001`,
      },
    ],
    [
      `d8:intervali60e6:peers618:${'\0'.repeat(17)}\x01e`,
      { interval: 60, peers: undefined, peers6: `${'0'.repeat(34)}01` },
    ],
  ])('reads %j', (text, { peers, peers6, ...others }) => {
    const reply = readAnnounceReply(textToOctets(text));
    expect(reply).toMatchObject({ kind: 'announced', ...others });
    if (reply.kind !== 'announced') throw new Error('unreachable');
    expect(reply.peers && formatHex(reply.peers)).toBe(peers);
    expect(reply.peers6 && formatHex(reply.peers6)).toBe(peers6);
  });

  test.each([
    ['d14:failure reason2:no8:retry in5:nevere', { kind: 'refused', reason: 'no', retryIn: 'never' }],
    ['d14:failure reason2:no8:retry ini5ee', { kind: 'refused', reason: 'no', retryIn: 5 }],
    ['', { kind: 'malformed', message: expect.stringContaining('empty') }],
    ['<html>', { kind: 'malformed', message: expect.stringContaining('offset 0') }],
    ['le', { kind: 'malformed', message: expect.stringContaining('no dictionary') }],
    ['de', { kind: 'malformed', message: expect.stringContaining('no interval') }],
    ['d8:intervali1e5:peers5:abcdee', { kind: 'malformed', message: expect.stringContaining('peers') }],
    ['d8:intervali1e5:peersli1eee', { kind: 'malformed', message: expect.stringContaining('peers') }],
    ['d8:intervali1e6:peers6i1ee', { kind: 'malformed', message: expect.stringContaining('peers6') }],
  ])('reads %j', (text, expected) => {
    expect(readAnnounceReply(textToOctets(text))).toEqual(expected);
  });

  test('any dictionary is read as something', () => {
    const value = fc.oneof(fc.string({ maxLength: 20 }), fc.nat(), fc.array(fc.nat(), { maxLength: 3 }));
    const key = fc.constantFrom('interval', 'peers', 'peers6', 'failure reason', 'retry in', 'complete', 'x');
    fc.assert(
      fc.property(fc.dictionary(key, value), (reply) => {
        expect(readAnnounceReply(bencode.encode(reply)).kind).toMatch(/^(announced|refused|malformed)$/);
      }),
    );
  });
});

test.each([
  [undefined, 0],
  ['', 0],
  ['0000002a', 42],
  ['42', 42],
  ['4294967295', 0xffffffff],
  ['FFFFFFFF', 0xffffffff],
])('key %j is %d of BEP 15', (key, expected) => {
  expect(keyNumber(key)).toBe(expected);
});

test('another key is the same number each time, and not that of its neighbour', () => {
  expect(keyNumber('a key')).toBe(keyNumber('a key'));
  expect(keyNumber('a key')).not.toBe(keyNumber('a kez'));
});

test.each([
  ['d8:intervali900e5:peers0:e', true],
  ['d14:failure reason2:noe\r\n', true],
  ['de \t\n', true],
  ['down for maintenance', false],
  ['d', false],
  ['d8:intervali900e', false],
  ['d8:intervali900eee', false],
  ['d8:intervali900eede', false],
  ['le', false],
  ['2:de', false],
  [' de', false],
  ['\r\n', false],
  ['', false],
])('%j is the body of a reply: %s', (body, expected) => {
  expect(isReply(textToOctets(body))).toBe(expected);
});
