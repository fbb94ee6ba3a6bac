// Counts and gauges in the format of Prometheus. Counts only: never an address, a hash or a peer id.

import { Gauge, Counter as Metric, Registry } from 'prom-client';
import { Counter, type CounterName, type Counters } from '../../core/counters.ts';
import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import type { ServerStatus } from './status.ts';

interface CounterSeries {
  readonly counter: CounterName;
  readonly labels: Readonly<Record<string, string>>;
}

interface CounterFamily {
  readonly name: string;
  readonly help: string;
  readonly series: readonly CounterSeries[];
}

function series(counter: CounterName, labels: CounterSeries['labels'] = {}): CounterSeries {
  return { counter, labels };
}

/** Every counter of the packet path, each in one family. A test holds that none is missing. */
export const COUNTER_FAMILIES: readonly CounterFamily[] = [
  {
    name: 'portolan_dns_queries_total',
    help: 'DNS messages that were read',
    series: [series('dnsUdpQueries', { transport: 'udp' }), series('dnsTcpQueries', { transport: 'tcp' })],
  },
  {
    name: 'portolan_dns_replies_total',
    help: 'DNS replies by response code',
    series: [
      series('dnsNoError', { rcode: 'NOERROR' }),
      series('dnsNxDomain', { rcode: 'NXDOMAIN' }),
      series('dnsRefused', { rcode: 'REFUSED' }),
      series('dnsFormErr', { rcode: 'FORMERR' }),
      series('dnsNotImp', { rcode: 'NOTIMP' }),
      series('dnsOther', { rcode: 'other' }),
    ],
  },
  {
    name: 'portolan_dns_truncated_total',
    help: 'DNS replies cut to fit a datagram',
    series: [series('dnsTruncated')],
  },
  {
    name: 'portolan_dns_dropped_total',
    help: 'DNS messages that got no reply',
    series: [series('dnsDropped')],
  },
  {
    name: 'portolan_dns_rate_limited_total',
    help: 'DNS replies over UDP that the rate limit withheld: dropped, or sent truncated or as BADCOOKIE instead',
    series: [series('dnsRateDropped', { action: 'drop' }), series('dnsRateSlipped', { action: 'slip' })],
  },
  { name: 'portolan_tracker_connects_total', help: 'UDP connects', series: [series('udpConnects')] },
  {
    name: 'portolan_tracker_announces_total',
    help: 'Announces that were answered',
    series: [
      series('udpAnnouncesIpv4', { transport: 'udp', family: 'ipv4' }),
      series('udpAnnouncesIpv6', { transport: 'udp', family: 'ipv6' }),
      series('httpAnnouncesIpv4', { transport: 'http', family: 'ipv4' }),
      series('httpAnnouncesIpv6', { transport: 'http', family: 'ipv6' }),
    ],
  },
  {
    name: 'portolan_tracker_scrapes_total',
    help: 'Scrapes that were answered',
    series: [series('udpScrapes', { transport: 'udp' }), series('httpScrapes', { transport: 'http' })],
  },
  {
    name: 'portolan_tracker_errors_total',
    help: 'Requests that were refused with a reason',
    series: [series('udpErrors', { transport: 'udp' }), series('httpErrors', { transport: 'http' })],
  },
  {
    name: 'portolan_tracker_wrong_host_total',
    help: 'HTTP announces to a host that does not declare the port',
    series: [series('httpWrongHost')],
  },
  {
    name: 'portolan_tracker_dropped_total',
    help: 'UDP packets that got no reply',
    series: [series('udpDropped')],
  },
  {
    name: 'portolan_tracker_connections_closed_total',
    help: 'HTTP connections closed early',
    series: [
      series('httpRejectedConnections', { reason: 'limit' }),
      series('httpTimeouts', { reason: 'slow' }),
    ],
  },
  {
    name: 'portolan_tracker_completed_total',
    help: 'Downloads that were completed',
    series: [series('completed')],
  },
  {
    name: 'portolan_swarm_expired_total',
    help: 'Peers forgotten after their silence',
    series: [series('peersExpired')],
  },
  {
    name: 'portolan_swarm_capped_total',
    help: 'Torrents and peers shed or refused at a limit',
    series: [
      series('torrentsCapped', { of: 'torrents' }),
      series('peersCapped', { of: 'peers' }),
      series('torrentPeersCapped', { of: 'peers of a torrent' }),
      series('memoryCapped', { of: 'memory' }),
    ],
  },
];

interface GaugeSeries {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  set(gauge: Gauge, status: ServerStatus): void;
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
    name: 'portolan_swarm_octets',
    help: 'Memory of peers',
    set: (gauge, { swarm }) => gauge.set(swarm.heapOctets),
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

export interface Metrics {
  readonly contentType: string;
  format(): Promise<string>;
}

export function createMetrics(readCounters: () => Counters, status: () => ServerStatus): Metrics {
  const registry = new Registry();
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
  return { contentType: registry.contentType, format: () => registry.metrics() };
}
