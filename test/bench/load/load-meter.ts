// Counts answers, latencies and the server's processor time between two moments.

import { type CpuReading, cpuTimeBetween, readCpu } from '../cpu-time.ts';
import { LatencyHistogram } from '../statistics.ts';
import type { LoadResult } from './load-result.ts';
import { AnswerKind } from './protocol.ts';

export class LoadMeter {
  readonly latencies = new LatencyHistogram();
  timeouts = 0;
  connections = 0;
  private answers = 0;
  private negative = 0;
  private errors = 0;
  private octets = 0;
  private startedAt = 0;
  private before: CpuReading;
  private readonly processes: readonly number[];

  /** Counts at once, as `start` does. */
  constructor(processes: readonly number[]) {
    this.processes = processes;
    this.before = readCpu(processes);
    this.startedAt = performance.now();
  }

  /** Requests that wait no more, whatever became of them. */
  get settled(): number {
    return this.answers + this.errors + this.timeouts;
  }

  /** Forgets what came before: the warm-up is over. */
  start(): void {
    this.latencies.clear();
    this.timeouts = 0;
    this.connections = 0;
    this.answers = 0;
    this.negative = 0;
    this.errors = 0;
    this.octets = 0;
    this.before = readCpu(this.processes);
    this.startedAt = performance.now();
  }

  /** `kind`: one of {@link AnswerKind}. */
  count(kind: number, octets: number, microseconds: number): void {
    if (kind === AnswerKind.error) {
      this.errors++;
      return;
    }
    this.answers++;
    if (kind === AnswerKind.negative) this.negative++;
    this.octets += octets;
    this.latencies.add(microseconds);
  }

  finish(): LoadResult {
    const seconds = (performance.now() - this.startedAt) / 1000;
    return {
      answers: this.answers,
      negative: this.negative,
      errors: this.errors,
      timeouts: this.timeouts,
      connections: this.connections,
      seconds,
      replyOctets: this.octets / this.answers,
      p50: this.latencies.percentile(0.5),
      p99: this.latencies.percentile(0.99),
      cpu: cpuTimeBetween(this.before, readCpu(this.processes)),
    };
  }
}
