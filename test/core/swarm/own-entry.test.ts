// Which entry of a swarm a client may move or remove: its own. Peer ids are no secret, every peer tells its neighbours.
import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import {
  AnnounceEvent,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../../../src/core/tracker/announce.ts';
import { createTestTracker, readEndpoints, type TestTracker } from '../../contract/announce-clients.ts';
import { checkTable } from './invariants.ts';

const VICTIM = '192.0.2.1';
const VICTIM_IPV6 = '2001:db8:1:2::1';
const KEY = 0x11111111;
const SEVERAL = 300; // peers, so that there are references by identity

interface Who {
  readonly address: string;
  readonly port?: number;
  readonly key?: number;
  readonly event?: keyof typeof AnnounceEvent;
  readonly peerId?: number;
}

function placeOf(address: string): { octets: Uint8Array; family: 4 | 6 } {
  const octets = new Uint8Array(16);
  octets.set(parseIpAddress(address)!);
  return { octets, family: address.includes(':') ? 6 : 4 };
}

function say(
  tracker: TestTracker,
  { address, port = 6001, key = KEY, event = 'none', peerId = 1 }: Who,
): void {
  const octets = new Uint8Array(40);
  new DataView(octets.buffer).setUint32(20, peerId);
  const parsed = placeOf(address);
  const request = Object.assign(createAnnounceRequest(), {
    octets,
    peerIdOffset: 20,
    address: parsed.octets,
    family: parsed.family,
    port,
    clientKey: key,
    event: AnnounceEvent[event],
  });
  announce(tracker, request, 1000, { ...createAnnounceReply(), octets: new Uint8Array(64) });
}

/** Everyone whom a stranger is told of, in the family of `address`, as `address port`. */
function listed(tracker: TestTracker, address: string): string[] {
  const parsed = placeOf(address);
  const request = Object.assign(createAnnounceRequest(), {
    octets: new Uint8Array(40).fill(9, 20),
    peerIdOffset: 20,
    address: parsed.octets,
    family: parsed.family,
    port: 9,
    numwant: 2000,
  });
  const reply = { ...createAnnounceReply(), octets: new Uint8Array(2000 * 18) };
  announce(tracker, request, 1000, reply);
  const peers = readEndpoints(reply.octets.subarray(0, reply.offset), parsed.family === 4 ? 4 : 16);
  request.event = AnnounceEvent.stopped;
  announce(tracker, request, 1000, { ...createAnnounceReply(), octets: new Uint8Array(64) });
  return peers.filter((peer) => !peer.startsWith('10.')).toSorted();
}

describe.each([
  ['few', 0],
  ['many', SEVERAL],
])('in a swarm of %s', (_, others) => {
  function swarmWith(address: string): TestTracker {
    const tracker = createTestTracker();
    for (let other = 0; other < others; other++)
      say(tracker, { address: `10.0.${other >> 8}.${other & 255}`, peerId: 1000 + other });
    say(tracker, { address });
    return tracker;
  }

  it('nobody elsewhere removes a peer, whatever key is tried', () => {
    const tracker = swarmWith(VICTIM);
    for (let key = 0; key < 2000; key++) say(tracker, { address: '192.0.2.2', key, event: 'stopped' });
    say(tracker, { address: '192.0.2.2', key: KEY, event: 'stopped' });
    expect(listed(tracker, '203.0.113.9')).toEqual(['192.0.2.1 6001']);
    checkTable(tracker.table);
  });

  it('nobody elsewhere moves a peer, whatever key is tried', () => {
    const tracker = swarmWith(VICTIM);
    for (let key = 0; key < 2000; key++) {
      say(tracker, { address: '192.0.2.2', key });
      say(tracker, { address: '192.0.2.2', key, event: 'stopped' });
    }
    say(tracker, { address: '192.0.2.2' });
    expect(listed(tracker, '203.0.113.9')).toEqual(['192.0.2.1 6001', '192.0.2.2 6001']);
    checkTable(tracker.table);
  });

  it.each([
    [
      'at another port, whatever its key',
      VICTIM,
      { address: VICTIM, port: 6002, key: 7 },
      ['192.0.2.1 6002'],
    ],
    [
      'at another address of its IPv6 network with its key',
      VICTIM_IPV6,
      { address: '2001:db8:1:2:aaaa::5' },
      ['2001:db8:1:2:aaaa::5 6001'],
    ],
    [
      'not at another address of the network with another key',
      VICTIM_IPV6,
      { address: '2001:db8:1:2:aaaa::5', key: 7 },
      ['2001:db8:1:2::1 6001', '2001:db8:1:2:aaaa::5 6001'],
    ],
    [
      'not in another IPv6 network, whatever its key',
      VICTIM_IPV6,
      { address: '2001:db8:1:3::1' },
      ['2001:db8:1:2::1 6001', '2001:db8:1:3::1 6001'],
    ],
  ])('a peer moves %s', (__, address, next, expected) => {
    const tracker = swarmWith(address);
    say(tracker, next);
    expect(listed(tracker, address.includes(':') ? '2001:db8:ffff::9' : '203.0.113.9')).toEqual(expected);
    checkTable(tracker.table);
  });
});
