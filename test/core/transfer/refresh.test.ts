// Stories of a secondary: events with their times, and what is asked, served and waited for in between.

import { describe, expect, it } from 'vitest';
import {
  beginAsking,
  clampTimes,
  createRefreshState,
  endRound,
  expiryOf,
  FIRST_EMPTY_RETRY_SECONDS,
  failPrimary,
  isServable,
  MAX_EMPTY_RETRY_SECONDS,
  MAX_EXPIRE_SECONDS,
  MAX_REFRESH_SECONDS,
  MAX_RETRY_SECONDS,
  nextRefreshStep,
  noteNotify,
  phaseOf,
  type RefreshState,
  resumeRefreshState,
  type ZoneTimes,
} from '../../../src/core/transfer/refresh.ts';

const ZONE: ZoneTimes = { serial: 7, refresh: 3600, retry: 600, expire: 86_400 };
const START = 1_700_000_000;

/** A secondary of two primaries with a clock of its own. Chance is 0 unless a test says otherwise. */
function secondary(primaries = 2) {
  let now = START;
  let state: RefreshState = createRefreshState(now);
  const end = (chance = 0) => ({ nowSeconds: now, chance });
  return {
    pass: (seconds: number) => {
      now += seconds;
    },
    step: () => nextRefreshStep(state, primaries, now),
    phase: () => phaseOf(state, now),
    isServed: () => isServable(state, now),
    ask: () => {
      state = beginAsking(state);
    },
    succeed: (zone: ZoneTimes = ZONE, chance = 0) => {
      state = endRound(state, zone, end(chance));
    },
    fail: (chance = 0) => {
      state = failPrimary(state, primaries, end(chance));
    },
    notify: (serial?: number, primary?: number) => {
      state = noteNotify(state, { nowSeconds: now, serial, primary });
    },
    restart: () => {
      state = resumeRefreshState(JSON.parse(JSON.stringify(state)), now);
    },
    state: () => state,
    now: () => now,
  };
}

function askFirst(primary: number) {
  return { kind: 'ask', primary };
}

function waitUntil(until: number | undefined) {
  return { kind: 'wait', until };
}

/** A secondary that has had the zone for a moment. */
function fresh(primaries = 2) {
  const here = secondary(primaries);
  here.ask();
  here.succeed();
  return here;
}

describe('a zone without a copy', () => {
  it('is asked for at once, and not served', () => {
    const here = secondary();
    expect(here.step()).toEqual(askFirst(0));
    expect([here.phase(), here.isServed()]).toEqual(['empty', false]);
  });

  it('waits twice as long after each round that failed, up to a bound', () => {
    const here = secondary(1);
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      here.ask();
      here.fail();
      const step = here.step();
      const until = step.kind === 'wait' && step.until !== undefined ? step.until : Number.NaN;
      waits.push(until - here.now());
      here.pass(until - here.now());
      expect(here.step()).toEqual(askFirst(0));
    }
    expect(waits.slice(0, 4)).toEqual([10, 20, 40, 80]);
    expect(waits[0]).toBe(FIRST_EMPTY_RETRY_SECONDS);
    expect(waits.at(-1)).toBe(MAX_EMPTY_RETRY_SECONDS);
  });

  it('is served when a transfer worked', () => {
    const here = fresh();
    expect([here.phase(), here.isServed()]).toEqual(['fresh', true]);
    expect(here.step()).toEqual(waitUntil(START + 3600));
  });
});

describe('a round', () => {
  it('does nothing else while a primary is asked', () => {
    const here = secondary();
    here.ask();
    expect(here.step()).toEqual(waitUntil(undefined));
  });

  it('goes to the next primary at once, and ends with the last', () => {
    const here = fresh();
    here.pass(3600);
    expect([here.phase(), here.step()]).toEqual(['due', askFirst(0)]);
    here.ask();
    here.fail();
    expect(here.step()).toEqual(askFirst(1));
    here.ask();
    here.fail();
    expect([here.phase(), here.step()]).toEqual(['retrying', waitUntil(here.now() + 600)]);
    here.pass(600);
    expect(here.step()).toEqual(askFirst(0));
  });

  it('ends where a primary has the zone, and the next begins with the first again', () => {
    const here = fresh();
    here.pass(3600);
    here.ask();
    here.fail();
    here.ask();
    here.succeed();
    expect(here.phase()).toBe('fresh');
    here.pass(3600);
    expect(here.step()).toEqual(askFirst(0));
  });

  it('takes the intervals of the version that was fetched', () => {
    const here = fresh();
    here.pass(3600);
    here.ask();
    here.succeed({ ...ZONE, serial: 8, refresh: 60 });
    expect(here.step()).toEqual(waitUntil(here.now() + 60));
    expect(here.state().zone?.serial).toBe(8);
  });

  it('comes up to a tenth earlier by chance, never later', () => {
    for (const [chance, wait] of [
      [0, 3600],
      [0.5, 3420],
      [0.999, 3240],
    ] as const) {
      const here = secondary();
      here.ask();
      here.succeed(ZONE, chance);
      expect(here.step()).toEqual(waitUntil(START + wait));
    }
  });

  it('asks nobody twice, whichever primary is first', () => {
    const here = fresh(3);
    here.pass(5);
    here.notify(8, 1);
    const asked: unknown[] = [];
    for (let primary = 0; primary < 3; primary++) {
      asked.push(here.step());
      here.ask();
      here.fail();
    }
    expect(asked).toEqual([askFirst(1), askFirst(0), askFirst(2)]);
    expect(here.step()).toEqual(waitUntil(here.now() + 600));
  });
});

describe('expiry', () => {
  /** Fails every round until the copy is too old. */
  function expired() {
    const here = fresh(1);
    while (here.isServed()) {
      const step = here.step();
      if (step.kind === 'ask') {
        here.ask();
        here.fail();
      } else here.pass((step.until ?? Number.NaN) - here.now());
    }
    return here;
  }

  it('takes the zone away at its moment, not before', () => {
    const here = expired();
    expect(here.now()).toBe(START + 86_400);
    expect(here.phase()).toBe('expired');
  });

  it('is a moment to wake at, also while a primary is asked', () => {
    const here = fresh(1);
    here.pass(86_000);
    here.ask();
    expect(here.step()).toEqual(waitUntil(START + 86_400));
    here.pass(400);
    expect([here.isServed(), here.step()]).toEqual([false, waitUntil(undefined)]);
  });

  it('does not end the asking, and a confirmation ends it', () => {
    const here = expired();
    here.pass(600);
    expect(here.step()).toEqual(askFirst(0));
    here.ask();
    here.succeed();
    expect([here.phase(), here.isServed()]).toEqual(['fresh', true]);
  });

  it('makes a NOTIFY of the serial at hand worth a question', () => {
    const here = expired();
    here.pass(1);
    here.notify(ZONE.serial);
    expect(here.step()).toEqual(askFirst(0));
  });
});

describe('NOTIFY', () => {
  it('makes the zone due at once, its sender first', () => {
    const here = fresh();
    here.pass(10);
    here.notify(8, 1);
    expect([here.phase(), here.step()]).toEqual(['due', askFirst(1)]);
  });

  it.each([
    ['says nothing of a serial', undefined, true],
    ['names a newer one', 8, true],
    ['names the one at hand', 7, false],
    ['names an older one', 6, false],
  ])('that %s', (_, serial, isDue) => {
    const here = fresh();
    here.pass(10);
    here.notify(serial);
    expect(here.step().kind === 'ask').toBe(isDue);
  });

  it('while a primary is asked is followed by one more round, however many come', () => {
    const here = fresh();
    here.pass(10);
    here.notify(8);
    here.ask();
    for (let flood = 0; flood < 1000; flood++) here.notify(9);
    expect(here.step()).toEqual(waitUntil(START + 86_400));
    here.succeed({ ...ZONE, serial: 8 });
    here.pass(1);
    expect(here.step()).toEqual(askFirst(0));
    here.ask();
    here.succeed({ ...ZONE, serial: 9 });
    expect(here.step()).toEqual(waitUntil(here.now() + 3600));
  });

  it('begins one round a second, however many come', () => {
    const here = fresh(1);
    let rounds = 0;
    for (let tenth = 0; tenth < 100; tenth++) {
      if (tenth % 10 === 0) here.pass(1);
      here.notify();
      if (here.step().kind !== 'ask') continue;
      rounds++;
      here.ask();
      here.fail();
    }
    expect(rounds).toBe(10);
  });

  it('between two primaries does not begin the round anew', () => {
    const here = fresh();
    here.pass(10);
    here.notify(8);
    here.ask();
    here.fail();
    here.notify(8);
    expect(here.step()).toEqual(askFirst(1));
  });

  it('is enough for a zone without a copy that waits', () => {
    const here = secondary(1);
    here.ask();
    here.fail();
    here.pass(1);
    here.notify(1);
    expect(here.step()).toEqual(askFirst(0));
  });
});

describe('a restart', () => {
  it('leaves what was left of the times', () => {
    const here = fresh();
    here.pass(1000);
    here.restart();
    expect([here.phase(), here.step()]).toEqual(['fresh', waitUntil(START + 3600)]);
    expect(expiryOf(here.state())).toBe(START + 86_400);
  });

  it('after the time to ask asks at once, and serves meanwhile', () => {
    const here = fresh();
    here.pass(5000);
    here.restart();
    expect([here.step(), here.isServed()]).toEqual([askFirst(0), true]);
  });

  it('after the expiry does not serve', () => {
    const here = fresh();
    here.pass(86_400);
    here.restart();
    expect([here.phase(), here.isServed(), here.step()]).toEqual(['expired', false, askFirst(0)]);
  });

  it('in the middle of a round begins it anew', () => {
    const here = fresh();
    here.pass(3600);
    here.ask();
    here.fail();
    here.ask();
    here.restart();
    expect(here.step()).toEqual(askFirst(0));
  });
});

describe('a clock that steps', () => {
  it('back by a year delays nothing', () => {
    const here = fresh();
    here.pass(-365 * 86_400);
    expect(here.step()).toEqual(askFirst(0));
    here.restart();
    expect([here.step(), here.isServed()]).toEqual([askFirst(0), true]);
    expect(expiryOf(here.state())).toBe(here.now() + 86_400);
  });

  it('back by a minute is no reason to ask', () => {
    const here = fresh();
    here.pass(600);
    here.pass(-60);
    expect(here.step()).toEqual(waitUntil(START + 3600));
  });
});

describe('intervals of an SOA', () => {
  it.each([
    [
      { refresh: 0, retry: 0, expire: 0 },
      { refresh: 2, retry: 1, expire: 3 },
    ],
    [
      { refresh: 3600, retry: 600, expire: 60 },
      { refresh: 3600, retry: 600, expire: 4200 },
    ],
    [
      { refresh: 2 ** 32 - 1, retry: 2 ** 32 - 1, expire: 2 ** 32 - 1 },
      { refresh: MAX_REFRESH_SECONDS, retry: MAX_RETRY_SECONDS, expire: MAX_EXPIRE_SECONDS },
    ],
    [
      { refresh: 7200, retry: 900, expire: 1_209_600 },
      { refresh: 7200, retry: 900, expire: 1_209_600 },
    ],
  ])('%o are used as %o', (written, used) => {
    expect(clampTimes(written)).toEqual(used);
  });
});
