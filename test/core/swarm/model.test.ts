// The table against a plain Map: the same announces, the same swarms.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expire } from '../../../src/core/swarm/expire.ts';
import { swarmTotals } from '../../../src/core/swarm/table.ts';
import {
  AnnounceEvent,
  announce,
  createAnnounceReply,
  createAnnounceRequest,
} from '../../../src/core/tracker/announce.ts';
import { createTestTracker, readEndpoints } from '../../contract/announce-clients.ts';
import { checkTable } from './invariants.ts';

const LIFETIME = 2700;

type Event = 'none' | 'completed' | 'stopped' | 'paused';
interface Action {
  torrent: number;
  client: number;
  family: 4 | 6;
  port: number;
  left: 0 | 1;
  event: Event;
  key: number;
  wait: number;
}

interface ModelPeer {
  client: number;
  endpoint: string;
  key: number;
  state: 'leecher' | 'partial' | 'seed';
  completed: boolean;
  seen: number;
}

interface ModelSwarm {
  4: Map<number, ModelPeer>;
  6: Map<number, ModelPeer>;
  downloaded: number;
}

/** Clients have an address of their own in each family, so that a client is named by its number. */
function addressOf(client: number, family: 4 | 6): Uint8Array {
  const address = new Uint8Array(16);
  if (family === 4) address.set([10, 0, client >> 8, client]);
  else address.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, client >> 8, client]);
  return address;
}

function otherFamily(family: 4 | 6): 4 | 6 {
  return family === 4 ? 6 : 4;
}

/** One client where neither half carries another key than the other. */
function isPair(one: ModelPeer | undefined, other: ModelPeer | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.key === 0 || other.key === 0 || one.key === other.key;
}

function applyToModel(swarm: ModelSwarm, action: Action, endpoint: string, now: number): void {
  const own = swarm[action.family];
  const twin = () => {
    const other = swarm[otherFamily(action.family)].get(action.client);
    return isPair(own.get(action.client), other) ? other : undefined;
  };
  if (action.event === 'stopped') {
    own.delete(action.client);
    return;
  }
  const state = action.left === 0 ? 'seed' : action.event === 'paused' ? 'partial' : 'leecher';
  const former = own.get(action.client);
  const peer = former ?? { client: action.client, endpoint, key: 0, state, completed: false, seen: now };
  own.set(action.client, peer);
  Object.assign(peer, { endpoint, state, seen: now, key: action.key === 0 ? peer.key : action.key });
  const half = twin();
  if (half !== undefined) {
    half.state = state;
    half.completed = peer.completed = half.completed || peer.completed;
  }
  if (action.event === 'completed' && state === 'seed' && !peer.completed) {
    peer.completed = true;
    if (half !== undefined) half.completed = true;
    swarm.downloaded++;
  }
}

/** Ages are counted in steps of 22 seconds, 128 of which a lifetime has at most. */
function steps(seconds: number): number {
  return Math.floor(seconds / 22);
}

function expireModel(swarm: ModelSwarm, now: number): void {
  for (const family of [4, 6] as const) {
    for (const [client, peer] of swarm[family]) {
      if (steps(now) - steps(peer.seen) > steps(LIFETIME) + 1) swarm[family].delete(client);
    }
  }
}

function countModel(swarm: ModelSwarm): { complete: number; incomplete: number } {
  const counts = { complete: 0, incomplete: 0 };
  for (const [family, peers] of [
    [4, swarm[4]],
    [6, swarm[6]],
  ] as const) {
    for (const peer of peers.values()) {
      if (family === 6 && isPair(peer, swarm[4].get(peer.client))) continue;
      if (peer.state === 'seed') counts.complete++;
      else counts.incomplete++;
    }
  }
  return counts;
}

/** Every `checkEvery` steps, the list of peers is compared and the octets of the table are gone through. */
function run(actions: readonly Action[], checkEvery = 1): void {
  const tracker = createTestTracker();
  const { table } = tracker;
  const idle = swarmTotals(table).heapOctets;
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  const out = new Uint8Array(200 * 38);
  const swarms = new Map<number, ModelSwarm>();
  let now = 5_000_000;
  for (const [step, action] of actions.entries()) {
    if (action.wait > 0) {
      now += action.wait;
      expire(table, now, 100_000);
    }
    const swarm = swarms.get(action.torrent) ?? { 4: new Map(), 6: new Map(), downloaded: 0 };
    swarms.set(action.torrent, swarm);
    expireModel(swarm, now);
    const octets = new Uint8Array(40);
    octets.fill(action.torrent + 1, 0, 20);
    octets.set([action.client >> 8, action.client], 30);
    const address = addressOf(action.client, action.family);
    Object.assign(request, {
      octets,
      infoHashOffset: 0,
      peerIdOffset: 20,
      address,
      family: action.family,
      port: action.port,
      isSeed: action.left === 0,
      event: AnnounceEvent[action.event],
      clientKey: action.key,
      numwant: 200,
      bothFamilies: true,
    });
    reply.octets = out;
    reply.offset = 0;
    announce(tracker, request, now, reply);
    const size = action.family === 4 ? 4 : 16;
    const endpoint = `${readEndpoints(Uint8Array.of(...address.subarray(0, size), action.port >> 8, action.port), size)}`;
    applyToModel(swarm, action, endpoint, now);
    expect({ complete: reply.complete, incomplete: reply.incomplete }).toEqual(countModel(swarm));
    if (action.event !== 'stopped' && step % checkEvery === 0) expectPeers(swarm, action, reply, out);
    if (step % checkEvery === 0) checkTable(table);
  }
  expire(table, now + 2 * LIFETIME, 100_000);
  checkTable(table);
  expect(swarmTotals(table)).toMatchObject({ torrents: 0, peersIpv4: 0, peersIpv6: 0, heapOctets: idle });
}

/** Below 200 peers everyone eligible is listed; beyond, as many as fit, and none twice. */
function expectPeers(
  swarm: ModelSwarm,
  action: Action,
  reply: { ownPeers: number; otherPeers: number; offset: number },
  out: Uint8Array,
): void {
  const { family, client } = action;
  const other = otherFamily(family);
  const asker = swarm[family].get(client)!;
  const eligible = (peer: ModelPeer) => asker.state === 'leecher' || peer.state === 'leecher';
  const isHalf = isPair(asker, swarm[other].get(client));
  const own = [...swarm[family].values()].filter((peer) => peer.client !== client && eligible(peer));
  const others = [...swarm[other].values()].filter(
    (peer) => !(isHalf && peer.client === client) && eligible(peer),
  );
  const ownOctets = reply.ownPeers * (family === 4 ? 6 : 18);
  const listed = [
    ...readEndpoints(out.subarray(0, ownOctets), family === 4 ? 4 : 16),
    ...readEndpoints(out.subarray(ownOctets, reply.offset), family === 4 ? 16 : 4),
  ];
  const known = new Set([...own, ...others].map((peer) => peer.endpoint));
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.filter((endpoint) => !known.has(endpoint))).toEqual([]);
  expect(listed).toHaveLength(Math.min(200, known.size));
}

function actionOf(clients: number, torrents: number): fc.Arbitrary<Action> {
  return fc.record({
    torrent: fc.nat(torrents - 1),
    client: fc.nat(clients - 1),
    family: fc.constantFrom<4 | 6>(4, 6),
    port: fc.integer({ min: 1, max: 4 }),
    left: fc.constantFrom<0 | 1>(0, 1),
    event: fc.constantFrom<Event>('none', 'none', 'none', 'completed', 'stopped', 'paused'),
    key: fc.constantFrom(0, 0x1000000a, 0x2000000b),
    wait: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 500, 2000),
  });
}

describe('the swarm table', () => {
  it('agrees with a Map about small swarms', () => {
    const actions = fc.array(actionOf(6, 3), { maxLength: 60 });
    fc.assert(
      fc.property(actions, (steps) => run(steps)),
      { seed: 34, numRuns: 80 },
    );
  });

  it('agrees with a Map about swarms that come to have many buckets, and lose them', () => {
    let random = 12345;
    const below = (bound: number) => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    const actions: Action[] = [];
    for (const [count, stopping] of [
      [500, 0],
      [500, 3],
      [700, 9],
    ] as const) {
      for (let index = 0; index < count; index++) {
        actions.push({
          torrent: 0,
          client: below(260),
          family: below(3) === 0 ? 6 : 4,
          port: 1 + below(3),
          left: below(2) as 0 | 1,
          event: below(10) < stopping ? 'stopped' : (['none', 'completed', 'paused'] as const)[below(3)]!,
          key: [0, 0, 0x1000000a, 0x2000000b][below(4)]!,
          wait: index % 97 === 0 ? 60 : 0,
        });
      }
    }
    run(actions, 7);
  });

  it('agrees with a Map about swarms that come to have references, and lose them', () => {
    let random = 777;
    const below = (bound: number) => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    const actions: Action[] = [];
    for (const [count, stopping] of [
      [7000, 0],
      [3000, 5],
      [6000, 10],
    ] as const) {
      for (let index = 0; index < count; index++) {
        const client = below(3000);
        actions.push({
          torrent: 0,
          client,
          family: below(4) === 0 ? 6 : 4,
          port: 1 + below(3),
          left: below(2) as 0 | 1,
          event: below(10) < stopping ? 'stopped' : 'none',
          key: 0x1000000a + client * 7919,
          wait: 0,
        });
      }
    }
    run(actions, 1000);
  });
});
