// The names of everything that is counted on the packet path. A front end adds to a cell of an array that it is
// given; nothing is sent, nothing is locked. Counts only: never an address, a hash or a name.

export const COUNTER_NAMES = [
  'dnsUdpQueries',
  'dnsTcpQueries',
  'dnsNoError',
  'dnsNxDomain',
  'dnsRefused',
  'dnsFormErr',
  'dnsNotImp',
  'dnsOther',
  'dnsTruncated',
  'dnsDropped',
  'dnsRateDropped',
  'dnsRateSlipped',
  'transfersZone',
  'transfersChanges',
  'transfersCurrent',
  'transfersRefused',
  'transfersCutShort',
  'copiesFetched',
  'copiesConfirmed',
  'copiesFailed',
  'notifiesTaken',
  'notifiesRefused',
  'notifiesHeard',
  'notifiesUnheard',
  'udpConnects',
  'udpAnnouncesIpv4',
  'udpAnnouncesIpv6',
  'udpScrapesIpv4',
  'udpErrors',
  'udpDropped',
  'httpAnnouncesIpv4',
  'httpAnnouncesIpv6',
  'httpScrapesIpv4',
  'httpErrors',
  'httpWrongHost',
  'httpRejectedConnections',
  'httpTimeouts',
  'completed',
  'peersExpired',
  'torrentsCapped',
  'peersCapped',
  'torrentPeersCapped',
  'memoryCapped',
  'udpScrapesIpv6',
  'httpScrapesIpv6',
  'eventsStarted',
  'eventsCompleted',
  'eventsStopped',
  'eventsPaused',
  'udpBadAnnounces',
  'udpBadScrapes',
  'udpBadActions',
  'httpBadRequests',
  'httpBadPaths',
  'httpBadAnnounces',
  'httpBadScrapes',
  'httpPages',
  'httpProxyRefused',
  'deniedAddresses',
  'deniedClients',
  'deniedTorrents',
  'deniedPasskeys',
  'pendingPasskeys',
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

/** Index of each counter in the array of {@link createCounters}. */
export const Counter = Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, index])) as {
  readonly [name in CounterName]: number;
};

export type Counters = Float64Array;

/** Doubles, so that no counter wraps; shared memory, so that another thread can read them. */
export function createCounters(): Counters {
  return new Float64Array(new SharedArrayBuffer(COUNTER_NAMES.length * Float64Array.BYTES_PER_ELEMENT));
}
