// What is counted on the packet path, and by the control plane, as families of Prometheus.

import type { CounterName } from '../../core/counters.ts';

interface CounterSeries {
  readonly counter: CounterName;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CounterFamily {
  readonly name: string;
  readonly help: string;
  readonly series: readonly CounterSeries[];
}

function series(counter: CounterName, labels: CounterSeries['labels'] = {}): CounterSeries {
  return { counter, labels };
}

/** Every counter, each in one family. A test holds that none is missing. */
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
  {
    name: 'portolan_transfers_total',
    help: 'Zone transfers that were asked for here, by what was given: the zone, its changes, its SOA alone, nothing',
    series: [
      series('transfersZone', { given: 'zone' }),
      series('transfersChanges', { given: 'changes' }),
      series('transfersCurrent', { given: 'soa' }),
      series('transfersRefused', { given: 'nothing' }),
    ],
  },
  {
    name: 'portolan_transfers_cut_short_total',
    help: 'Zone transfers that ended before their last message',
    series: [series('transfersCutShort')],
  },
  {
    name: 'portolan_secondary_rounds_total',
    help: 'Primaries that were asked for a zone, by what came of it',
    series: [
      series('copiesFetched', { outcome: 'fetched' }),
      series('copiesConfirmed', { outcome: 'current' }),
      series('copiesFailed', { outcome: 'failed' }),
    ],
  },
  {
    name: 'portolan_notify_received_total',
    help: 'NOTIFY messages that came',
    series: [series('notifiesTaken', { taken: 'yes' }), series('notifiesRefused', { taken: 'no' })],
  },
  {
    name: 'portolan_notify_sent_total',
    help: 'NOTIFY errands to servers of dns.notify, by whether they were answered with NOERROR',
    series: [series('notifiesHeard', { answered: 'yes' }), series('notifiesUnheard', { answered: 'no' })],
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
    series: [
      series('udpScrapesIpv4', { transport: 'udp', family: 'ipv4' }),
      series('udpScrapesIpv6', { transport: 'udp', family: 'ipv6' }),
      series('httpScrapesIpv4', { transport: 'http', family: 'ipv4' }),
      series('httpScrapesIpv6', { transport: 'http', family: 'ipv6' }),
    ],
  },
  {
    name: 'portolan_tracker_errors_total',
    help: 'Requests that were refused with a reason',
    series: [series('udpErrors', { transport: 'udp' }), series('httpErrors', { transport: 'http' })],
  },
  {
    name: 'portolan_tracker_bad_requests_total',
    help: 'Requests among those refused that no correct client sends, by what is wrong with them',
    series: [
      series('udpBadAnnounces', { transport: 'udp', kind: 'announce' }),
      series('udpBadScrapes', { transport: 'udp', kind: 'scrape' }),
      series('udpBadActions', { transport: 'udp', kind: 'action' }),
      series('httpBadAnnounces', { transport: 'http', kind: 'announce' }),
      series('httpBadScrapes', { transport: 'http', kind: 'scrape' }),
      series('httpBadRequests', { transport: 'http', kind: 'request' }),
      series('httpBadPaths', { transport: 'http', kind: 'path' }),
    ],
  },
  {
    name: 'portolan_tracker_events_total',
    help: 'Announces with an event',
    series: [
      series('eventsStarted', { event: 'started' }),
      series('eventsCompleted', { event: 'completed' }),
      series('eventsStopped', { event: 'stopped' }),
      series('eventsPaused', { event: 'paused' }),
    ],
  },
  {
    name: 'portolan_tracker_pages_total',
    help: 'Index pages, robots.txt and counts that were sent to people and crawlers',
    series: [series('httpPages')],
  },
  {
    name: 'portolan_tracker_wrong_host_total',
    help: 'HTTP announces to a host that does not declare the port',
    series: [series('httpWrongHost')],
  },
  {
    name: 'portolan_tracker_proxy_refused_total',
    help: 'Connections closed over a PROXY header: of somebody who is no proxy, malformed, or none where one must come',
    series: [series('httpProxyRefused')],
  },
  {
    name: 'portolan_tracker_dropped_total',
    help: 'UDP packets that got no reply',
    series: [series('udpDropped')],
  },
  {
    name: 'portolan_tracker_denied_total',
    help: 'Requests that access lists or passkeys refused; pending: a passkey was being looked up',
    series: [
      series('deniedAddresses', { of: 'address' }),
      series('deniedClients', { of: 'client' }),
      series('deniedTorrents', { of: 'torrent' }),
      series('deniedPasskeys', { of: 'passkey' }),
      series('pendingPasskeys', { of: 'pending passkey' }),
    ],
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
