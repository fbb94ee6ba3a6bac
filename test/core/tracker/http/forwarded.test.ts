import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpAddress } from '../../../../src/core/net/ip-address.ts';
import { createPacketSource, type PacketSource } from '../../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../../src/core/net/prefix.ts';
import { createForwardedReader } from '../../../../src/core/tracker/http/forwarded.ts';
import { readSource } from '../../../../src/io/source-address.ts';

const PROXY = '10.0.0.1';
const RULE = {
  networks: ['10.0.0.0/8', '2001:db8:ffff::/48'].map((text) => parsePrefix(text)!),
  sendsProxyHeader: false,
  field: 'x-forwarded-for',
};
const reader = createForwardedReader(RULE);

function sourceOf(address: string): PacketSource {
  const source = createPacketSource();
  readSource(address, 40_000, source);
  return source;
}

/** The address of whoever asks, or the sentence that refuses. */
function askerOf(fields: string, from = PROXY): string {
  const before = 'X-Forwarded-For: 192.0.2.99\r\n\r\n';
  const head = Buffer.from(`${before}GET / HTTP/1.1\r\nHost: t.example\r\n${fields}\r\n`, 'latin1');
  const after = Buffer.from('GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.98\r\n\r\n');
  const octets = Buffer.concat([head, after]);
  const asker = reader.read(octets, before.length, head.length, sourceOf(from));
  if (typeof asker === 'string') return asker;
  return formatIpAddress(asker.octets.slice(0, asker.family === 4 ? 4 : 16));
}

const SILENT = 'the proxy in front of this tracker does not say who asks: it sends no x-forwarded-for';
const UNREADABLE =
  'the proxy in front of this tracker does not say who asks: no address in its x-forwarded-for';

describe('whoever asks by X-Forwarded-For', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['  192.0.2.1\t', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:50000', '192.0.2.1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:50000', '2001:db8::1'],
    ['198.51.100.1, 192.0.2.1', '192.0.2.1'],
    ['192.0.2.1,10.0.0.2 , 10.0.0.3', '192.0.2.1'],
    ['192.0.2.1, 2001:db8:ffff::2', '192.0.2.1'],
    ['192.0.2.1, ::ffff:10.0.0.3', '192.0.2.1'],
    [', 192.0.2.1, ,', '192.0.2.1'],
    ['unknown, <script>, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.9', '10.0.0.9'],
    ['10.0.0.9, 10.0.0.2', '10.0.0.9'],
    ['', SILENT],
    [' , ,', SILENT],
    ['unknown', UNREADABLE],
    ['192.0.2', UNREADABLE],
    ['192.0.2.1 198.51.100.1', UNREADABLE],
    ['192.0.2.256', UNREADABLE],
    ['192.0.2.1, garbage', UNREADABLE],
    ['garbage, 10.0.0.2', UNREADABLE],
    ['[192.0.2.1]', UNREADABLE],
    ['2001:db8::1%eth0', UNREADABLE],
    ['for=192.0.2.1', UNREADABLE],
    ['1'.repeat(5000), UNREADABLE],
  ])('%j: %s', (value, asker) => {
    expect(askerOf(`X-Forwarded-For: ${value}\r\n`)).toBe(asker);
  });

  it.each([
    ['X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.1\r\n', '192.0.2.1'],
    ['X-Forwarded-For: 192.0.2.1\r\nAccept: a\r\nX-FORWARDED-FOR: 10.0.0.3\r\n', '192.0.2.1'],
    ['X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For:\r\n', '192.0.2.1'],
    ['x-forwarded-for:192.0.2.1\n', '192.0.2.1'],
    ['X-Forwarded-For-Not: 192.0.2.1\r\nNot-X-Forwarded-For: 192.0.2.1\r\n', SILENT],
    ['X-Forwarded: 192.0.2.1\r\n', SILENT],
    ['', SILENT],
  ])('%j: %s', (fields, asker) => {
    expect(askerOf(fields)).toBe(asker);
  });

  it('is whoever connects, where that is no proxy', () => {
    expect(askerOf('X-Forwarded-For: 192.0.2.1\r\n', '198.51.100.1')).toBe('198.51.100.1');
    expect(askerOf('X-Forwarded-For: 192.0.2.1\r\n', '2001:db8::1')).toBe('2001:db8::1');
    expect(askerOf('', '11.0.0.1')).toBe('11.0.0.1');
  });

  it('is never an address left of the last that is no proxy, whatever the octets', () => {
    const line = fc.string({ unit: fc.constantFrom(...'0123456789.:, abX\t[]'), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), line, (values, last) => {
        const fields = values.map((value) => `X-Forwarded-For: ${value}\r\n`).join('');
        expect(askerOf(`${fields}X-Forwarded-For: ${last}, 192.0.2.1\r\n`)).toBe('192.0.2.1');
        expect(askerOf(`${fields}X-Forwarded-For: ${last}, garbage\r\n`)).toBe(UNREADABLE);
      }),
    );
  });
});
