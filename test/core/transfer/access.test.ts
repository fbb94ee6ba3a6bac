// Rules of the configuration, and who passes by them.

import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { isAllowed, parseKeyName, parseTransferRule } from '../../../src/core/transfer/access.ts';
import { formatTransferRule } from '../../support/transfer-rule.ts';

function sourceOf(address: string) {
  const octets = parseIpAddress(address);
  if (octets === undefined) throw new Error(address);
  const source = createPacketSource();
  source.family = octets.length === 4 ? 4 : 6;
  source.octets.set(octets);
  return source;
}

/** `address`, or `address key`. */
function passes(rules: readonly string[], who: string): boolean {
  const [address = '', key] = who.split(' ');
  const parsed = rules.map((rule) => {
    const result = parseTransferRule(rule);
    if (result === undefined) throw new Error(rule);
    return result;
  });
  return isAllowed(parsed, sourceOf(address), key === undefined ? undefined : parseKeyName(key));
}

describe('a rule', () => {
  it.each([
    ['192.0.2.53', '192.0.2.53'],
    ['192.0.2.53/32', '192.0.2.53'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['key:xfr', 'key:xfr'],
    ['key:XFR.Example.', 'key:xfr.example'],
    [' 2001:db8::/32   key:xfr ', '2001:db8::/32 key:xfr'],
    ['key:xfr 10.0.0.0/8', '10.0.0.0/8 key:xfr'],
    ['key:a\\.b', 'key:a\\.b'],
  ])('%s is written %s', (text, written) => {
    const rule = parseTransferRule(text);
    expect(rule === undefined ? undefined : formatTransferRule(rule)).toBe(written);
    expect(parseTransferRule(written)).toEqual(rule);
  });

  it.each([
    '',
    'any',
    'xfr',
    'key:',
    'key:.',
    'key:a..b',
    'Key:xfr',
    '192.0.2.1/24',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2',
    '192.0.2.0/24 10.0.0.0/8',
    'key:a key:b',
    '192.0.2.1 key:a more',
    '192.0.2.1:53',
    `key:${'a'.repeat(64)}`,
  ])('%j is none', (text) => {
    expect(parseTransferRule(text)).toBeUndefined();
  });
});

describe('rules', () => {
  const NETWORK = ['192.0.2.0/24'];
  const KEY = ['key:xfr'];
  const BOTH = ['2001:db8::/32 key:xfr'];

  it.each([
    ['nobody where there are none', [], '127.0.0.1 xfr', false],
    ['who is in the network', NETWORK, '192.0.2.255', true],
    ['who is in the network and has a key besides', NETWORK, '192.0.2.255 other', true],
    ['nobody beside the network', NETWORK, '192.0.3.0', false],
    ['nobody of the other family', ['0.0.0.0/0'], '::1', false],
    ['nobody whose IPv6 address begins like it', ['192.0.2.0/24'], 'c000:200::', false],
    ['who has the key, wherever', KEY, '2001:db8::1 xfr', true],
    ['who has the key in other letters', KEY, '2001:db8::1 XFR', true],
    ['nobody without a key', KEY, '192.0.2.1', false],
    ['nobody with another key', KEY, '192.0.2.1 xfr.example', false],
    ['who has both', BOTH, '2001:db8::1 xfr', true],
    ['nobody who has the network alone', BOTH, '2001:db8::1', false],
    ['nobody who has the key alone', BOTH, '2001:db9::1 xfr', false],
    ['who fits any of several', [...NETWORK, ...BOTH], '2001:db8::1 xfr', true],
    ['nobody by halves of two', ['192.0.2.0/24 key:a', '2001:db8::/32 key:b'], '192.0.2.1 b', false],
    ['the one address', ['2001:db8::1'], '2001:db8::1', true],
    ['nobody next to the one address', ['2001:db8::1'], '2001:db8::2', false],
    ['a part of an octet', ['10.128.0.0/9'], '10.255.1.1', true],
    ['nobody beside a part of an octet', ['10.128.0.0/9'], '10.127.1.1', false],
  ])('let pass %s', (_, rules, who, expected) => {
    expect(passes(rules, who)).toBe(expected);
  });

  it('that say nothing let nobody pass', () => {
    expect(isAllowed([{ prefix: undefined, key: undefined }], sourceOf('127.0.0.1'), undefined)).toBe(false);
  });
});
