import { describe, expect, it } from 'vitest';
import { type Announced, createTestTracker, httpClient, udpClient } from './announce-clients.ts';
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
