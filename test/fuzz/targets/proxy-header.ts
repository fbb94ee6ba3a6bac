// A PROXY header, of which any part may have come, and the field in which a proxy names a client.

import assert from 'node:assert/strict';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import { decodeProxyHeader, MAX_PROXY_HEADER_OCTETS } from '../../../src/core/net/proxy-header.ts';
import { octetsToText } from '../../../src/core/octets/text.ts';
import { createForwardedReader } from '../../../src/core/tracker/http/forwarded.ts';
import { binaryHeader, IPV4_ADDRESSES, IPV6_ADDRESSES } from '../../support/proxy-headers.ts';
import { type FuzzTarget, hex, octetsOf } from '../target.ts';

const GUARD = 0x5a;

function guardedSource(): PacketSource {
  const source = createPacketSource();
  source.octets.fill(GUARD);
  source.port = GUARD;
  return source;
}

export const proxyHeader: FuzzTarget = {
  name: 'proxy-header',
  about:
    'the PROXY header: never throws, names nobody before it is complete, and the same wherever it is cut',
  maxOctets: MAX_PROXY_HEADER_OCTETS + 64,
  seeds: () => [
    octetsOf('PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n'),
    octetsOf('PROXY TCP6 2001:db8::1 ::ffff:192.0.2.9 1 65535\r\n'),
    octetsOf('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'),
    binaryHeader('2000'),
    binaryHeader('2111', IPV4_ADDRESSES, '01 0002 6832', '04 0003 000000'),
    binaryHeader('2121', IPV6_ADDRESSES),
    binaryHeader('2131', '2f'.repeat(216)),
  ],
  // A checksum that is wrong.
  refusedSeeds: () => [binaryHeader('2121', IPV6_ADDRESSES, '03 0004 00000000')],
  tokens: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '\r\n',
    '::',
    '65536',
    hex('2111000c'),
    hex('21210024'),
    hex('030004'),
  ],
  create: () => (input) => {
    const whole = guardedSource();
    const decoded = decodeProxyHeader(input, 0, input.length, whole);
    const isComplete = decoded.kind === 'address' || decoded.kind === 'own';
    const needed = isComplete ? decoded.consumed : input.length;
    assert.ok(
      needed <= Math.min(input.length, isComplete ? MAX_PROXY_HEADER_OCTETS : input.length),
      'consumed',
    );
    for (const end of [1, 6, 13, 15, 16, 27, needed - 1]) {
      if (end < 0 || end >= needed) continue;
      const part = guardedSource();
      const { kind } = decodeProxyHeader(input, 0, end, part);
      assert.ok(kind !== 'address' && kind !== 'own', `complete at ${end} of ${needed}`);
      if (isComplete) assert.equal(kind, 'more');
      assert.deepEqual(part, guardedSource(), 'a source from a part');
    }
    if (decoded.kind !== 'address') assert.deepEqual(whole, guardedSource(), 'a source from no header');
    return isComplete;
  },
};

const PROXY = Uint8Array.of(10, 0, 0, 1);

export const forwarded: FuzzTarget = {
  name: 'forwarded',
  about: 'the field of a proxy: never throws, and what stands left of the last stranger changes nothing',
  maxOctets: 2048,
  seeds: () => ['192.0.2.1', '192.0.2.1, 10.0.0.2', '[2001:db8::1]:5, 10.0.0.2'].map(octetsOf),
  refusedSeeds: () => ['unknown', ', ,'].map(octetsOf),
  tokens: ['10.0.0.9', ', ', '[::1]', '::ffff:10.0.0.1', '\n', ':443', '\t'],
  create() {
    const networks = [parsePrefix('10.0.0.0/8')!];
    const reader = createForwardedReader({ networks, sendsProxyHeader: false, field: 'x-forwarded-for' });
    const source = createPacketSource();
    source.octets.set(PROXY);
    return (input) => {
      // A field a line; the head has been checked for control characters before.
      const [last = '', ...before] = octetsToText(input)
        .split('\n')
        .map((line) => line.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''));
      const read = (value: string): PacketSource | string => {
        const fields = [...before, value].map((text) => `X-Forwarded-For: ${text}\r\n`).join('');
        const head = octetsOf(`GET / HTTP/1.1\r\n${fields}\r\n`);
        return reader.read(head, 0, head.length, source);
      };
      const client = read(last);
      assert.ok(client !== source, 'a proxy for a client');
      const asker = read(`${last}, 192.0.2.77, 10.0.0.3`);
      assert.ok(
        typeof asker !== 'string' && asker.octets[0] === 192 && asker.octets[3] === 77,
        'another for the last stranger',
      );
      return typeof client !== 'string';
    };
  },
};
