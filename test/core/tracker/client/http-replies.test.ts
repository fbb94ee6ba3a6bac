import { expect, test } from 'vitest';
import { formatHex, octetsToText, parseHex, textToOctets } from '../../../../src/core/octets/text.ts';
import { readAnnounceReply } from '../../../../src/core/tracker/client/http-messages.ts';
import {
  type Announced,
  formatAnnounceReply,
  formatFailure,
  formatScrapeReply,
} from '../../../../src/core/tracker/client/http-replies.ts';
import { encodeScrape, readScraped } from '../../../../src/core/tracker/client/udp-messages.ts';
import { decodeBencode } from '../../../support/decode-bencode.ts';

const OVER_IPV4: Announced = {
  kind: 'announced',
  interval: 1800,
  minInterval: undefined,
  seeders: 2,
  leechers: 5,
  peers: textToOctets('aaaabb'),
  peers6: undefined,
  warning: undefined,
};
const OVER_IPV6: Announced = {
  ...OVER_IPV4,
  interval: 1700,
  seeders: 3,
  leechers: 4,
  peers: undefined,
  peers6: textToOctets('c'.repeat(18)),
};

test('the answers of both families are one reply', () => {
  const reply = formatAnnounceReply([OVER_IPV4, OVER_IPV6]);
  expect(octetsToText(reply)).toBe(
    `d8:completei3e10:incompletei5e8:intervali1800e5:peers6:aaaabb6:peers618:${'c'.repeat(18)}e`,
  );
  expect(readAnnounceReply(reply)).toMatchObject({ kind: 'announced', interval: 1800, seeders: 3 });
});

test('peers are always there, peers6 where IPv6 was asked', () => {
  expect(octetsToText(formatAnnounceReply([{ ...OVER_IPV6, peers6: new Uint8Array(0) }]))).toBe(
    'd8:completei3e10:incompletei4e8:intervali1700e5:peers0:6:peers60:e',
  );
});

test('a failure says why, and whether to come again (BEP 31)', () => {
  expect(octetsToText(formatFailure('no'))).toBe('d14:failure reason2:noe');
  expect(octetsToText(formatFailure('no', 'never'))).toBe('d14:failure reason2:no8:retry in5:nevere');
});

test('counts of a scrape stand under their hashes, in order, once a hash, the larger of two answers', () => {
  const hashes = ['\xff'.repeat(20), '\0'.repeat(20), '\xff'.repeat(20)].map(textToOctets);
  const counts = (seeders: number) => ({ seeders, completed: 7, leechers: 1 });
  const reply = formatScrapeReply(hashes, [
    [counts(1), counts(2), counts(1)],
    [counts(4), counts(0), counts(4)],
  ]);
  const { files } = decodeBencode(reply) as { files: Record<string, { complete: number }> };
  expect(Object.values(files).map(({ complete }) => complete)).toEqual([2, 4]);
  expect(octetsToText(reply)).toBe(
    `d5:filesd20:${'\0'.repeat(20)}d8:completei2e10:downloadedi7e10:incompletei1ee` +
      `20:${'\xff'.repeat(20)}d8:completei4e10:downloadedi7e10:incompletei1eeee`,
  );
});

test('a scrape over UDP is laid out as BEP 15 says', () => {
  const hashes = [new Uint8Array(20).fill(0x61), new Uint8Array(20).fill(0x62)];
  expect(formatHex(encodeScrape(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 9, hashes))).toBe(
    `01020304050607080000000200000009${'61'.repeat(20)}${'62'.repeat(20)}`,
  );
  const counts = '000000010000000200000003' + '000000040000000500000006';
  expect(readScraped(parseHex(`0000000200000009${counts}`)!, 9, 2)).toEqual({
    kind: 'scraped',
    torrents: [
      { seeders: 1, completed: 2, leechers: 3 },
      { seeders: 4, completed: 5, leechers: 6 },
    ],
  });
});

test.each([
  ['000000020000000a', undefined], // another transaction
  ['0000000200000009', { kind: 'malformed' }], // counts are missing
  ['0000000100000009', { kind: 'malformed' }],
  ['00000003000000096e6f', { kind: 'refused', reason: 'no' }],
])('a reply to a scrape of %s is %j', (hex, expected) => {
  const read = readScraped(parseHex(hex)!, 9, 1);
  if (expected === undefined) expect(read).toBeUndefined();
  else expect(read).toMatchObject(expected);
});
