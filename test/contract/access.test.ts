// What access lists and passkeys mean, the same over UDP and HTTP: who is refused, with which words, and that nothing of
// it is stored.

import { describe, expect, it } from 'vitest';
import { type AccessGate, createAccessGate } from '../../src/core/access/access-gate.ts';
import { attachAccess } from '../../src/core/access/access-rules.ts';
import { parseAddressList } from '../../src/core/access/address-list.ts';
import { parseClientList } from '../../src/core/access/client-list.ts';
import { type AccessLists, compileAccess } from '../../src/core/access/compile-access.ts';
import { parseHashList } from '../../src/core/access/hash-list.ts';
import { createListReader } from '../../src/core/access/list-lines.ts';
import {
  addPasskey,
  attachPasskeys,
  createPasskeys,
  FOREVER,
  PasskeyState,
  passkeyCounts,
  writePasskeyId,
} from '../../src/core/access/passkey-table.ts';
import { Counter } from '../../src/core/counters.ts';
import { MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import { FOREIGN_HOST } from '../../src/core/preference/host-rule.ts';
import { swarmTotals } from '../../src/core/swarm/table.ts';
import { createHttpTracker } from '../../src/core/tracker/http/tracker.ts';
import { createUdpTracker } from '../../src/core/tracker/udp/tracker.ts';
import {
  type Announced,
  CONNECTION_KEY,
  createTestTracker,
  httpClient,
  httpRequest,
  percent,
  sourceOf,
  type TestTracker,
  udpClient,
} from './announce-clients.ts';

const NOW = 1_000_000;
const DENIED = Uint8Array.from({ length: 20 }, (_, index) => index + 1);
const SERVED = Uint8Array.from({ length: 20 }, (_, index) => 200 - index);
const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index + 9);
const PASSKEY = 'passkey-of-alice-1';

function readerOf(text: string) {
  return createListReader(Buffer.from(text));
}

function rulesOf(lists: AccessLists) {
  return attachAccess(
    compileAccess(lists, { secret: SECRET, allocate: (size) => new SharedArrayBuffer(size) }),
  );
}

function trackerWith(access: (counters: TestTracker['counters']) => AccessGate): TestTracker {
  const tracker = createTestTracker();
  const { table, settings, counters, traffic } = tracker;
  const shared = { table, settings, counters, traffic, access: access(counters) };
  const http = createHttpTracker({ ...shared, hostRule: () => FOREIGN_HOST });
  return { ...tracker, udp: createUdpTracker({ ...shared, connectionKey: CONNECTION_KEY }), http };
}

function trackerWithLists(lists: AccessLists): TestTracker {
  return trackerWith((counters) => Object.assign(createAccessGate({ counters }), { rules: rulesOf(lists) }));
}

function announced(more: Partial<Announced> = {}): Announced {
  const peerId = Buffer.from('-PT0001-abcdefghijkl');
  return { infoHash: SERVED, peerId, address: '192.0.2.1', port: 6881, left: 0, ...more };
}

const FRONT_ENDS = [
  { name: 'UDP', createClient: udpClient },
  { name: 'HTTP', createClient: httpClient },
] as const;

describe.each(FRONT_ENDS)('access lists over $name', ({ createClient }) => {
  const torrents = (text: string) => parseHashList(readerOf(text));
  const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
  const clients = (text: string) => parseClientList(readerOf(text)).prefixes;
  const client = Buffer.from('-XL0012-abcdefghijkl');

  it.each([
    ['a torrent that is denied', { torrentsDeny: torrents(hex(DENIED)) }, { infoHash: DENIED }, 'torrent'],
    [
      'a torrent that is not allowed',
      { torrentsAllow: torrents(hex(SERVED)) },
      { infoHash: DENIED },
      'torrent',
    ],
    ['any torrent with an empty list', { torrentsAllow: torrents('') }, {}, 'torrent'],
    ['a client that is denied', { clientsDeny: clients('-XL') }, { peerId: client }, 'client'],
    ['a client that is not allowed', { clientsAllow: clients('-PT') }, { peerId: client }, 'client'],
  ])('refuse %s, and store nothing', (_, lists: AccessLists, more: Partial<Announced>, kind) => {
    const tracker = trackerWithLists(lists);
    const answer = createClient(tracker).announce(announced(more), NOW);
    expect(answer).toEqual({ failure: expect.stringMatching(`does not serve (this|your) ${kind}$`) });
    expect(swarmTotals(tracker.table).torrents).toBe(0);
    const counter = kind === 'torrent' ? Counter.deniedTorrents : Counter.deniedClients;
    expect(tracker.counters[counter]).toBe(1);
  });

  it('let pass what is allowed and not denied', () => {
    const tracker = trackerWithLists({
      torrentsAllow: torrents(`${hex(SERVED)}\n${hex(DENIED)}`),
      torrentsDeny: torrents(hex(DENIED)),
      addressesAllow: parseAddressList(readerOf('192.0.2.0/24\n2001:db8::/32')),
      addressesDeny: parseAddressList(readerOf('192.0.2.128/25')),
      clientsAllow: clients('-PT'),
      clientsDeny: clients('-XL'),
    });
    const asker = createClient(tracker);
    expect(asker.announce(announced(), NOW)).toMatchObject({ complete: 1 });
    expect(asker.announce(announced({ address: '2001:db8::1' }), NOW)).toMatchObject({ complete: 1 });
    expect(asker.announce(announced({ infoHash: DENIED }), NOW)).toHaveProperty('failure');
  });

  it('scrape a torrent that is refused as one that nobody announced, from the reload on', () => {
    const tracker = createTestTracker();
    const access = createAccessGate({ counters: tracker.counters });
    const live = trackerWith(() => access);
    const asker = createClient(live);
    asker.announce(announced({ infoHash: DENIED }), NOW);
    expect(asker.scrape(DENIED, '192.0.2.1', NOW)).toMatchObject({ complete: 1 });
    access.rules = rulesOf({ torrentsDeny: torrents(hex(DENIED)) });
    expect(asker.scrape(DENIED, '192.0.2.1', NOW)).toEqual({ complete: 0, incomplete: 0, downloaded: 0 });
    expect(asker.announce(announced({ infoHash: DENIED }), NOW)).toHaveProperty('failure');
  });
});

describe('an address that is denied', () => {
  const lists = { addressesDeny: parseAddressList(readerOf('192.0.2.0/24')) };

  function connect({ udp }: TestTracker): Uint8Array {
    const packet = new Uint8Array(16);
    new DataView(packet.buffer).setBigUint64(0, 0x41727101980n);
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
    return reply.slice(0, udp(packet, 0, 16, sourceOf('192.0.2.1', 4000), reply, 0, NOW));
  }

  it('gets no answer to a connect', () => {
    const tracker = trackerWithLists(lists);
    expect(connect(tracker)).toHaveLength(0);
    expect(tracker.counters[Counter.deniedAddresses]).toBe(1);
  });

  it('is told so where it has a connection id already, in announces and scrapes', () => {
    const access = createAccessGate({ counters: createTestTracker().counters });
    const tracker = trackerWith(() => access);
    const id = connect(tracker).slice(8);
    access.rules = rulesOf(lists);
    for (const [action, length] of [
      [1, 98],
      [2, 36],
    ] as const) {
      const packet = new Uint8Array(length);
      packet.set(id);
      packet[11] = action;
      if (action === 1) packet[97] = 1;
      const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
      const size = tracker.udp(packet, 0, length, sourceOf('192.0.2.1', 4000), reply, 0, NOW);
      expect(Buffer.from(reply.subarray(8, size)).toString()).toBe(
        'this tracker does not serve your address',
      );
    }
  });

  it('is told over HTTP that it never will be served, in scrapes, too', () => {
    const tracker = trackerWithLists(lists);
    const { body } = httpRequest(tracker, 'GET /scrape?info_hash=x HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n');
    expect(Buffer.from(body).toString()).toMatch(/does not serve your address8:retry in5:nevere$/);
  });
});

describe('a private tracker', () => {
  function privateTracker(isAsked = false) {
    const shared = createPasskeys({ secret: SECRET, capacity: 16, isAsked });
    const table = attachPasskeys(shared);
    const id = new Int32Array(4);
    writePasskeyId(table, Buffer.from(PASSKEY), 0, PASSKEY.length, id);
    addPasskey(table, 3, id, PasskeyState.allowed, isAsked ? NOW + 10 : FOREVER);
    const tracker = trackerWith((counters) => createAccessGate({ counters, passkeys: shared }));
    return { tracker, table };
  }

  function askHttp(tracker: TestTracker, path: string, nowSeconds = NOW): string {
    const query = `info_hash=${percent(SERVED)}&peer_id=-PT0001-abcdefghijkl&port=6881&left=0&event=completed`;
    const head = `GET ${path}${path.includes('?') ? '&' : '?'}${query} HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n`;
    return Buffer.from(httpRequest(tracker, head, { nowSeconds }).body).toString('latin1');
  }

  /** Announces with options behind it; the reason of a refusal, or `seeds N`. */
  function askUdp({ udp }: TestTracker, options: Uint8Array, action = 1): string {
    const source = sourceOf('192.0.2.1', 4000);
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
    const hello = new Uint8Array(16);
    new DataView(hello.buffer).setBigUint64(0, 0x41727101980n);
    udp(hello, 0, 16, source, reply, 0, NOW);
    const packet = new Uint8Array(98 + options.length);
    packet.set(reply.subarray(8, 16));
    packet[11] = action;
    packet.set(SERVED, 16);
    packet[97] = 1;
    packet.set(options, 98);
    const size = udp(packet, 0, packet.length, source, reply, 0, NOW);
    return reply[3] === 3 ? Buffer.from(reply.subarray(8, size)).toString() : `seeds ${reply[19]}`;
  }

  const urlData = (path: string): Uint8Array =>
    Buffer.concat([Uint8Array.of(2, path.length), Buffer.from(path)]);

  it.each([
    [`/${PASSKEY}/announce`, '8:complete'],
    [`/announce/${PASSKEY}`, '8:complete'],
    [`/${PASSKEY}/scrape`, '5:files'],
    [`/scrape/${PASSKEY}`, '5:files'],
    [`/announce.php?passkey=${PASSKEY}`, '8:complete'],
    [`/a/scrape.php?passkey=${PASSKEY}`, '5:files'],
    [`/announce.php?passkey=${PASSKEY}x`, 'again8:retry in5:never'],
    ['/announce', 'this tracker is private'],
    ['/scrape', 'this tracker is private'],
    [`/${PASSKEY}x/announce`, 'again8:retry in5:never'],
    ['/short/announce', 'not known here'],
    [`/${'x'.repeat(200)}/scrape`, 'not known here'],
    [`/%41${PASSKEY}/announce`, 'not known here'],
  ])('answers %s over HTTP with %s', (path, expected) => {
    const { tracker } = privateTracker();
    expect(askHttp(tracker, path)).toContain(expected);
    expect(swarmTotals(tracker.table).torrents).toBe(expected === '8:complete' ? 1 : 0);
  });

  it.each([
    ['the path', urlData(`/${PASSKEY}/announce`), /^seeds 1$/],
    ['path and query', urlData(`/announce/${PASSKEY}?a=b`), /^seeds 1$/],
    ['the query', urlData(`/announce.php?passkey=${PASSKEY}`), /^seeds 1$/],
    [
      'two parts of it',
      Buffer.concat([urlData(`/${PASSKEY}`), Uint8Array.of(1), urlData('/announce'), Uint8Array.of(0)]),
      /^seeds 1$/,
    ],
    ['none', new Uint8Array(0), /is private/],
    ['another key', urlData(`/x${PASSKEY}/announce`), /not known here/],
    ['a path without a key', urlData('/announce'), /is private/],
    [
      'more than fits',
      Buffer.concat(Array.from({ length: 3 }, () => urlData('a'.repeat(255)))),
      /is private/,
    ],
  ])('answers a UDP announce with URL data of %s', (_, options, expected) => {
    const { tracker } = privateTracker();
    expect(askUdp(tracker, options)).toMatch(expected);
  });

  it('answers no scrape over UDP, which cannot have a passkey', () => {
    expect(askUdp(privateTracker().tracker, new Uint8Array(0), 2)).toMatch(/is private/);
  });

  it('counts announces and downloads of each key', () => {
    const { tracker, table } = privateTracker();
    askHttp(tracker, `/${PASSKEY}/announce`);
    askHttp(tracker, `/${PASSKEY}/announce`);
    askUdp(tracker, urlData(`/${PASSKEY}/announce`));
    expect(passkeyCounts(table, 3)).toEqual({ announces: 3, completed: 1 });
  });

  it('serves a key whose time has run out while it is looked up, and has others come again in a minute', () => {
    const { tracker, table } = privateTracker(true);
    expect(askHttp(tracker, `/${PASSKEY}/announce`, NOW + 9)).toContain('8:complete');
    expect(table.shared.asks).toBeDefined();
    expect(askHttp(tracker, `/${PASSKEY}/announce`, NOW + 11)).toContain('8:complete');
    expect(askHttp(tracker, `/x${PASSKEY}/announce`)).toMatch(/being looked up.*8:retry ini1ee$/);
    expect(tracker.counters[Counter.pendingPasskeys]).toBe(1);
  });
});
