import { describe, expect, onTestFinished, test } from 'vitest';
import { textToOctets } from '../../../src/core/octets/text.ts';
import type { AnnounceQuery } from '../../../src/core/tracker/client/announce-query.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { createUdpTrackers, type UdpTrackers } from '../../../src/io/tracker-clients/udp-trackers.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { startUdpTracker } from '../../support/scripted-udp-tracker.ts';

const QUERY: AnnounceQuery = {
  infoHash: new Uint8Array(20).fill(0x61),
  peerId: textToOctets('-PT0001-abcdefghijkl'),
  port: 6881,
  uploaded: 0n,
  downloaded: 0n,
  left: 1000n,
  event: 'started',
  numwant: 50,
  key: undefined,
};
const OPTIONS = { urlData: textToOctets('/announce'), timeoutMilliseconds: 10_000 };
const ANNOUNCED = { kind: 'answered', result: { kind: 'announced', interval: 1800 } };

function createTrackers(clock = systemClock): UdpTrackers {
  const trackers = createUdpTrackers({ clock, randomOctets });
  onTestFinished(() => trackers.close());
  return trackers;
}

test('a connection id is used again for a minute, by announces and scrapes, and not longer', async () => {
  const clock = createManualClock();
  const trackers = createTrackers(clock);
  const tracker = await startUdpTracker();
  const at = { address: '127.0.0.1', port: tracker.port };
  expect(await trackers.announce(at, QUERY, OPTIONS)).toMatchObject(ANNOUNCED);
  expect(await trackers.announce(at, QUERY, OPTIONS)).toMatchObject(ANNOUNCED);
  tracker.reply = () => Buffer.from('000000010000000200000003', 'hex');
  expect(await trackers.scrape(at, [QUERY.infoHash], OPTIONS)).toMatchObject({
    result: { kind: 'scraped', torrents: [{ seeders: 1, completed: 2, leechers: 3 }] },
  });
  expect(tracker.actions).toEqual(['connect', 'announce', 'announce', 'scrape']);
  await clock.advance(61);
  expect(clock.pending()).toBe(0); // the idle socket is closed, and nothing waits
  await trackers.scrape(at, [QUERY.infoHash], OPTIONS);
  expect(tracker.actions.slice(4)).toEqual(['connect', 'scrape']);
});

test('announces that come together share one connect', async () => {
  const trackers = createTrackers();
  const tracker = await startUdpTracker();
  const at = { address: '127.0.0.1', port: tracker.port };
  const reached = await Promise.all(Array.from({ length: 20 }, () => trackers.announce(at, QUERY, OPTIONS)));
  expect(reached).toHaveLength(20);
  for (const each of reached) expect(each).toMatchObject(ANNOUNCED);
  expect(tracker.actions.filter((action) => action === 'connect')).toHaveLength(1);
});

test('an address that the system will not connect to is unreachable, each time', async () => {
  const trackers = createTrackers();
  const broadcast = { address: '255.255.255.255', port: 6969 };
  const refused = { kind: 'unreachable', code: 'EACCES' };
  expect(await trackers.announce(broadcast, QUERY, OPTIONS)).toEqual(refused);
  expect(await trackers.scrape(broadcast, [QUERY.infoHash], OPTIONS)).toEqual(refused);
});

test('a tracker that has started anew gives a new id', async () => {
  const trackers = createTrackers();
  const tracker = await startUdpTracker();
  const at = { address: '127.0.0.1', port: tracker.port };
  await trackers.announce(at, QUERY, OPTIONS);
  tracker.restart();
  expect(await trackers.announce(at, QUERY, OPTIONS)).toMatchObject(ANNOUNCED);
  expect(tracker.actions).toEqual(['connect', 'announce', 'announce', 'connect', 'announce']);
});

describe('a remembered id that the tracker refuses', () => {
  test('is forgotten, and all who used it are answered over a new one', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    tracker.staleReply = 'Connection ID missmatch.';
    const at = { address: '127.0.0.1', port: tracker.port };
    await trackers.announce(at, QUERY, OPTIONS);
    tracker.restart();
    const reached = await Promise.all(
      ['stopped', 'completed', 'none'].map((event) =>
        trackers.announce(at, { ...QUERY, event: event as 'stopped' }, OPTIONS),
      ),
    );
    for (const each of reached) expect(each).toMatchObject(ANNOUNCED);
    expect(tracker.actions.filter((action) => action === 'connect')).toHaveLength(2);
    expect(tracker.requests.map((request) => request.readUInt32BE(80)).sort()).toEqual([0, 1, 2, 3]);
  });

  test('is asked about once: the second answer counts', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    const at = { address: '127.0.0.1', port: tracker.port };
    await trackers.announce(at, QUERY, OPTIONS);
    tracker.reply = () => `not here, ${tracker.requests.length}`;
    expect(await trackers.announce(at, QUERY, OPTIONS)).toMatchObject({
      result: { kind: 'refused', reason: 'not here, 3' },
    });
    expect(tracker.actions).toEqual(['connect', 'announce', 'announce', 'connect', 'announce']);
  });

  test('and silence after that end with the refusal, at the time of the request', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    const at = { address: '127.0.0.1', port: tracker.port };
    await trackers.announce(at, QUERY, OPTIONS);
    tracker.reply = () => {
      tracker.isMute = true;
      return 'restarting';
    };
    expect(await trackers.announce(at, QUERY, { ...OPTIONS, timeoutMilliseconds: 100 })).toMatchObject({
      kind: 'answered',
      result: { kind: 'refused', reason: 'restarting' },
    });
  });
});

describe('what is no answer', () => {
  test('an error packet is the tracker’s refusal', async () => {
    const tracker = await startUdpTracker();
    tracker.reply = () => 'not here';
    const at = { address: '127.0.0.1', port: tracker.port };
    expect(await createTrackers().announce(at, QUERY, OPTIONS)).toMatchObject({
      result: { kind: 'refused', reason: 'not here' },
    });
  });

  test('a closed port says so at once, and the next announce tries again', async () => {
    const trackers = createTrackers();
    const [port] = await findFreePorts(1);
    const at = { address: '127.0.0.1', port: port! };
    const closed = { kind: 'unreachable', code: 'ECONNREFUSED' };
    expect(await trackers.announce(at, QUERY, OPTIONS)).toEqual(closed);
    expect(await Promise.all([1, 2].map(() => trackers.announce(at, QUERY, OPTIONS)))).toEqual([
      closed,
      closed,
    ]);
  });

  test('silence ends with the timeout, or when all is closed', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    tracker.reply = () => undefined;
    const at = { address: '127.0.0.1', port: tracker.port };
    expect(await trackers.announce(at, QUERY, { ...OPTIONS, timeoutMilliseconds: 30 })).toEqual({
      kind: 'silence',
    });
    const waiting = trackers.announce(at, QUERY, OPTIONS);
    trackers.close();
    expect(await waiting).toEqual({ kind: 'silence' });
  });

  test('who gives up does not end what another waits for, not even the connect that both share', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    const at = { address: '127.0.0.1', port: tracker.port };
    const abort = new AbortController();
    const impatient = trackers.announce(at, QUERY, { ...OPTIONS, signal: abort.signal });
    const patient = trackers.announce(at, QUERY, OPTIONS);
    abort.abort();
    expect(await impatient).toEqual({ kind: 'silence' });
    expect(await patient).toMatchObject(ANNOUNCED);
    expect(tracker.actions).toEqual(['connect', 'announce']);
  });

  test('who joins a connect goes on with one of its own when the first has given up', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    const at = { address: '127.0.0.1', port: tracker.port };
    tracker.isMute = true;
    const impatient = trackers.announce(at, QUERY, { ...OPTIONS, timeoutMilliseconds: 50 });
    const patient = [1, 2, 3].map(() => trackers.announce(at, QUERY, OPTIONS));
    expect(await impatient).toEqual({ kind: 'silence' });
    tracker.isMute = false;
    for (const reached of await Promise.all(patient)) expect(reached).toMatchObject(ANNOUNCED);
    expect(tracker.actions.slice(-3)).toEqual(['announce', 'announce', 'announce']);
  });

  test('who joins a connect and gives up with the first begins no other', async () => {
    const trackers = createTrackers();
    const tracker = await startUdpTracker();
    const at = { address: '127.0.0.1', port: tracker.port };
    tracker.isMute = true;
    const silence = { kind: 'silence' };
    const abort = new AbortController();
    const first = trackers.announce(at, QUERY, { ...OPTIONS, timeoutMilliseconds: 200 });
    const aborted = trackers.announce(at, QUERY, { ...OPTIONS, signal: abort.signal });
    await expect.poll(() => tracker.actions, { interval: 1 }).toEqual(['connect']);
    abort.abort();
    expect(await Promise.all([first, aborted])).toEqual([silence, silence]);
    tracker.isMute = false;
    expect(await trackers.announce(at, QUERY, OPTIONS)).toMatchObject(ANNOUNCED);
    expect(tracker.actions).toEqual(['connect', 'connect', 'announce']);
  });

  test('all is closed before the socket is there', async () => {
    const trackers = createTrackers();
    const waiting = trackers.announce({ address: '127.0.0.1', port: 9 }, QUERY, OPTIONS);
    trackers.close();
    expect(await waiting).toEqual({ kind: 'silence' });
  });
});
