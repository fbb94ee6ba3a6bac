import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/io/clock.ts';
import { createManualClock } from '../support/manual-clock.ts';

describe('the system clock', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('gives whole seconds since 1970', () => {
    vi.setSystemTime(1_700_000_000_999);
    expect(systemClock.nowSeconds()).toBe(1_700_000_000);
  });

  it('measures durations by a clock that the hour does not move', () => {
    const before = systemClock.nowMilliseconds();
    vi.setSystemTime(0);
    expect(systemClock.nowMilliseconds()).toBeGreaterThanOrEqual(before);
  });

  it.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 68 * 365 * 86_400_000])(
    'runs a task after %i ms, and not before',
    (delay) => {
      const task = vi.fn();
      systemClock.schedule(delay, task);
      vi.advanceTimersByTime(delay - 1);
      expect(task).toHaveBeenCalledTimes(0);
      vi.advanceTimersByTime(1);
      expect(task).toHaveBeenCalledTimes(1);
    },
  );

  it.each([10, 2 ** 32])('takes back a task of %i ms', (delay) => {
    const task = vi.fn();
    const cancel = systemClock.schedule(delay, task);
    vi.advanceTimersByTime(delay - 1);
    cancel();
    cancel();
    vi.advanceTimersByTime(delay);
    expect(task).not.toHaveBeenCalled();
  });
});

describe('the manual clock', () => {
  it('runs what falls due in order of its time, also what a task schedules', async () => {
    const clock = createManualClock(100);
    const story: string[] = [];
    const note = (name: string) => (): void => void story.push(`${name} at ${clock.nowSeconds()}`);
    clock.schedule(3000, note('third'));
    clock.schedule(1000, () => {
      note('first')();
      clock.schedule(1000, note('second'));
    });
    clock.schedule(9000, note('never'));
    const cancel = clock.schedule(2000, note('cancelled'));
    cancel();
    await clock.advance(5);
    expect(story).toEqual(['first at 101', 'second at 102', 'third at 103']);
    expect(clock.nowSeconds()).toBe(105);
    expect(clock.pending()).toBe(1);
  });
});
