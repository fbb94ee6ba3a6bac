// Strangers' octets, from a seeded generator, so that what is found can be found again.
import { describe, expect, it } from 'vitest';
import { MAX_DATAGRAM_OCTETS } from '../../../src/core/net/packet-handler.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import { MAX_HTTP_REPLY_OCTETS } from '../../../src/core/tracker/http/tracker.ts';
import { createTestTracker, sourceOf } from '../../contract/announce-clients.ts';
import { checkTable } from '../swarm/invariants.ts';

const ROUNDS = 10_000;
const GUARD = 0x5a;

function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** Changes, cuts, doubles or extends `octets` a little. */
function mutate(octets: Uint8Array, below: (bound: number) => number): Uint8Array {
  let result = Uint8Array.from(octets);
  for (let change = below(4); change >= 0; change--) {
    const at = below(result.length + 1);
    switch (below(5)) {
      case 0:
        result[at] = below(256);
        break;
      case 1:
        result[at] = result[at]! ^ (1 << below(8));
        break;
      case 2:
        result = result.slice(0, at);
        break;
      case 3:
        result = Uint8Array.of(...result.subarray(0, at), ...result.subarray(below(at + 1)));
        break;
      default:
        result = Uint8Array.of(...result.subarray(0, at), below(256), ...result.subarray(at));
    }
  }
  return result;
}

const LIMITS = { torrents: 40, peers: 200, peersPerTorrent: 60, heapOctets: 64 * 1024 };

describe('10,000 random and mutated', () => {
  it('packets neither throw nor amplify nor outgrow the table', () => {
    const tracker = createTestTracker(LIMITS);
    const below = generator(34);
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS + 64);
    for (let round = 0; round < ROUNDS; round++) {
      const address = below(2) === 0 ? `192.0.2.${below(20)}` : `2001:db8::${below(20)}`;
      const source = sourceOf(address, 1 + below(65535));
      const now = 5000 + round;
      const connect = Uint8Array.from([0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 1, 2, 3, 4]);
      const isProven = below(3) > 0;
      tracker.udp(connect, 0, 16, source, reply, 0, now);
      const packet = new Uint8Array(98 + below(8));
      packet.set(reply.subarray(8, 16));
      packet[11] = 1 + below(2);
      for (let at = 16; at < packet.length; at++)
        packet[at] = at < 36 ? below(at === 16 ? 9 : 2) : below(256);
      packet[80] = packet[81] = packet[82] = 0;
      packet[83] = below(6);
      if (!isProven) packet[below(8)]! ^= 1 + below(255);
      const sent =
        below(10) === 0 ? packet.map(() => below(256)) : below(2) === 0 ? packet : mutate(packet, below);
      reply.fill(GUARD);
      const length = tracker.udp(sent, 0, sent.length, source, reply, 32, now);
      expect(length).toBeLessThanOrEqual(20 + 200 * 6);
      const id = Buffer.from(sent.subarray(0, 8)).equals(Buffer.from(packet.subarray(0, 8)));
      if (!isProven || !id) expect(length).toBeLessThanOrEqual(sent.length);
      expect(reply.subarray(0, 32).every((octet) => octet === GUARD)).toBe(true);
      expect(reply.subarray(32 + length).every((octet) => octet === GUARD)).toBe(true);
    }
    const totals = swarmTotals(tracker.table);
    expect(totals.torrents).toBeGreaterThan(5);
    expect(totals.torrents).toBeLessThanOrEqual(LIMITS.torrents);
    expect(totals.peersIpv4 + totals.peersIpv6).toBeLessThanOrEqual(LIMITS.peers);
    checkTable(tracker.table);
  });

  it('request heads neither throw nor overrun the reply nor outgrow the table', () => {
    const tracker = createTestTracker(LIMITS);
    const below = generator(48);
    const reply = new Uint8Array(MAX_HTTP_REPLY_OCTETS + 8);
    const statuses = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const id = Array.from({ length: 12 }, () => `%${below(256).toString(16).padStart(2, '0')}`).join('');
      const hash = `%${below(60).toString(16).padStart(2, '0')}${'a'.repeat(19)}`;
      const event = ['', 'event=started', 'event=completed', 'event=stopped', 'event=paused'][below(5)];
      const query = `info_hash=${hash}&peer_id=-XX0001-${id}&port=${1 + below(65535)}&left=${below(2)}&key=${below(99)}`;
      const head =
        `GET /${['announce', 'scrape', 'x/announce', ''][below(4)]}?${query}&${event}&compact=${below(2)}&numwant=${below(300)} HTTP/1.${below(2)}\r\n` +
        `Host: tracker.example:${below(70000)}\r\nConnection: ${below(2) === 0 ? 'close' : 'keep-alive'}\r\n\r\n`;
      const clean = Buffer.from(head, 'latin1');
      const sent = below(3) === 0 ? clean : mutate(clean, below);
      if (below(20) === 0) for (let at = 0; at < sent.length; at++) sent[at] = below(256);
      const source = sourceOf(below(2) === 0 ? `192.0.2.${below(20)}` : `2001:db8::${below(20)}`, 1);
      reply.fill(GUARD, MAX_HTTP_REPLY_OCTETS);
      const { length } = tracker.http.respond(sent, 0, sent.length, source, 80, reply, 5000 + round);
      const text = Buffer.from(reply.subarray(0, length)).toString('latin1');
      const [, status, size] = /^HTTP\/1\.1 (\d{3}) [\s\S]*?Content-Length: (\d+)\r\n/.exec(text)!;
      if (!head.startsWith('HEAD')) expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(Number(size));
      expect(reply.subarray(MAX_HTTP_REPLY_OCTETS).every((octet) => octet === GUARD)).toBe(true);
      statuses.add(status!);
    }
    expect([...statuses].sort()).toEqual(expect.arrayContaining(['200', '400', '404', '405', '505']));
    const totals = swarmTotals(tracker.table);
    expect(totals.torrents).toBeLessThanOrEqual(LIMITS.torrents);
    expect(totals.peersIpv4 + totals.peersIpv6).toBeLessThanOrEqual(LIMITS.peers);
    checkTable(tracker.table);
  });
});
