import fc from 'fast-check';
import parseTorrent from 'parse-torrent';
import { describe, expect, test } from 'vitest';
import type { RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { hostsOfMagnet, isMagnet, rewriteMagnet } from '../../../src/core/torrent/magnet.ts';
import { redactMagnet } from '../../../src/core/torrent/redact-magnet.ts';
import { lookupOf, OPTIONS, type Published, toAscii } from '../rewrite/support.ts';

const HOSTS: Readonly<Record<string, Published>> = {
  'h.example': 'BITTORRENT UDP:1 TCP:80',
  'one.example': 'BITTORRENT UDP:7',
  'd.example': 'BITTORRENT',
  's.example': 'NODATA',
  'xn--bcher-kva.example': 'BITTORRENT UDP:5',
};

function rewrite(uri: string, options: Partial<RewriteOptions> = {}): string {
  const result = rewriteMagnet(uri, lookupOf(HOSTS), { ...OPTIONS, ...options });
  return result.kind === 'error' ? result.code : result.uri;
}

const HASH = 'urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a';

describe('magnet links', () => {
  test.each([
    [
      'an encoded URL',
      'magnet:?xt=X&tr=udp%3A%2F%2Fone.example%3A9%2Fa&dn=n',
      'magnet:?xt=X&tr=udp%3A%2F%2Fone.example%3A7%2Fa&dn=n',
    ],
    [
      'a bare URL',
      'magnet:?tr=udp://one.example:9/a?b=c',
      'magnet:?tr=udp%3A%2F%2Fone.example%3A7%2Fa%3Fb%3Dc',
    ],
    [
      'several candidates',
      'magnet:?tr.2=udp://h.example:9&dn=x',
      'magnet:?tr.2=udp%3A%2F%2Fh.example%3A1&tr=http%3A%2F%2Fh.example%3A80&dn=x',
    ],
    ['a denied URL', 'magnet:?xt=X&tr=udp://d.example:1&dn=n', 'magnet:?xt=X&dn=n'],
    ['the only parameter', 'magnet:?tr=udp://d.example:1', 'magnet:?'],
    [
      'what does not change, in its encoding',
      'magnet:?&xt=%58&tr=%75dp://s.example:1&&tr=udp%3a%2F%2Fone.example:9#f',
      'magnet:?&xt=%58&tr=%75dp://s.example:1&&tr=udp%3A%2F%2Fone.example%3A7#f',
    ],
    [
      'duplicates',
      'magnet:?tr=udp://one.example:9&tr=udp://one.example:8',
      'magnet:?tr=udp%3A%2F%2Fone.example%3A7',
    ],
    [
      'octets that are no UTF-8',
      'magnet:?tr=udp://one.example:9/%FF%0a%61',
      'magnet:?tr=udp://one.example:9/%FF%0a%61', // a control character: malformed
    ],
    [
      'a passkey of octets',
      'magnet:?tr=udp://one.example:9/%ff%61',
      'magnet:?tr=udp%3A%2F%2Fone.example%3A7%2F%FFa',
    ],
    [
      'hosts beyond ASCII, encoded or not',
      'magnet:?tr=udp://b%C3%BCcher.example:1&tr=udp://bücher.example:2/ü',
      'magnet:?tr=udp%3A%2F%2Fb%C3%BCcher.example%3A5&tr=udp%3A%2F%2Fb%C3%BCcher.example%3A5%2F%C3%BC',
    ],
    ['magnet:///', 'magnet:///?tr=udp://one.example:9', 'magnet:///?tr=udp%3A%2F%2Fone.example%3A7'],
    ['stream-magnet', 'Stream-Magnet:?tr=udp://d.example:9', 'Stream-Magnet:?'],
  ])('%s', (_, uri, expected) => {
    expect(rewrite(uri)).toBe(expected);
  });

  test.each([
    'magnet:?xt=X',
    'magnet:?',
    'magnet:?tr=',
    'magnet:?tr',
    'magnet:?TR=udp://one.example:9&trx=udp://one.example:9&tr.x=udp://one.example:9&xtr=udp://one.example:9',
    'magnet:?tr=udp%3A%2F%2Fone.example%3A9%2',
    'magnet:?tr=udp%3A%2F%2Fone.example%3A9%zz',
    'magnet:?tr=%00&tr=udp://one.example:7/a%20b',
    'magnet:?tr=udp%3A%2F%2Fone.example%3A7&tr=udp%3A%2F%2Fone.example%3A7',
    'magnet:?xt=X#&tr=udp://one.example:9',
  ])('%s stays as it is', (uri) => {
    expect(rewrite(uri)).toBe(uri);
  });

  test.each(['', 'http://h.example/', 'magnet:xt=X', 'xmagnet:?tr=udp://one.example:9'])(
    '%j is none',
    (uri) => {
      expect(rewrite(uri)).toBe('not-a-magnet');
      expect(isMagnet(uri)).toBe(false);
      expect(hostsOfMagnet(uri, toAscii)).toEqual([]);
    },
  );

  test('names the hosts to look up', () => {
    const uri =
      'magnet:?tr=udp%3A%2F%2Fb%C3%BCcher.example%3A1&tr.1=http://h.example&tr=%&tr=udp://h.example:2';
    expect(hostsOfMagnet(uri, toAscii)).toEqual(['xn--bcher-kva.example', 'h.example']);
  });

  test('parse-torrent reads the new trackers and the same hash', async () => {
    const uri = `magnet:?xt=${HASH}&dn=a+b&tr=${encodeURIComponent('udp://h.example:9/announce?x=1&y=2')}`;
    const parsed = await parseTorrent(rewrite(uri));
    expect(parsed).toMatchObject({ infoHash: HASH.slice(9), name: 'a b' });
    expect([...parsed.announce].sort()).toEqual([
      'http://h.example:80/announce?x=1&y=2',
      'udp://h.example:1/announce?x=1&y=2',
    ]);
  });
});

const parameter = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('tr', 'tr.1', 'ws', 'x'),
      fc.constantFrom('udp', 'http', 'https', 'wss'),
      fc.constantFrom('h.example', 'one.example', 'd.example', 's.example', 'bücher.example'),
      fc.constantFrom('', ':80', ':9'),
      fc.constantFrom('', '/announce', '/k/a?x=y&z'),
      fc.boolean(),
    )
    .map(([name, scheme, host, port, rest, isEncoded]) => {
      const url = `${scheme}://${host}${port}${rest}`;
      return `${name}=${isEncoded ? encodeURIComponent(url) : url}`;
    }),
  fc.string(),
);

test('rewriting what was rewritten changes nothing, and other parameters never change', () => {
  const options = fc.record({
    mode: fc.constantFrom('fix' as const, 'prefer' as const),
    allowDowngrade: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(parameter, { maxLength: 6 }), options, (parameters, chosen) => {
      const uri = `magnet:?${parameters.join('&')}`;
      const once = rewrite(uri, chosen);
      expect(rewrite(once, chosen)).toBe(once);
      const others = (text: string): string[] =>
        text
          .slice('magnet:?'.length)
          .split('&')
          .filter((each) => each !== '' && !/^tr(?:\.[0-9]+)?=/.test(each));
      expect(others(once)).toEqual(others(uri));
    }),
    { numRuns: 500 },
  );
});

test('is shown without passkeys', () => {
  const key = '0123456789abcdef0123456789abcdef';
  const uri = `magnet:?xt=${HASH}&tr=http%3A%2F%2Fh.example%2F${key}%2Fannounce&ws=http%3A%2F%2Fx%2F${key}&tr=%#${key}`;
  expect(redactMagnet(uri)).toBe(`magnet:?xt=${HASH}&tr=http://h.example/…/announce&ws=…&tr=…#…`);
  expect(redactMagnet(key)).toBe('…');
});
