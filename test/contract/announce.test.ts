import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES, Counter, type CounterName } from '../../src/core/counters.ts';
import { swarmTotals } from '../../src/core/swarm/table.ts';
import { TRAFFIC_CELLS } from '../../src/core/traffic.ts';
import {
  type Announced,
  createTestTracker,
  httpClient,
  type TrackerClient,
  udpClient,
} from './announce-clients.ts';
import { STORIES, type Step } from './announce-stories.ts';

const INFO_HASH = Uint8Array.from({ length: 20 }, (_, index) => 255 - index);

const FRONT_ENDS = [
  { name: 'UDP over IPv4', createClient: udpClient, family: 4 },
  { name: 'UDP over IPv6', createClient: udpClient, family: 6 },
  { name: 'HTTP over IPv4', createClient: httpClient, family: 4 },
  { name: 'HTTP over IPv6', createClient: httpClient, family: 6 },
] as const;

function addressOf(name: string, family: 4 | 6): string {
  const number = name.charCodeAt(0);
  return family === 4 ? `192.0.2.${number}` : `2001:db8::${number.toString(16)}`;
}

function portOf(name: string): number {
  return 6000 + name.charCodeAt(0);
}

function announcedBy(step: Step, family: 4 | 6): Announced {
  return {
    infoHash: INFO_HASH,
    peerId: new TextEncoder().encode(`-XX0001-${step.who.repeat(12)}`),
    address: addressOf(step.who, step.otherFamily ? ((10 - family) as 4 | 6) : family),
    port: step.port ?? portOf(step.who),
    left: step.left ?? 0,
    event: step.event,
    key: step.key,
    numwant: step.numwant,
  };
}

/** `A B:2222` as the endpoints that a reply lists. */
function endpointsOf(text: string, family: 4 | 6): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => `${addressOf(word, family)} ${word.split(':')[1] ?? portOf(word)}`);
}

describe.each(FRONT_ENDS)('announce stories: $name', ({ createClient, family }) => {
  it.each(STORIES)('$name', ({ steps }) => {
    const client = createClient(createTestTracker());
    let now = 1_000_000;
    const start = now;
    for (const [index, step] of steps.entries()) {
      const where = `step ${index + 1}`;
      now = step.at === undefined ? now : start + step.at;
      const announced = announcedBy(step, family);
      const answer = client.announce(announced, now);
      if (step.failure !== undefined) {
        expect(answer, where).toEqual({ failure: expect.stringMatching(step.failure) });
        continue;
      }
      if ('failure' in answer) throw new Error(`${where}: ${answer.failure}`);
      expect(answer.intervalSeconds, where).toBeGreaterThanOrEqual(1620);
      expect(answer.intervalSeconds, where).toBeLessThanOrEqual(1980);
      if (step.counts !== undefined) {
        const [complete, incomplete, downloaded] = step.counts;
        expect(answer, where).toMatchObject({ complete, incomplete });
        expect(client.scrape(INFO_HASH, announced.address, now), where).toEqual({
          complete,
          incomplete,
          downloaded,
        });
      }
      if (step.peers !== undefined) {
        const listed = step.otherFamily ? ((10 - family) as 4 | 6) : family;
        expect([...answer.peers].sort(), where).toEqual(endpointsOf(step.peers, listed).sort());
      }
      if (step.listed !== undefined) expect(answer.peers, where).toHaveLength(step.listed);
    }
  });
});

/** Counters of each front end. */
const COUNTED = {
  'UDP over IPv4': ['udpAnnouncesIpv4', 'udpScrapesIpv4', 'udpErrors', 'udpBadAnnounces'],
  'UDP over IPv6': ['udpAnnouncesIpv6', 'udpScrapesIpv6', 'udpErrors', 'udpBadAnnounces'],
  'HTTP over IPv4': ['httpAnnouncesIpv4', 'httpScrapesIpv4', 'httpErrors', 'httpBadAnnounces'],
  'HTTP over IPv6': ['httpAnnouncesIpv6', 'httpScrapesIpv6', 'httpErrors', 'httpBadAnnounces'],
} as const satisfies Readonly<Record<string, readonly CounterName[]>>;

describe.each(FRONT_ENDS)('what is counted: $name', ({ name, createClient, family }) => {
  it('is what was answered and refused, by family and by socket, and each event', () => {
    const tracker = createTestTracker();
    const [first, second] = [createClient(tracker, 1), createClient(tracker, 2)];
    const announce = (client: TrackerClient, step: Step) => client.announce(announcedBy(step, family), 1000);
    announce(first, { who: 'A', left: 1, event: 'started' });
    announce(first, { who: 'B', left: 1, event: 'started' });
    announce(second, { who: 'A', left: 0, event: 'completed' });
    announce(second, { who: 'A', left: 0, event: 'completed' });
    announce(second, { who: 'B', left: 1, event: 'paused' });
    announce(second, { who: 'C', left: 1 });
    const { partialSeeds, leechers } = swarmTotals(tracker.table);
    announce(second, { who: 'B', left: 1, event: 'stopped' });
    announce(second, { who: 'D', left: 1, port: 0, event: 'started' });
    second.scrape(INFO_HASH, addressOf('A', family), 1000);

    expect([partialSeeds, leechers]).toEqual([1, 2]);
    const expected: Partial<Record<CounterName, number>> = {
      eventsStarted: 2,
      eventsCompleted: 2,
      eventsStopped: 1,
      eventsPaused: 1,
      completed: 1,
    };
    for (const [index, count] of [7, 1, 1, 1].entries()) expected[COUNTED[name][index]!] = count;
    const counted = COUNTER_NAMES.filter((counter) => counter !== 'udpConnects').flatMap((counter) => {
      const count = tracker.counters[Counter[counter]]!;
      return count === 0 ? [] : [[counter, count] as const];
    });
    expect(Object.fromEntries(counted)).toEqual(expected);
    const rows = [1, 2].map((row) => [
      ...tracker.traffic.subarray(row * TRAFFIC_CELLS, (row + 1) * TRAFFIC_CELLS),
    ]);
    expect(rows).toEqual([
      [2, 0],
      [5, 1],
    ]);
  });
});
