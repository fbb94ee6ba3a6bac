// The examples of HAProxy's proxy-protocol.txt, and what differs from them by one thing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpAddress } from '../../../src/core/net/ip-address.ts';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import {
  decodeProxyHeader,
  isProxyHeader,
  MAX_PROXY_HEADER_OCTETS,
} from '../../../src/core/net/proxy-header.ts';
import { crc32c } from '../../../src/core/octets/crc32c.ts';
import { binaryHeader, IPV4_ADDRESSES, IPV6_ADDRESSES, SIGNATURE } from '../../support/proxy-headers.ts';

const OWN = '198.51.100.7:1';

function ownSource(): PacketSource {
  const source = createPacketSource();
  source.octets.set([198, 51, 100, 7]);
  source.port = 1;
  return source;
}

function textOf({ family, octets, port }: PacketSource): string {
  const address = formatIpAddress(octets.slice(0, family === 4 ? 4 : 16));
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}

function octetsOf(header: Uint8Array | string): Buffer {
  return typeof header === 'string' ? Buffer.from(header, 'latin1') : Buffer.from(header);
}

/** `more`, `none`, or the code of a fault; else the source, and what is left behind the header. */
function outcomeOf(header: Uint8Array | string): string {
  const octets = octetsOf(header);
  const source = ownSource();
  const before = textOf(source);
  const decoded = decodeProxyHeader(octets, 0, octets.length, source);
  if (decoded.kind === 'address' || decoded.kind === 'own') {
    expect(textOf(source) === before).toBe(decoded.kind === 'own');
    const rest = octets.subarray(decoded.consumed);
    return `${textOf(source)} ${Buffer.from(rest).toString('latin1')}`.trim();
  }
  expect(textOf(source)).toBe(before);
  return decoded.kind === 'malformed' ? decoded.code : decoded.kind;
}

const LONGEST = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
const MAPPED = `${'00'.repeat(10)}ffff`;

function withChecksum(header: Buffer): Buffer {
  const zeroed = Buffer.concat([header, Buffer.from('03000400000000', 'hex')]);
  zeroed.writeUInt16BE(zeroed.length - 16, 14);
  zeroed.writeUInt32BE(crc32c(zeroed), zeroed.length - 4);
  return zeroed;
}

const ACCEPTED: readonly (readonly [string, Uint8Array | string, string])[] = [
  [
    'the example of §2.1',
    'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n',
    '192.168.0.1:56324 GET / HTTP/1.1\r\nHost: 192.168.0.11',
  ],
  ['TCP6', 'PROXY TCP6 2001:DB8::1 2001:db8::9 1 65535\r\n', '[2001:db8::1]:1'],
  ['the longest TCP4', 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255:65535'],
  ['the longest TCP6', `PROXY TCP6 ${LONGEST} ${LONGEST} 65535 65535\r\n`, `[${LONGEST}]:65535`],
  ['a mapped IPv4 address', 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.9 5 80\r\n', '192.0.2.1:5'],
  ['ports of 0', 'PROXY TCP4 192.0.2.1 192.0.2.9 0 0\r\n', '192.0.2.1:0'],
  ['UNKNOWN', 'PROXY UNKNOWN\r\nGET', `${OWN} GET`],
  ['the longest UNKNOWN', `PROXY UNKNOWN ${LONGEST} ${LONGEST} 65535 65535\r\n`, OWN],
  ['UNKNOWN with anything', 'PROXY UNKNOWN \x01 what ever\r\n', OWN],
  ['version 2, LOCAL', binaryHeader('2000'), OWN],
  ['LOCAL with addresses', binaryHeader('2011', IPV4_ADDRESSES), OWN],
  ['LOCAL of no known family', binaryHeader('20ff', 'ab'), OWN],
  ['version 2 over IPv4', binaryHeader('2111', IPV4_ADDRESSES), '192.0.2.1:56324'],
  ['version 2 over IPv6', binaryHeader('2121', IPV6_ADDRESSES), '[2001:db8::1]:56324'],
  [
    'version 2, a mapped IPv4 address',
    binaryHeader('2121', MAPPED, 'c0000201', MAPPED, 'cb007109', '0001 0050'),
    '192.0.2.1:1',
  ],
  ['version 2, unspecified', binaryHeader('2100'), OWN],
  ['unspecified with octets', binaryHeader('2100', 'ffffffff'), OWN],
  ['AF_UNIX', binaryHeader('2131', '2f'.repeat(216)), OWN],
  ['datagrams', binaryHeader('2112', IPV4_ADDRESSES), OWN],
  ['an unspecified transport', binaryHeader('2120', IPV6_ADDRESSES), OWN],
  [
    'values of every kind',
    binaryHeader('2111', IPV4_ADDRESSES, '01 0002 6832', '02 0000', '04 0003 000000', 'e0 0001 ff'),
    '192.0.2.1:56324',
  ],
  ['a checksum', withChecksum(binaryHeader('2121', IPV6_ADDRESSES, '05 0002 abcd')), '[2001:db8::1]:56324'],
  [
    'as many octets as are allowed',
    binaryHeader('2111', IPV4_ADDRESSES, '04 0fe1', '00'.repeat(0xfe1)),
    '192.0.2.1:56324',
  ],
];

const REFUSED: readonly (readonly [string, Uint8Array | string, string])[] = [
  ['HTTP', 'GET / HTTP/1.1\r\n', 'none'],
  ['a TLS hello', '\x16\x03\x01', 'none'],
  ['another case', 'Proxy TCP4', 'none'],
  ['CR LF and HTTP', '\r\nGET', 'none'],
  ['another signature', `${Buffer.from(SIGNATURE, 'hex').toString('latin1').slice(0, 11)}\r`, 'none'],
  ['a line without CR', 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2\nGET / HTTP/1.1\r\n', 'line'],
  ['UNKNOWN without CR', 'PROXY UNKNOWN\n', 'line'],
  ['a line with CR alone', 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2\rGET\r\n', 'line'],
  ['107 octets without an end', 'PROXY TCP4 '.padEnd(107, '1'), 'line'],
  ['an end after 107 octets', `${'PROXY UNKNOWN '.padEnd(106, 'x')}\r\n`, 'line'],
  ['UDP', 'PROXY UDP4 192.0.2.1 192.0.2.9 1 2\r\n', 'line'],
  ['no family', 'PROXY \r\n', 'line'],
  ['UNKNOWN with more letters', 'PROXY UNKNOWNS\r\n', 'line'],
  ['two spaces', 'PROXY TCP4  192.0.2.1 192.0.2.9 1 2\r\n', 'line'],
  ['a blank at the end', 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2 \r\n', 'line'],
  ['a tabulator', 'PROXY TCP4\t192.0.2.1 192.0.2.9 1 2\r\n', 'line'],
  ['a fifth word', 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2 3\r\n', 'line'],
  ['three words', 'PROXY TCP4 192.0.2.1 192.0.2.9 1\r\n', 'line'],
  ['a leading zero', 'PROXY TCP4 192.0.02.1 192.0.2.9 1 2\r\n', 'line'],
  ['a leading zero in a port', 'PROXY TCP4 192.0.2.1 192.0.2.9 01 2\r\n', 'line'],
  ['a port of 65536', 'PROXY TCP4 192.0.2.1 192.0.2.9 65536 2\r\n', 'line'],
  ['a negative port', 'PROXY TCP4 192.0.2.1 192.0.2.9 1 -2\r\n', 'line'],
  ['IPv6 as TCP4', 'PROXY TCP4 ::1 ::1 1 2\r\n', 'line'],
  ['IPv4 as TCP6', 'PROXY TCP6 192.0.2.1 192.0.2.9 1 2\r\n', 'line'],
  ['families mixed', 'PROXY TCP6 ::1 192.0.2.9 1 2\r\n', 'line'],
  ['an address of three', 'PROXY TCP4 192.0.2 192.0.2.9 1 2\r\n', 'line'],
  ['a host name', 'PROXY TCP4 client.example 192.0.2.9 1 2\r\n', 'line'],
  ['a zone identifier', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n', 'line'],
  ['version 1 in binary', binaryHeader('1111', IPV4_ADDRESSES), 'unknown-kind'],
  ['version 3', binaryHeader('3111', IPV4_ADDRESSES), 'unknown-kind'],
  ['a third command', binaryHeader('2211', IPV4_ADDRESSES), 'unknown-kind'],
  ['a fifth family', binaryHeader('2141', IPV4_ADDRESSES), 'unknown-kind'],
  ['a fourth transport', binaryHeader('2113', IPV4_ADDRESSES), 'unknown-kind'],
  ['IPv4 in 11 octets', binaryHeader('2111', '00'.repeat(11)), 'length'],
  ['IPv6 in 35 octets', binaryHeader('2121', '00'.repeat(35)), 'length'],
  ['AF_UNIX in 215 octets', binaryHeader('2131', '00'.repeat(215)), 'length'],
  [
    'one octet more than is allowed',
    binaryHeader('2111', '00'.repeat(MAX_PROXY_HEADER_OCTETS - 15)),
    'length',
  ],
  ['LOCAL of 65,535 octets', Buffer.from(`${SIGNATURE}2000ffff`, 'hex'), 'length'],
  ['a value cut off', binaryHeader('2111', IPV4_ADDRESSES, '04 0004 000000'), 'values'],
  ['a value without a length', binaryHeader('2111', IPV4_ADDRESSES, '04 00'), 'values'],
  ['a checksum of three octets', binaryHeader('2111', IPV4_ADDRESSES, '03 0003 000000'), 'values'],
  ['a wrong checksum', binaryHeader('2111', IPV4_ADDRESSES, '03 0004 00000000'), 'checksum'],
];

describe('a PROXY header', () => {
  it.each(ACCEPTED)('%s', (_name, header, outcome) => {
    expect(outcomeOf(header)).toBe(outcome);
  });

  it.each(REFUSED)('%s is refused', (_name, header, outcome) => {
    expect(outcomeOf(header)).toBe(outcome);
  });

  it.each(ACCEPTED)('%s: no part of it is taken for the whole', (_name, header) => {
    const octets = octetsOf(header);
    const { consumed } = decodeProxyHeader(octets, 0, octets.length, ownSource()) as { consumed: number };
    for (let end = 0; end < consumed; end++) expect(outcomeOf(octets.subarray(0, end))).toBe('more');
  });

  it.each(ACCEPTED)('%s: reads the same in the middle of a buffer', (_name, header) => {
    const octets = octetsOf(header);
    const shifted = Buffer.concat([Buffer.from('\n\r\nPROXY'), octets, Buffer.from('\r\n')]);
    const [here, there] = [ownSource(), ownSource()];
    expect(decodeProxyHeader(shifted, 8, 8 + octets.length, there)).toEqual(
      decodeProxyHeader(octets, 0, octets.length, here),
    );
    expect(there).toEqual(here);
  });

  it('of whatever octets never throws, and names nobody before it is complete', () => {
    const starts = [Buffer.alloc(0), Buffer.from('PROXY '), Buffer.from(`${SIGNATURE}21`, 'hex')];
    const header = fc
      .tuple(
        fc.constantFrom(...starts, ...ACCEPTED.map(([, text]) => octetsOf(text))),
        fc.uint8Array({ maxLength: 300 }),
      )
      .map(([start, rest]) => Buffer.concat([start, rest]));
    const cut = fc.nat({ max: 5000 });
    const change = fc.record({ at: fc.nat({ max: 60 }), octet: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(header, cut, fc.array(change, { maxLength: 3 }), (octets, length, changes) => {
        for (const { at, octet } of changes) if (at < octets.length) octets[at] = octet;
        const part = octets.subarray(0, length);
        const source = ownSource();
        const decoded = decodeProxyHeader(part, 0, part.length, source);
        if (decoded.kind === 'address' || decoded.kind === 'own') {
          expect(decoded.consumed).toBeLessThanOrEqual(part.length);
          // What follows a header changes nothing of it.
          const again = ownSource();
          expect(decodeProxyHeader(part, 0, decoded.consumed, again)).toEqual(decoded);
          expect(again).toEqual(source);
        }
        if (decoded.kind !== 'address') expect(source).toEqual(ownSource());
      }),
      { numRuns: 3000 },
    );
  });
});

describe('what can be nothing else than a PROXY header', () => {
  it.each([
    ['PROXY TCP4', true],
    ['PROXY ', true],
    ['PROXY', false],
    ['POST / HTTP/1.1', false],
    ['', false],
    ['\r\n\r\n', false],
    [Buffer.from(SIGNATURE, 'hex').toString('latin1'), true],
  ])('%j: %s', (text, expected) => {
    const octets = Buffer.from(text, 'latin1');
    expect(isProxyHeader(octets, 0, octets.length)).toBe(expected);
  });
});
