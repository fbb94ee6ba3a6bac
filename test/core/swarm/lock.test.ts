import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { lock, SLEEP_MILLISECONDS, takeOver, tryLock, unlock } from '../../../src/core/swarm/lock.ts';
import { lockOwner } from '../../support/swarm-memory.ts';

/** Waits for its turn at word 0, then adds to word 1 without atomics, so many times. */
const ADDER = `
  const { workerData } = require('node:worker_threads');
  import(workerData.lock).then(({ lock, unlock }) => {
    const { words, owner, times } = workerData;
    for (let time = 0; time < times; time++) {
      lock(words, 0, owner);
      words[1] = words[1] + 1;
      unlock(words, 0);
    }
  });`;

function createWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(64));
}

function startAdder(words: Int32Array, owner: number, times: number): Promise<unknown> {
  const lockUrl = new URL('../../../src/core/swarm/lock.ts', import.meta.url).href;
  const worker = new Worker(ADDER, { eval: true, workerData: { words, owner, times, lock: lockUrl } });
  return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
}

describe('the lock', () => {
  it('names its owner while it is held', () => {
    const words = createWords();
    expect(lockOwner(words, 0)).toBe(0);
    lock(words, 0, 7);
    expect(lockOwner(words, 0)).toBe(7);
    unlock(words, 0);
    expect(lockOwner(words, 0)).toBe(0);
  });

  it('is not given twice, and can be given up on', () => {
    const words = createWords();
    lock(words, 0, 7);
    const began = performance.now();
    expect(tryLock(words, 0, 8, 0)).toBe(false);
    expect(tryLock(words, 0, 8, 3)).toBe(false);
    expect(performance.now() - began).toBeGreaterThan(SLEEP_MILLISECONDS * 2);
    expect(lockOwner(words, 0)).toBe(7);
    unlock(words, 0);
    expect(tryLock(words, 0, 8, 0)).toBe(true);
  });

  it('says so when a thread asks for what it holds, which would be for ever', () => {
    const words = createWords();
    lock(words, 0, 7);
    expect(() => lock(words, 0, 7)).toThrow('a lock that it holds');
  });

  it('passes from a dead owner only, slept on or not', () => {
    const words = createWords();
    expect(takeOver(words, 0, 0, 1)).toBe(false);
    expect(takeOver(words, 0, 7, 1)).toBe(false);
    lock(words, 0, 7);
    expect(takeOver(words, 0, 8, 1)).toBe(false);
    tryLock(words, 0, 9, 1);
    expect(takeOver(words, 0, 7, 1)).toBe(true);
    expect(lockOwner(words, 0)).toBe(1);
    unlock(words, 0);
    expect([...words]).toEqual(createWords().reduce<number[]>((zeros) => [...zeros, 0], []));
  });

  it('lets one thread in at a time', async () => {
    const words = createWords();
    const times = 50_000;
    await Promise.all([2, 3, 4, 5].map((owner) => startAdder(words, owner, times)));
    expect(words[1]).toBe(4 * times);
    expect(words[0]).toBe(0);
  });
});
