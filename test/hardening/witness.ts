// What a scenario costs the server, and what a clean client notices of it.

import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { cpuTimeBetween, readCpu, readResidentOctets } from '../bench/cpu-time.ts';
import { type ServerProcess, waitUntil } from './server.ts';

export interface WitnessOrder {
  readonly pid: number;
  readonly port: number;
  readonly patienceMilliseconds: number;
}

/** What the clean client has seen. */
export interface Testimony {
  answered: number;
  readonly failures: string[];
  longestMilliseconds: number;
  mostResidentOctets: number;
}

/** What a scenario may cost the server. */
export interface Budget {
  readonly cpuSeconds: number;
  /** Above what it had before, at the worst moment that was seen. */
  readonly memoryMebibytes: number;
}

/** How long a stub resolver waits for an answer before it asks again (RES_TIMEOUT of resolv.h, dig's `+timeout`). */
const CLIENT_PATIENCE_MILLISECONDS = 5000;

/** Clean answers that a scenario must see after it has ended. */
const ANSWERS_AFTER = 4;

/**
 * Runs a scenario beside a clean client. The server must live, answer every clean question over UDP and TCP while it
 * lasts and after it, and stay within the budget. What happened is printed where `HARDEN_FIGURES` is set.
 */
export async function endure(
  server: ServerProcess,
  budget: Budget,
  scenario: () => Promise<void>,
): Promise<void> {
  const { pid, dnsPort: port } = server;
  const order: WitnessOrder = { pid, port, patienceMilliseconds: CLIENT_PATIENCE_MILLISECONDS };
  const witness = new Worker(new URL('./witness-thread.ts', import.meta.url), { workerData: order });
  let testimony: Testimony | undefined;
  witness.on('message', (message: Testimony) => {
    testimony = message;
  });
  const ended = new Promise<void>((resolve, reject) => {
    witness.once('error', reject);
    witness.once('exit', () => resolve());
  });
  const answers = (): number => (testimony?.answered ?? 0) + (testimony?.failures.length ?? 0);
  const seeMore = async (): Promise<void> => {
    const enough = answers() + ANSWERS_AFTER;
    expect(await waitUntil(() => answers() >= enough, 4 * CLIENT_PATIENCE_MILLISECONDS)).toBe(true);
  };
  try {
    await seeMore();
    const memory = readResidentOctets([pid]);
    const cpu = readCpu([pid]);
    await scenario();
    const { user, system } = cpuTimeBetween(cpu, readCpu([pid]));
    await seeMore();
    const { failures, mostResidentOctets, longestMilliseconds } = testimony!;
    const cpuSeconds = user + system;
    const memoryMebibytes = (Math.max(mostResidentOctets, memory) - memory) / 2 ** 20;
    if (process.env['HARDEN_FIGURES'] !== undefined) {
      const text = `${cpuSeconds.toFixed(3)} s, ${memoryMebibytes.toFixed(1)} MiB, longest ${longestMilliseconds.toFixed(1)} ms`;
      console.log(`${expect.getState().currentTestName}: ${text}`);
    }
    expect(server.isAlive()).toBe(true);
    expect(failures).toEqual([]);
    expect(cpuSeconds).toBeLessThan(budget.cpuSeconds);
    expect(memoryMebibytes).toBeLessThan(budget.memoryMebibytes);
  } finally {
    witness.postMessage('end');
    await ended;
  }
}
