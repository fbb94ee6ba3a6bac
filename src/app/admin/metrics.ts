// Counts and gauges in the format of Prometheus. Counts only: never an address, a hash or a peer id.

import { Gauge, Counter as Metric, Registry } from 'prom-client';
import { Counter, type Counters } from '../../core/counters.ts';
import type { TrafficSum } from '../data-plane/traffic-book.ts';
import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import { COUNTER_FAMILIES } from './counter-families.ts';
import type { SocketStatus } from './socket-status.ts';
import type { ServerStatus } from './status.ts';

interface GaugeSeries {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  set(gauge: Gauge, status: ServerStatus): void;
}

type TrafficValue = readonly [labels: Readonly<Record<string, string>>, value: number];

interface TrafficSeries {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  values(status: ServerStatus): readonly TrafficValue[];
}

const GAUGES: readonly GaugeSeries[] = [
  {
    name: 'portolan_ready',
    help: '1 when every socket is open',
    set: (gauge, { isReady }) => gauge.set(Number(isReady)),
  },
  {
    name: 'portolan_zone_current',
    help: '1 when the zone is served as its file says, 0 when an older version is',
    labelNames: ['zone'],
    set(gauge, { zones }) {
      for (const { name, state } of zones)
        if (name !== undefined) gauge.set({ zone: name }, Number(state === 'current'));
    },
  },
  {
    name: 'portolan_zone_serial',
    help: 'Serial of the zone as it is served',
    labelNames: ['zone'],
    set(gauge, { zones }) {
      for (const { name, serial } of zones) if (name !== undefined) gauge.set({ zone: name }, serial ?? 0);
    },
  },
  {
    name: 'portolan_secondary_confirmed_seconds',
    help: 'When a primary last had the version of the zone that is here, since 1970',
    labelNames: ['zone'],
    set: (gauge, status) => setTimes(gauge, status, ({ confirmedAtSeconds }) => confirmedAtSeconds),
  },
  {
    name: 'portolan_secondary_expires_seconds',
    help: 'When the zone stops being served unless a primary confirms it, since 1970',
    labelNames: ['zone'],
    set: (gauge, status) => setTimes(gauge, status, ({ expiresAtSeconds }) => expiresAtSeconds),
  },
  {
    name: 'portolan_secondary_failing',
    help: '1 while no primary of the zone answers as it should',
    labelNames: ['zone'],
    set(gauge, { secondaries }) {
      for (const { zone, lastError } of secondaries) gauge.set({ zone }, Number(lastError !== undefined));
    },
  },
  {
    name: 'portolan_zones_not_served',
    help: 'Zone files of which nothing is served',
    set: (gauge, { zones }) => gauge.set(zones.filter(({ state }) => state === 'not-served').length),
  },
  {
    name: 'portolan_listeners',
    help: 'Tracker sockets by what they are open for',
    labelNames: ['state'],
    set(gauge, { hosts, draining }) {
      const open = new Set(
        hosts
          .filter(({ state }) => state === 'open')
          .map(({ endpoint, address }) => `${endpoint} ${address}`),
      );
      const endpoints = draining.filter(({ isOpen }) => isOpen);
      const drains = new Set(
        endpoints.map(({ transport, address, port }) => `${transport} ${address} ${port}`),
      );
      gauge.set({ state: 'declared' }, open.size);
      gauge.set({ state: 'draining' }, drains.size);
    },
  },
  { name: 'portolan_swarm_torrents', help: 'Torrents', set: (gauge, { swarm }) => gauge.set(swarm.torrents) },
  {
    name: 'portolan_swarm_peers',
    help: 'Peers by family',
    labelNames: ['family'],
    set(gauge, { swarm }) {
      gauge.set({ family: 'ipv4' }, swarm.peersIpv4);
      gauge.set({ family: 'ipv6' }, swarm.peersIpv6);
    },
  },
  {
    name: 'portolan_swarm_seeds',
    help: 'Clients that have all',
    set: (gauge, { swarm }) => gauge.set(swarm.seeds),
  },
  {
    name: 'portolan_swarm_leechers',
    help: 'Clients that have not',
    set: (gauge, { swarm }) => gauge.set(swarm.leechers),
  },
  {
    name: 'portolan_swarm_partial_seeds',
    help: 'Leechers that download nothing more (BEP 21)',
    set: (gauge, { swarm }) => gauge.set(swarm.partialSeeds),
  },
  {
    name: 'portolan_swarm_octets',
    help: 'Memory of peers',
    set: (gauge, { swarm }) => gauge.set(swarm.heapOctets),
  },
  {
    name: 'portolan_udp_receive_buffer_octets',
    help: 'Room for datagrams that wait, of each UDP socket; what net.core.rmem_max grants',
    labelNames: ['service', 'listener'],
    set(gauge, { sockets }) {
      for (const { service, address, receiveBuffer } of sockets)
        if (receiveBuffer !== undefined)
          gauge.set({ service, listener: address }, receiveBuffer.grantedOctets);
    },
  },
];

function setTimes(
  gauge: Gauge,
  { secondaries }: ServerStatus,
  timeOf: (status: SecondaryStatus) => number | undefined,
): void {
  for (const status of secondaries) {
    const seconds = timeOf(status);
    if (seconds !== undefined) gauge.set({ zone: status.zone }, seconds);
  }
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
  for (const { name, help, labelNames = [], set } of GAUGES) {
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
