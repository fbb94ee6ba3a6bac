// Announces and scrapes of both front ends: what is said stays within its bounds, and so does the table.

import assert from 'node:assert/strict';
import { MAX_DATAGRAM_OCTETS } from '../../../src/core/net/packet-handler.ts';
import { readUint32 } from '../../../src/core/octets/big-endian.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import { MAX_HTTP_REPLY_OCTETS, MAX_REQUEST_HEAD_OCTETS } from '../../../src/core/tracker/http/tracker.ts';
import { UdpAction } from '../../../src/core/tracker/udp/tracker.ts';
import {
  createTestTracker,
  decodeBencode,
  sourceOf,
  type TestTracker,
} from '../../contract/announce-clients.ts';
import { type FuzzTarget, hex, octetsOf } from '../target.ts';

const LIMITS = { torrents: 40, peers: 200, peersPerTorrent: 60, heapOctets: 64 * 1024 };
const SOURCES = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((address) => sourceOf(address, 4000));
const GUARD = 0x5a;

function checkTotals({ table }: TestTracker): void {
  const { torrents, peersIpv4, peersIpv6 } = swarmTotals(table);
  assert.ok(
    torrents <= LIMITS.torrents && peersIpv4 + peersIpv6 <= LIMITS.peers,
    'the table outgrows its limits',
  );
}

const ANNOUNCE = hex(
  `0000000000000000 00000001 00000007 ${'61'.repeat(20)} ${'62'.repeat(20)} 0000000000000000 0000000000000001 0000000000000000 00000002 00000000 00000000 ffffffff 1ae1`,
);

/** The connection id is put in place of the first octets where they are zeros, so that what is behind it is reached. */
export const udpTracker: FuzzTarget = {
  name: 'udp-tracker',
  about:
    'the UDP tracker: never throws, never amplifies towards the unproven, echoes the transaction, grows within limits',
  maxOctets: 512,
  seeds: () => [
    hex('0000041727101980 00000000 12345678'),
    ANNOUNCE,
    Buffer.concat([ANNOUNCE, hex('0209 2f616e6e6f756e6365 01 00')]),
    hex(`0000000000000000 00000002 00000007 ${'61'.repeat(20)} ${'63'.repeat(20)}`),
  ],
  tokens: ['00000000', '00000001', '00000002', '00000003', '0205', '01', '0000041727101980', 'ffffffff'].map(
    hex,
  ),
  create() {
    const tracker = createTestTracker(LIMITS);
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS + 64);
    let now = 5000;
    return (input) => {
      const source = SOURCES[++now % SOURCES.length]!;
      const request = Uint8Array.from(input);
      const isProven = request.length >= 16 && request.subarray(0, 8).every((octet) => octet === 0);
      if (isProven) {
        const hello = hex('0000041727101980 00000000 00000001');
        tracker.udp(hello, 0, hello.length, source, reply, 0, now);
        request.set(reply.subarray(8, 16));
      }
      reply.fill(GUARD);
      const length = tracker.udp(request, 0, request.length, source, reply, 32, now);
      assert.ok(length <= 20 + 200 * 6, `a reply of ${length} octets`);
      if (!isProven) assert.ok(length <= request.length, 'a reply larger than its request to the unproven');
      assert.ok(
        reply.every((octet, at) => (at >= 32 && at < 32 + length) || octet === GUARD),
        'octets around the reply',
      );
      if (length > 0) assert.deepEqual(reply.slice(36, 40), request.slice(12, 16));
      checkTotals(tracker);
      return length > 0 && readUint32(reply, 32) !== UdpAction.error;
    };
  },
};

const PEER = `info_hash=${'a'.repeat(20)}&peer_id=-XX0001-${'b'.repeat(12)}&port=6881&left=1`;
const head = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: t.example:80\r\n${more}\r\n`;

export const httpTracker: FuzzTarget = {
  name: 'http-tracker',
  about:
    'the HTTP tracker: never throws, replies whole and in bounds, bodies of announces are bencoded, grows within limits',
  maxOctets: MAX_REQUEST_HEAD_OCTETS,
  seeds: () =>
    [
      head(`/announce?${PEER}&event=started&compact=1&numwant=50&key=0f0f`),
      head(
        `/passkey/announce?${PEER}&compact=0&no_peer_id=1&event=completed&ip=1.2.3.4`,
        'Connection: close\r\n',
      ),
      head(`/scrape?info_hash=${'%61'.repeat(20)}&info_hash=${'a'.repeat(20)}`),
      head('/'),
      head('/stats'),
      head('/robots.txt'),
      head(`http://t.example/announce?${PEER}`),
      `HEAD / HTTP/1.0\r\n\r\n`,
    ].map(octetsOf),
  tokens: [
    ...[
      '%',
      '%0',
      '%61',
      '&',
      '=',
      '?',
      '/',
      '#',
      '+',
      '\r\n',
      '\r\n\r\n',
      '\n',
      ' ',
      'HTTP/1.1',
      'HTTP/1.0',
      'HTTP/0.9',
    ],
    ...[
      'GET ',
      'HEAD ',
      'POST ',
      'CONNECT ',
      'Host: ',
      'Connection: close',
      'Connection: keep-alive',
      'Content-Length: 1',
    ],
    ...[
      'info_hash=',
      'peer_id=',
      'port=',
      'left=',
      'event=',
      'numwant=',
      'compact=',
      'key=',
      'paused',
      'stopped',
      'announce',
    ],
    ...['scrape', '18446744073709551616', '-1', '65536', '\0', '\xff', 'Transfer-Encoding: chunked'],
  ],
  create() {
    const tracker = createTestTracker(LIMITS);
    tracker.http.publish({ policy: '<&>'.repeat(1365), hasStats: true });
    const reply = new Uint8Array(MAX_HTTP_REPLY_OCTETS + 8);
    let now = 5000;
    return (input) => {
      reply.fill(GUARD, MAX_HTTP_REPLY_OCTETS);
      const source = SOURCES[++now % SOURCES.length]!;
      const { length } = tracker.http.respond(input, 0, input.length, source, 80, reply, now);
      assert.ok(
        reply.subarray(MAX_HTTP_REPLY_OCTETS).every((octet) => octet === GUARD),
        'octets behind the reply',
      );
      const text = Buffer.from(reply.subarray(0, length)).toString('latin1');
      const gap = text.indexOf('\r\n\r\n') + 4;
      const match = /^HTTP\/1\.1 \d{3} .*\r\nContent-Length: (\d+)\r\n/s.exec(text.slice(0, gap));
      assert.ok(match !== null, `no reply: ${text.slice(0, 60)}`);
      const body = reply.subarray(gap, length);
      // HEAD gets the head of the GET (RFC 9110 §9.3.2).
      assert.ok(body.length === Number(match[1]) || body.length === 0, 'a body of another length');
      if (body[0] === 0x64 && text.startsWith('HTTP/1.1 200')) decodeBencode(body);
      checkTotals(tracker);
      return text.startsWith('HTTP/1.1 200') && !text.includes('failure reason');
    };
  },
};
