import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDrains } from '../../../src/app/zones/drains.ts';
import { createLedgerFile } from '../../../src/app/zones/ledger-file.ts';
import { TRANSIT_SECONDS } from '../../../src/core/preference/ledger.ts';
import type { Clock } from '../../../src/io/clock.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ENDPOINT = {
  host: 't.example',
  listener: { transport: 'udp', address: '192.0.2.1', port: 1337 },
  ttlSeconds: 300,
} as const;

/** A drain of 300 seconds that has just begun, on a machine whose clock can be set. */
async function drainingSince(folder: string, clock: Clock) {
  const drains = createDrains({
    file: createLedgerFile(folder),
    clock,
    drainSeconds: 0,
    logger: silentLogger,
  });
  await drains.restore();
  return drains;
}

function settableClock() {
  const manual = createManualClock();
  let ahead = 0;
  const clock: Clock = { ...manual, nowSeconds: () => manual.nowSeconds() + ahead };
  const set = (seconds: number): void => {
    ahead = seconds;
  };
  return { manual, clock, set };
}

describe('a drain', () => {
  it.each([
    ['forward by a day', 86_400],
    ['back by a day', -86_400],
  ])('lasts as long as it should when the machine’s clock is set %s', async (_, step) => {
    const { manual, clock, set } = settableClock();
    const drains = await drainingSince(await temporaryFolder(), clock);
    await drains.promise([ENDPOINT]);
    await drains.settle([]);
    set(step);
    await manual.advance(300);
    expect(await drains.expire()).toBe(false);
    await manual.advance(TRANSIT_SECONDS + 1);
    expect(await drains.expire()).toBe(true);
    expect(drains.list()).toEqual([]);
  });

  it('that began before the clock was set goes on after a restart', async () => {
    const folder = await temporaryFolder();
    const { manual, clock, set } = settableClock();
    const first = await drainingSince(folder, clock);
    await first.promise([ENDPOINT]);
    await first.settle([]);
    set(86_400);
    // Any later edit writes the ledger by the new hour.
    await first.settle([]);
    const second = await drainingSince(folder, clock);
    expect(second.list()).toHaveLength(1);
    await manual.advance(310);
    expect(second.list()).toEqual([]);
  });

  it.each([
    ['a second ahead', 1, 0],
    ['a second behind', -1, 0],
    ['two seconds ahead', 2, 2],
    ['two seconds behind', -2, -2],
  ])('is written by the machine’s clock, of which a second is rounding: %s', async (_, ahead, written) => {
    const folder = await temporaryFolder();
    const { clock, set } = settableClock();
    const drains = await drainingSince(folder, clock);
    await drains.promise([ENDPOINT]);
    await drains.settle([]);
    const [entry] = drains.list();
    set(ahead);
    await drains.settle([]);
    const reading = await createLedgerFile(folder).read();
    const ends =
      reading.kind === 'ledger' ? [...reading.ledger.values()].map(({ staleUntil }) => staleUntil) : [];
    expect(ends).toEqual([entry!.staleUntil + written]);
  });

  it('says when it ends', async () => {
    const { manual, clock } = settableClock();
    const drains = await drainingSince(await temporaryFolder(), clock);
    expect(drains.secondsToNext()).toBeUndefined();
    await drains.promise([ENDPOINT]);
    expect(drains.secondsToNext()).toBeUndefined();
    await drains.settle([]);
    await manual.advance(100);
    expect(drains.secondsToNext()).toBe(200 + TRANSIT_SECONDS + 1);
    expect(drains.drainingBeside([])).toEqual([{ host: 't.example', transport: 'udp', port: 1337 }]);
  });

  it('is not promised where the ledger cannot be written', async () => {
    const drains = await drainingSince(join(await temporaryFolder(), 'missing'), createManualClock());
    await expect(drains.promise([ENDPOINT])).rejects.toMatchObject({ code: 'not-found' });
    await drains.settle([]);
    expect(drains.list()).toEqual([]);
  });
});
