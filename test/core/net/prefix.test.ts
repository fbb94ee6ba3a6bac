import { describe, expect, it } from 'vitest';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import { formatPrefix, isInAnyPrefix, isInPrefix, parsePrefix } from '../../../src/core/net/prefix.ts';
import { readSource } from '../../../src/io/source-address.ts';

function sourceOf(address: string): PacketSource {
  const source = createPacketSource();
  readSource(address, 5353, source);
  return source;
}

describe('a prefix', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8:0:8000::/49', '2001:db8:0:8000::/49'],
    ['::1', '::1'],
    ['::/0', '::/0'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::fffe:0:0/95', '::fffe:0:0/95'],
    ['::10.0.0.1', '::a00:1'],
    ['1::ffff:10.0.0.1', '1::ffff:a00:1'],
  ])('%s is read and written as %s', (text, written) => {
    expect(formatPrefix(parsePrefix(text)!)).toBe(written);
  });

  it.each(['', '192.0.2', '192.0.2.0/', '192.0.2.0/33', '192.0.2.0/024', '192.0.2.0/-1', '::/129', 'a/8'])(
    '%s is none',
    (text) => expect(parsePrefix(text)).toBeUndefined(),
  );

  it.each(['192.0.2.1/24', '11.0.0.0/7', '2001:db8::1/64'])(
    '%s has bits after its length, and is none',
    (text) => expect(parsePrefix(text)).toBeUndefined(),
  );

  it.each([
    ['192.0.2.255', '192.0.2.0/24', true],
    ['192.0.3.0', '192.0.2.0/24', false],
    ['192.0.2.129', '192.0.2.128/25', true],
    ['192.0.2.127', '192.0.2.128/25', false],
    ['198.51.100.7', '0.0.0.0/0', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.2', '192.0.2.1', false],
    ['2001:db8:0:1::1', '2001:db8::/47', true],
    ['2001:db8:2::1', '2001:db8::/47', false],
    ['::1', '::1', true],
    ['10.1.2.3', '::ffff:10.0.0.0/104', true],
    ['11.1.2.3', '::ffff:10.0.0.0/104', false],
    ['::1', '0.0.0.0/0', false],
    ['127.0.0.1', '::/0', false],
  ])('%s in %s: %s', (address, prefix, isIn) => {
    expect(isInPrefix(sourceOf(address), parsePrefix(prefix)!)).toBe(isIn);
  });

  it('is found among others', () => {
    const prefixes = ['127.0.0.0/8', '::1'].map((text) => parsePrefix(text)!);
    expect(isInAnyPrefix(sourceOf('::1'), prefixes)).toBe(true);
    expect(isInAnyPrefix(sourceOf('127.1.2.3'), prefixes)).toBe(true);
    expect(isInAnyPrefix(sourceOf('128.0.0.1'), prefixes)).toBe(false);
    expect(isInAnyPrefix(sourceOf('128.0.0.1'), [])).toBe(false);
  });
});
