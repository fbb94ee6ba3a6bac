import { describe, expect, test } from 'vitest';
import { fromOctetText, hostsToLookUp, lookupHost } from '../../../src/core/rewrite/lookup-host.ts';
import { parseTrackerUrl } from '../../../src/core/rewrite/tracker-url.ts';
import { toAscii } from './support.ts';

function asked(host: string): string {
  const url = parseTrackerUrl(`udp://${host}:1/announce`);
  if (url.kind === 'fault') return url.code;
  const name = lookupHost(url, toAscii);
  return typeof name === 'string' ? name : `(${name.kind})`;
}

const LABEL_63 = 'a'.repeat(63);

describe('the name to ask', () => {
  test.each([
    ['tracker.example', 'tracker.example'],
    ['TRACKER.Example.', 'tracker.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bücher。example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['1.2.3.4.example', '1.2.3.4.example'],
    ['h.4u', 'h.4u'],
    [`${LABEL_63}.example`, `${LABEL_63}.example`],
    // No query for IP addresses, in any notation; BiglyBT asks for them.
    ['1.2.3.4', '(literal)'],
    ['1.2.3.4.', '(literal)'],
    ['127.1', '(literal)'],
    ['0x7f.1', '(literal)'],
    ['0X7F000001', '(literal)'],
    ['0177.0.0.1', '(literal)'],
    ['2130706433', '(literal)'],
    ['1.2.3.400', '(literal)'],
    ['1.2.3.4.5', '(literal)'],
    ['１２７.0.0.１', '(literal)'],
    ['[::1]', '(literal)'],
    ['[2001:db8::1]', '(literal)'],
    // Nor for names that DNS does not hold.
    ['localhost', '(not-in-dns)'],
    ['tracker', '(not-in-dns)'],
    ['tracker.', '(not-in-dns)'],
    ['tracker.local', '(not-in-dns)'],
    ['abc.onion', '(not-in-dns)'],
    ['abc.ONION.', '(not-in-dns)'],
    ['tracker.i2p', '(not-in-dns)'],
    ['tracker.alt', '(not-in-dns)'],
    ['a..b', '(not-in-dns)'],
    ['.a.b', '(not-in-dns)'],
    ['a.b..', '(not-in-dns)'],
    [`${LABEL_63}a.example`, '(not-in-dns)'],
    [`${`${LABEL_63}.`.repeat(3)}${'a'.repeat(62)}`, '(not-in-dns)'],
    ['.', '(bad-host)'],
    ['a\u2100b.example', '(bad-host)'], // IDNA maps ℀ to a/c
    ['\u{1F4A9}\u200D\uFFFD.example', '(bad-host)'],
  ])('of %s is %s', (host, expected) => {
    expect(asked(host)).toBe(expected);
  });

  test('has at most 253 characters', () => {
    const longest = `${`${LABEL_63}.`.repeat(3)}${'a'.repeat(61)}`;
    expect(longest).toHaveLength(253);
    expect(asked(longest)).toBe(longest);
  });
});

test('hosts are asked for once each, in order, and malformed URLs not at all', () => {
  const urls = [
    'udp://b.example:1',
    'http://A.example./x',
    'nonsense',
    'http://1.2.3.4/',
    'wss://b.example',
    'http://a.example/y',
  ];
  expect(hostsToLookUp(urls, toAscii)).toEqual(['b.example', 'a.example']);
});

test('hosts in octets are read as UTF-8, and refused when they are not', () => {
  const read = fromOctetText(toAscii);
  expect(read('b\xc3\xbccher.example')).toBe('xn--bcher-kva.example');
  expect(read('b\xfccher.example')).toBeUndefined();
});
