// `node access-lists-child.ts ENTRIES TORRENTS PEERS`: what access lists add to an announce, in process. The lists are
// random, and so are the torrents that are announced: of the memory of a list nothing is where the processor expects it.

import { createCipheriv } from 'node:crypto';
import {
  type AccessGate,
  createAccessGate,
  refuseAddress,
  refusePeer,
} from '../../../src/core/access/access-gate.ts';
import { createAccessPrefetch } from '../../../src/core/access/access-prefetch.ts';
import { type AccessRules, attachAccess, OPEN_ACCESS } from '../../../src/core/access/access-rules.ts';
import { parseAddressList } from '../../../src/core/access/address-list.ts';
import { type AccessLists, compileAccess } from '../../../src/core/access/compile-access.ts';
import { parseHashList } from '../../../src/core/access/hash-list.ts';
import { createListReader } from '../../../src/core/access/list-lines.ts';
import { createCounters } from '../../../src/core/counters.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { createSwarmTable } from '../../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../src/core/tracker/settings.ts';
import { createPageCollapse } from '../../../src/io/packet-engine/huge-pages.ts';
import { createChoice } from './swarm-announcer.ts';

export interface AccessListsSample {
  /** Seconds from the text of the list to the buffer that workers read. */
  readonly hashListSeconds: number;
  readonly addressListSeconds: number;
  /** CPU of an announce that refreshes a peer and lists up to 50, by {@link Lists}. */
  readonly nanoseconds: Readonly<Record<Lists, number>>;
}

export type Lists = 'none' | 'deny' | 'allow' | 'addresses';

const NOW = 1000;
const NUMWANT = 50;
/** Announces at a time: what the machine does meanwhile meets all kinds of lists alike. */
const SLICE = 19_200;
const SLICES = 12;
/** Announces that the packet engine takes from the kernel at once, under load. */
const BATCH = 32;
const STRIDE = 128;
/** Where an announce has its info-hash and its peer id (BEP 15). */
const AT = { infoHash: 16, peerId: 36 };

const [entries, torrents, peers] = process.argv.slice(2).map(Number) as [number, number, number];
const secret = randomOctets(20, 1);
const names = randomOctets(torrents * 20, 2);
const others = randomOctets(entries * 20, 3);
const collapse = createPageCollapse();
const denied = timed(() => ({ torrentsDeny: parseHashList(readerOf(hexLines(others))) }));
const listed = Buffer.concat([names, others.subarray(0, Math.max(0, entries - torrents) * 20)]);
const allowed = timed(() => ({ torrentsAllow: parseHashList(readerOf(hexLines(listed))) }));
const networks = timed(() => ({ addressesDeny: parseAddressList(readerOf(addressLines(entries))) }));
const rules: Readonly<Record<Lists, AccessRules>> = {
  none: OPEN_ACCESS,
  deny: denied.rules,
  allow: allowed.rules,
  addresses: networks.rules,
};

const announceBatch = createAnnouncer();
for (let peer = 0; peer < peers; peer += BATCH) announceBatch(OPEN_ACCESS, (index) => (peer + index) % peers);
const kinds = Object.keys(rules) as Lists[];
const spent: Record<Lists, number[]> = { none: [], deny: [], allow: [], addresses: [] };
const choose = createChoice(2);
// The first two rounds are for the compiler.
for (let round = -2; round < SLICES; round++) {
  for (const kind of kinds) {
    const seconds = cpuSeconds(() => {
      for (let batch = 0; batch < SLICE / BATCH; batch++) announceBatch(rules[kind], () => choose(peers));
    });
    if (round >= 0) spent[kind].push((seconds * 1e9) / SLICE);
  }
}
const sample: AccessListsSample = {
  hashListSeconds: denied.seconds,
  addressListSeconds: networks.seconds,
  nanoseconds: {
    none: median(spent.none),
    deny: median(spent.deny),
    allow: median(spent.allow),
    addresses: median(spent.addresses),
  },
};
process.stdout.write(JSON.stringify(sample));

function createAnnouncer(): (access: AccessRules, choosePeer: (index: number) => number) => void {
  const counters = createCounters();
  const limits = { torrents: Math.max(20_000, torrents), peers: peers * 2, heapOctets: 2 ** 30 };
  const table = createSwarmTable({ secret, counters, limits });
  const tracker = { table, settings: DEFAULT_TRACKER_SETTINGS };
  const gate: AccessGate = createAccessGate({ counters });
  const source = createPacketSource();
  const request = createAnnounceRequest();
  const reply = createAnnounceReply();
  const prefetch = createAccessPrefetch(gate);
  const octets = new Uint8Array(BATCH * STRIDE);
  const batch = new Uint32Array(BATCH);
  const view = new DataView(octets.buffer);
  const address = new DataView(source.octets.buffer, source.octets.byteOffset);
  Object.assign(request, { octets, numwant: NUMWANT, address: source.octets, family: 4 });
  reply.octets = new Uint8Array(NUMWANT * 6);

  function announceOne(peer: number, at: number): void {
    // An odd multiplier: each peer has another address.
    address.setUint32(0, Math.imul(peer, 0x9e3779b1));
    request.infoHashOffset = at + AT.infoHash;
    request.peerIdOffset = at + AT.peerId;
    request.port = 1024 + (peer & 0x7fff);
    request.isSeed = peer % 10 < 3;
    reply.offset = 0;
    if (refuseAddress(gate, source) !== undefined) return;
    if (refusePeer(gate, octets, at + AT.infoHash, at + AT.peerId) !== undefined) return;
    announce(tracker, request, NOW, reply);
  }

  return (access, choosePeer) => {
    gate.rules = access;
    for (let index = 0; index < BATCH; index++) {
      const peer = choosePeer(index);
      const name = (peer % torrents) * 20;
      batch[index] = peer;
      for (let octet = 0; octet < 20; octet++)
        octets[index * STRIDE + AT.infoHash + octet] = names[name + octet]!;
      view.setUint32(index * STRIDE + AT.peerId, peer);
    }
    prefetch(octets, 0, STRIDE, BATCH);
    for (let index = 0; index < BATCH; index++) announceOne(batch[index]!, index * STRIDE);
  };
}

function timed(parse: () => AccessLists): { readonly rules: AccessRules; readonly seconds: number } {
  const start = performance.now();
  const allocate = (size: number) => new SharedArrayBuffer(size);
  const compiled = compileAccess(parse(), { secret, allocate });
  const seconds = (performance.now() - start) / 1000;
  collapse(compiled.buffer);
  return { rules: attachAccess(compiled), seconds };
}

function readerOf(octets: Uint8Array) {
  return createListReader(octets);
}

function hexLines(hashes: Uint8Array): Uint8Array {
  const digits = Buffer.from(hashes).toString('hex');
  return Buffer.from(digits.replaceAll(/.{40}/g, '$&\n'), 'latin1');
}

function addressLines(count: number): Uint8Array {
  const octets = randomOctets(count * 4, 4);
  const lines = Array.from({ length: count }, (_, line) => octets.subarray(line * 4, line * 4 + 4).join('.'));
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** As good as chance, and the same in each run. */
function randomOctets(length: number, seed: number): Uint8Array {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}
