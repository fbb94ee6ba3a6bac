import { describe, expect, it } from 'vitest';
import { Counter } from '../../../../src/core/counters.ts';
import { MAX_DATAGRAM_OCTETS, type PacketSource } from '../../../../src/core/net/packet-handler.ts';
import { swarmTotals } from '../../../../src/core/swarm/table.ts';
import { createTestTracker, sourceOf, type TestTracker } from '../../../contract/announce-clients.ts';
import { checkTable } from '../../swarm/invariants.ts';

const NOW = 1_000_000 * 120;
const ERROR = 3;

function send(tracker: TestTracker, packet: Uint8Array, source: PacketSource, now = NOW): Uint8Array {
  const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
  return reply.subarray(0, tracker.udp(packet, 0, packet.length, source, reply, 0, now));
}

/** `41727101980` and so on, with what the words mean beside them in the tests. */
function packetOf(length: number, words: Record<number, number>, id?: Uint8Array): Uint8Array {
  const packet = new Uint8Array(Math.max(length, 104));
  const view = new DataView(packet.buffer);
  for (const [offset, word] of Object.entries(words)) view.setUint32(Number(offset), word);
  if (id !== undefined) packet.set(id);
  return packet.slice(0, length);
}

const CONNECT = { 0: 0x417, 4: 0x27101980, 12: 0xfeed };

function connect(tracker: TestTracker, source: PacketSource, now = NOW): Uint8Array {
  return send(tracker, packetOf(16, CONNECT), source, now).slice(8, 16);
}

/** Action 1, event 2, left 1, port 0x1000. */
function announceOf(id: Uint8Array, more: Record<number, number> = {}, length = 98): Uint8Array {
  return packetOf(length, { 8: 1, 12: 0xfeed, 68: 1, 80: 2, 92: 50, 96: 0x10000000, ...more }, id);
}

function textOf(reply: Uint8Array): string {
  return Buffer.from(reply.subarray(8)).toString();
}

describe('the UDP tracker', () => {
  const source = sourceOf('192.0.2.1', 1234);

  it('answers connect with sixteen octets: action, transaction id, connection id', () => {
    const reply = send(createTestTracker(), packetOf(16, CONNECT), source);
    expect(reply).toHaveLength(16);
    expect([...reply.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0xfe, 0xed]);
  });

  it('answers every length from 0 to 300 with every action as it should, proven or not', () => {
    const tracker = createTestTracker();
    const id = connect(tracker, source);
    for (let length = 0; length <= 300; length++) {
      for (const action of [0, 1, 2, 3, 4, 5, 255, 0x01000000, 0x80000000, 0xffffffff]) {
        const stranger = send(tracker, packetOf(length, { 8: action }, new Uint8Array(8).fill(3)), source);
        expect(stranger).toHaveLength(0);
        const reply = send(tracker, announceOf(id, { 8: action }, length), source);
        if (length < 16) expect(reply).toHaveLength(0);
        else if (action === 1 && length >= 98) expect([reply[3], reply.length]).toEqual([1, 20]);
        else if (action === 2 && length >= 36)
          expect(reply).toHaveLength(8 + 12 * Math.floor((length - 16) / 20));
        else expect(reply[3]).toBe(ERROR);
        const greeting = send(tracker, packetOf(length, { ...CONNECT, 8: action }), source);
        expect(greeting).toHaveLength(length >= 16 && action === 0 ? 16 : 0);
      }
    }
    checkTable(tracker.table);
  });

  it.each([
    ['the same window', 0, '192.0.2.1', true],
    ['at the end of its lifetime', 119, '192.0.2.1', true],
    ['in the grace window', 239, '192.0.2.1', true],
    ['after it', 240, '192.0.2.1', false],
    ['from the future', -1, '192.0.2.1', false],
    ['from another address', 0, '192.0.2.2', false],
    ['from another family', 0, '::192.0.2.1', false],
  ])('accepts or ignores a connection id used %s', (_, later, address, accepted) => {
    const tracker = createTestTracker();
    const id = connect(tracker, source);
    const reply = send(tracker, announceOf(id), sourceOf(address, 99), NOW + later);
    expect(reply.length > 0).toBe(accepted);
    expect(tracker.counters[Counter.udpDropped]).toBe(accepted ? 0 : 1);
  });

  it('gives out ids that differ by address and by window, and not by port', () => {
    const tracker = createTestTracker();
    const ids = [
      connect(tracker, source),
      connect(tracker, sourceOf('192.0.2.2', 1234)),
      connect(tracker, sourceOf('2001:db8::1', 1234)),
      connect(tracker, source, NOW + 120),
    ].map((id) => Buffer.from(id).toString('hex'));
    expect(new Set(ids).size).toBe(4);
    expect(Buffer.from(connect(tracker, sourceOf('192.0.2.1', 1))).toString('hex')).toBe(ids[0]);
  });

  it('says nothing to source port 0', () => {
    expect(send(createTestTracker(), packetOf(16, CONNECT), sourceOf('192.0.2.1', 0))).toHaveLength(0);
  });

  it.each([
    ['port 0', { 96: 0 }, 98, /port 0/],
    ['an unknown event', { 80: 5 }, 98, /event/],
    ['an option without length', { 98: 0x02000000 }, 99, /options/],
    ['an option that ends too late', { 98: 0x0205_2f61 }, 102, /options/],
  ])('refuses %s with an error packet', (_, words, length, sentence) => {
    const tracker = createTestTracker();
    const reply = send(tracker, announceOf(connect(tracker, source), words, length), source);
    expect([...reply.subarray(0, 8)]).toEqual([0, 0, 0, ERROR, 0, 0, 0xfe, 0xed]);
    expect(textOf(reply)).toMatch(sentence);
    expect(swarmTotals(tracker.table).torrents).toBe(0);
  });

  it.each([
    ['none', [], 98],
    ['URL data', [2, 2, 0x2f, 0x61], 102],
    ['no-operation, URL data, end, rubbish', [1, 2, 0, 0, 2, 9], 104],
    ['an unknown one', [77, 1, 5], 101],
  ])('takes an announce with BEP 41 options: %s', (_, options, length) => {
    const tracker = createTestTracker();
    const packet = announceOf(connect(tracker, source), {}, length);
    packet.set(options, 98);
    expect(send(tracker, packet, source)[3]).toBe(1);
  });

  it.each([
    ['192.0.2.1', 4, 200, 20 + 200 * 6],
    ['2001:db8::1', 6, 66, 20 + 66 * 18],
  ] as const)('lists no more peers to %s than fit one packet', (address, _family, _count, octets) => {
    const tracker = createTestTracker();
    const asker = sourceOf(address, 1);
    const id = connect(tracker, asker);
    for (let port = 1; port <= 300; port++) {
      send(tracker, announceOf(id, { 36: port, 92: 0, 96: port << 16 }), asker);
    }
    const reply = send(tracker, announceOf(id, { 36: 999, 92: 1000, 96: 999 << 16 }), asker);
    expect(reply).toHaveLength(octets);
  });

  it('counts 2⁶³ octets left as left, and the IP field as nothing', () => {
    const tracker = createTestTracker();
    const id = connect(tracker, source);
    send(tracker, announceOf(id, { 64: 0x80000000, 68: 0, 84: 0x08080808 }), source);
    const reply = send(tracker, announceOf(id, { 36: 5, 96: 0x20000000 }), source);
    expect([...reply.subarray(20)]).toEqual([192, 0, 2, 1, 0x10, 0]);
    expect([reply[15], reply[19]]).toEqual([2, 0]);
  });

  it('scrapes 74 hashes at most and ignores a partial one', () => {
    const tracker = createTestTracker();
    const id = connect(tracker, source);
    const scrapeOf = (length: number) => packetOf(length, { 8: 2, 12: 1 }, id);
    expect(send(tracker, scrapeOf(16 + 20 * 3 + 19), source)).toHaveLength(8 + 36);
    expect(send(tracker, scrapeOf(16 + 20 * 90), source)).toHaveLength(8 + 12 * 74);
  });
});
