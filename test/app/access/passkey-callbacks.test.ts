// A site that is slow, and strangers that make up keys faster than it answers.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createKnownPasskeys } from '../../../src/app/access/known-passkeys.ts';
import { openPasskeyCallback } from '../../../src/app/access/passkey-callbacks.ts';
import { attachPasskeyAsks, putAsk } from '../../../src/core/access/passkey-asks.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { silentLogger } from '../../../src/io/log.ts';

/** Keys that wait or are asked about, at most. */
const PENDING = 1024;
/** Fewer than the ring between the threads has places. */
const BATCH = 200;

/** Knows no key, and says so of none before it is released. */
async function openSite() {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  let isOpen = false;
  const site = createServer((request, response) => {
    asked.push(new URL(request.url!, 'http://site').searchParams.get('passkey')!);
    const answer = (): void => void response.writeHead(404).end();
    if (isOpen) answer();
    else held.push(answer);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void site.close(() => resolve())));
  const { port } = site.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}/check`,
    release(): void {
      isOpen = true;
      for (const answer of held) answer();
    },
  };
}

it('has so many questions that wait and no more: keys beyond them are dropped', async () => {
  const site = await openSite();
  const known = createKnownPasskeys({ capacity: 64, kind: 'callback' }, (length) => new Uint8Array(length));
  const source = openPasskeyCallback({
    config: {
      kind: 'callback',
      capacity: 64,
      callback: { url: site.url, method: 'GET' },
      allowedSeconds: 60,
      deniedSeconds: 60,
    },
    known,
    clock: systemClock,
    logger: silentLogger,
  });
  onTestFinished(() => source.close());
  await source.watch();
  const asks = attachPasskeyAsks(known.table.shared.asks!);
  const meet = (key: string): void => putAsk(asks, Buffer.from(key), 0, key.length);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const keyOf = (index: number): string => `key-${String(index).padStart(16, '0')}`;
  for (let first = 0; first < 2 * PENDING; first += BATCH) {
    for (let index = first; index < first + BATCH; index++) meet(keyOf(index));
    // Whoever waits for the ring is woken in one turn, and looks at it in the next.
    for (let turns = 0; turns < 10; turns++) await turn();
  }
  site.release();
  await expect.poll(() => site.asked.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(PENDING);
  // In order: when this one is asked about, so were all that waited.
  meet('late-0123456789abcdef');
  await expect.poll(() => site.asked, { timeout: 10_000 }).toContain('late-0123456789abcdef');
  expect(site.asked).toHaveLength(PENDING + 1);
});
