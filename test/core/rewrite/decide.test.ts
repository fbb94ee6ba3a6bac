import { describe, expect, test } from 'vitest';
import { decide, type RewriteOptions } from '../../../src/core/rewrite/decide.ts';
import { lookupOf, OPTIONS, type Published, toAscii } from './support.ts';

interface Row {
  readonly url: string;
  /** What h.example publishes. */
  readonly says: Published;
  /** The reason, and what the URL becomes if it is not itself. */
  readonly gives: string;
}

function check(options: Partial<RewriteOptions> = {}): (row: Row) => void {
  return ({ url, says, gives }) => {
    const decision = decide(url, lookupOf({ 'h.example': says }), { ...OPTIONS, ...options });
    const [reason, ...urls] = gives.split(' ');
    expect(decision.reason).toBe(reason);
    expect(decision.urls.join(' ')).toBe(urls.length === 0 ? url : urls.join(' ').replace('(nothing)', ''));
  };
}

describe('a URL whose endpoint is declared', () => {
  test.each<Row>([
    { url: 'udp://h.example:1337/announce', says: 'BITTORRENT UDP:1337', gives: 'listed' },
    // BiglyBT and newTrackon move these to the first endpoint.
    { url: 'http://h.example:80/announce', says: 'BITTORRENT UDP:1337 TCP:80', gives: 'listed' },
    { url: 'http://h.example/announce', says: 'BITTORRENT UDP:1337 TCP:80', gives: 'listed' },
    { url: 'https://h.example/announce', says: 'BITTORRENT TCP:443', gives: 'listed' },
    { url: 'HTTP://H.Example.:443/a?b#c', says: 'BITTORRENT TCP:443', gives: 'listed' },
    { url: 'https://h.example:80/announce', says: 'BITTORRENT TCP:80', gives: 'listed' },
    { url: 'ws://h.example:8000', says: 'BITTORRENT TCP:8000', gives: 'listed' },
    { url: 'wss://h.example', says: 'BITTORRENT TCP:443', gives: 'listed' },
    { url: 'udp://h.example:80', says: 'BITTORRENT UDP:00080', gives: 'listed' },
  ])('stays: $url at $says', check());
});

describe('a URL whose endpoint is not declared', () => {
  test.each<Row>([
    {
      url: 'udp://h.example:80/announce',
      says: 'BITTORRENT UDP:1337 TCP:80',
      gives: 'replaced udp://h.example:1337/announce http://h.example:80/announce',
    },
    // The port is always written, 80 and 443 included: BiglyBT leaves them out.
    { url: 'udp://h.example:1', says: 'BITTORRENT UDP:80', gives: 'replaced udp://h.example:80' },
    { url: 'http://h.example:1', says: 'BITTORRENT TCP:443', gives: 'replaced https://h.example:443' },
    // Without a port 80 to some programs and 443 to others, so never listed.
    { url: 'udp://h.example/a', says: 'BITTORRENT UDP:80', gives: 'replaced udp://h.example:80/a' },
    { url: 'udp://h.example/a', says: 'BITTORRENT UDP:443', gives: 'replaced udp://h.example:443/a' },
    { url: 'udp://h.example:9/a', says: 'BITTORRENT TCP:443', gives: 'replaced https://h.example:443/a' },
    { url: 'udp://h.example:9/a', says: 'BITTORRENT TCP:8080', gives: 'replaced http://h.example:8080/a' },
    { url: 'http://h.example/a', says: 'BITTORRENT TCP:8080', gives: 'replaced http://h.example:8080/a' },
    { url: 'http://h.example/a', says: 'BITTORRENT UDP:80', gives: 'replaced udp://h.example:80/a' },
    { url: 'https://h.example/a', says: 'BITTORRENT TCP:8443', gives: 'replaced https://h.example:8443/a' },
    {
      url: 'https://h.example:8443/a',
      says: 'BITTORRENT TCP:443',
      gives: 'replaced https://h.example:443/a',
    },
    { url: 'ws://h.example', says: 'BITTORRENT TCP:443', gives: 'replaced ws://h.example:443' },
    { url: 'wss://h.example', says: 'BITTORRENT TCP:8443', gives: 'replaced wss://h.example:8443' },
    { url: 'ws://h.example', says: 'BITTORRENT UDP:1 TCP:81', gives: 'replaced ws://h.example:81' },
    {
      url: 'HTTP://u:p%40@H.Example.:99/%7Ea//b?x=1&passkey=%ff#F',
      says: 'BITTORRENT UDP:1',
      gives: 'replaced udp://u:p%40@H.Example.:1/%7Ea//b?x=1&passkey=%ff#F',
    },
    { url: 'http://h.example:81?q', says: 'BITTORRENT TCP:80', gives: 'replaced http://h.example:80?q' },
  ])('is replaced: $url at $says', check());
});

describe('https and wss never become clear text', () => {
  test.each<Row>([
    { url: 'https://h.example/k/announce', says: 'BITTORRENT UDP:1337', gives: 'downgrade-refused' },
    // BiglyBT makes https://h:80 of this.
    { url: 'https://h.example/k/announce', says: 'BITTORRENT TCP:80', gives: 'downgrade-refused' },
    { url: 'https://h.example/k', says: 'BITTORRENT UDP:1 TCP:80', gives: 'downgrade-refused' },
    { url: 'wss://h.example/k', says: 'BITTORRENT TCP:80', gives: 'downgrade-refused' },
    { url: 'wss://h.example/k', says: 'BITTORRENT UDP:1 TCP:80', gives: 'downgrade-refused' },
    {
      url: 'https://h.example/k',
      says: 'BITTORRENT UDP:1337 TCP:80 TCP:8443',
      gives: 'replaced https://h.example:8443/k',
    },
  ])('$url at $says', check());

  test.each<Row>([
    { url: 'https://h.example/k', says: 'BITTORRENT UDP:1337', gives: 'replaced udp://h.example:1337/k' },
    { url: 'https://h.example/k', says: 'BITTORRENT TCP:80', gives: 'replaced http://h.example:80/k' },
    { url: 'https://h.example/k', says: 'BITTORRENT TCP:81', gives: 'replaced https://h.example:81/k' },
    { url: 'wss://h.example/k', says: 'BITTORRENT TCP:80', gives: 'replaced wss://h.example:80/k' },
  ])('unless allowed: $url at $says', check({ allowDowngrade: true }));

  test.each<Row>([
    { url: 'ws://h.example', says: 'BITTORRENT UDP:1337', gives: 'no-candidate' },
    { url: 'wss://h.example', says: 'BITTORRENT UDP:1337', gives: 'no-candidate' },
  ])('and WebSocket URLs never become UDP: $url', check({ allowDowngrade: true }));
});

describe('other outcomes', () => {
  const url = 'udp://h.example:1/announce';
  test.each<Row>([
    { url, says: 'BITTORRENT DENY ALL', gives: 'denied (nothing)' },
    { url, says: 'BITTORRENT', gives: 'denied (nothing)' },
    { url, says: 'BITTORRENT UDP1337', gives: 'denied (nothing)' },
    { url, says: 'NODATA', gives: 'silent' },
    { url, says: 'NXDOMAIN', gives: 'silent' },
    { url, says: 'v=spf1 -all', gives: 'silent' },
    { url, says: ['BITTORRENT UDP:2', 'BITTORRENT UDP:3'], gives: 'conflict' },
    { url, says: ['BITTORRENT UDP:1', 'BITTORRENT'], gives: 'conflict' },
    {
      url,
      says: ['BITTORRENT UDP:2', 'BITTORRENT UDP:2'],
      gives: 'replaced udp://h.example:2/announce',
    },
    // BiglyBT and newTrackon take a failure for "no record".
    { url, says: 'SERVFAIL', gives: 'failed' },
    { url: 'udp://elsewhere.example:1/', says: 'BITTORRENT', gives: 'failed' }, // not looked up
    { url: 'udp://1.2.3.4:1/', says: 'BITTORRENT', gives: 'literal' },
    { url: 'udp://[::1]:1/', says: 'BITTORRENT', gives: 'literal' },
    { url: 'udp://localhost:1/', says: 'BITTORRENT', gives: 'silent' },
    { url: 'http://x.onion/', says: 'BITTORRENT', gives: 'silent' },
    { url: 'h.example', says: 'BITTORRENT', gives: 'malformed' },
    { url: '', says: 'BITTORRENT', gives: 'malformed' },
    { url: 'http://h.example:0/', says: 'BITTORRENT', gives: 'malformed' },
  ])('$url at $says is $gives', check());

  test('a denied URL stays where it is told to', () => {
    check({ keepDenied: true })({ url, says: 'BITTORRENT DENY ALL', gives: `denied ${url}` });
  });
});

describe('modes', () => {
  test.each<Row>([
    {
      url: 'http://h.example/a',
      says: 'BITTORRENT UDP:1 TCP:80 TCP:443',
      gives: 'replaced udp://h.example:1/a http://h.example/a https://h.example:443/a',
    },
    { url: 'http://h.example:443/a', says: 'BITTORRENT TCP:443', gives: 'listed' },
    { url: 'https://h.example/a', says: 'BITTORRENT UDP:1 TCP:443', gives: 'listed' },
    { url: 'http://h.example:1/a', says: 'BITTORRENT DENY ALL', gives: 'denied (nothing)' },
  ])('prefer gives the declared endpoints in order: $url at $says', check({ mode: 'prefer' }));

  test('off changes nothing and asks nobody', () => {
    const never = (): never => {
      throw new Error('asked');
    };
    const decision = decide('udp://h.example:1', never, { mode: 'off', toAscii });
    expect(decision).toMatchObject({ reason: 'off', urls: ['udp://h.example:1'] });
  });
});

test('a decision names the host and what was found', () => {
  const lookup = lookupOf({ 'xn--bcher-kva.example': 'BITTORRENT UDP:5' });
  const decision = decide('udp://Bücher.example.:1/ü', lookup, OPTIONS);
  expect(decision).toMatchObject({
    host: 'xn--bcher-kva.example',
    outcome: { kind: 'declared', record: 'BITTORRENT UDP:5' },
    urls: ['udp://Bücher.example.:5/ü'],
  });
});
