// Counts and gauges in the format of Prometheus. Counts only: never an address, a hash or a peer id.

import { Gauge, Counter as Metric, Registry } from 'prom-client';
import { Counter, type Counters } from '../../core/counters.ts';
import type { TrafficSum } from '../data-plane/traffic-book.ts';
import { COUNTER_FAMILIES } from './counter-families.ts';
import { GAUGE_FAMILIES } from './gauge-families.ts';
import type { SocketStatus } from './socket-status.ts';
import type { ServerStatus } from './status.ts';

type TrafficValue = readonly [labels: Readonly<Record<string, string>>, value: number];

interface TrafficSeries {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  values(status: ServerStatus): readonly TrafficValue[];
}

/** Counts that are of one thing each: of a socket, of a host. As many as `tracker.max_listeners` of each at most. */
const TRAFFIC: readonly TrafficSeries[] = [
  {
    name: 'portolan_tracker_listener_announces_total',
    help: 'Announces that were answered at one socket, since it was opened',
    labelNames: ['transport', 'listener'],
    values: ({ sockets }) => trackerSockets(sockets, ({ announces }) => announces),
  },
  {
    name: 'portolan_tracker_listener_scrapes_total',
    help: 'Scrapes that were answered at one socket, since it was opened',
    labelNames: ['transport', 'listener'],
    values: ({ sockets }) => trackerSockets(sockets, ({ scrapes }) => scrapes),
  },
  {
    name: 'portolan_tracker_host_announces_total',
    help: 'Announces over HTTP to one host or wildcard of ours',
    labelNames: ['host'],
    values: ({ httpHosts }) => httpHosts.map(({ host, announces }) => [{ host }, announces]),
  },
  {
    name: 'portolan_tracker_host_scrapes_total',
    help: 'Scrapes over HTTP of one host or wildcard of ours',
    labelNames: ['host'],
    values: ({ httpHosts }) => httpHosts.map(({ host, scrapes }) => [{ host }, scrapes]),
  },
];

function trackerSockets(
  sockets: readonly SocketStatus[],
  countOf: (sum: TrafficSum) => number,
): TrafficValue[] {
  return sockets.flatMap(({ transport, address, traffic }) =>
    traffic === undefined ? [] : [[{ transport, listener: address }, countOf(traffic)] as const],
  );
}

/** One family as the reference lists it. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** Each with its values where they are always the same. */
  readonly labels: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly help: string;
}

/** Every family. */
export function describeMetrics(): MetricDescription[] {
  const open = (names: readonly string[]) => names.map((name) => ({ name, values: [] }));
  return [
    ...COUNTER_FAMILIES.map(({ name, help, series }) => ({
      name,
      type: 'counter' as const,
      labels: Object.keys(series[0]!.labels).map((label) => ({
        name: label,
        values: [...new Set(series.map(({ labels }) => labels[label]!))],
      })),
      help,
    })),
    ...TRAFFIC.map(({ name, help, labelNames }) => ({
      name,
      type: 'counter' as const,
      labels: open(labelNames),
      help,
    })),
    ...GAUGE_FAMILIES.map(({ name, help, labelNames = [] }) => ({
      name,
      type: 'gauge' as const,
      labels: open(labelNames),
      help,
    })),
  ];
}

export interface Metrics {
  readonly contentType: string;
  format(): Promise<string>;
}

export function createMetrics(readCounters: () => Counters, readStatus: () => ServerStatus): Metrics {
  const registry = new Registry();
  // One for all that is in a reply: each family asks for it.
  let status = readStatus;
  for (const { name, help, series: all } of COUNTER_FAMILIES) {
    const labelNames = Object.keys(all[0]!.labels);
    const collect = function collect(this: Metric): void {
      const counters = readCounters();
      this.reset();
      for (const { counter, labels } of all) this.inc(labels, counters[Counter[counter]]!);
    };
    registry.registerMetric(new Metric({ name, help, labelNames, collect, registers: [] }));
  }
  for (const { name, help, labelNames = [], set } of GAUGE_FAMILIES) {
    const collect = function collect(this: Gauge): void {
      this.reset();
      set(this, status());
    };
    registry.registerMetric(new Gauge({ name, help, labelNames, collect, registers: [] }));
  }
  for (const { name, help, labelNames, values } of TRAFFIC) {
    const collect = function collect(this: Metric): void {
      this.reset();
      for (const [labels, value] of values(status())) this.inc(labels, value);
    };
    registry.registerMetric(new Metric({ name, help, labelNames, collect, registers: [] }));
  }
  return {
    contentType: registry.contentType,
    format() {
      const now = readStatus();
      status = () => now;
      return registry.metrics();
    },
  };
}
