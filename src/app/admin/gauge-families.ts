// What stands still until it changes, as families of Prometheus: zones, sockets, swarms.

import type { Gauge } from 'prom-client';
import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import type { ServerStatus } from './status.ts';

export interface GaugeFamily {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  set(gauge: Gauge, status: ServerStatus): void;
}

export const GAUGE_FAMILIES: readonly GaugeFamily[] = [
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
