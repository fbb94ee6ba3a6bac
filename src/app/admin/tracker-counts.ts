// What the tracker has answered since the start, for /status.json and the status page. The metrics have more of it
// (counter-families.ts).

import { Counter, type CounterName, type Counters } from '../../core/counters.ts';

export interface ByFamily {
  readonly ipv4: number;
  readonly ipv6: number;
}

export interface TrackerCounts {
  readonly connects: number;
  readonly announces: { readonly udp: ByFamily; readonly http: ByFamily };
  readonly scrapes: { readonly udp: ByFamily; readonly http: ByFamily };
  readonly events: {
    readonly started: number;
    readonly completed: number;
    readonly stopped: number;
    readonly paused: number;
  };
  /** Downloads, each client once a torrent. */
  readonly downloads: number;
  /** Requests that were refused with a reason; UDP packets without a reply are `dropped`. */
  readonly refused: { readonly udp: number; readonly http: number; readonly wrongHost: number };
  readonly dropped: number;
  /** Pages for people and crawlers. */
  readonly pages: number;
  /** HTTP connections that were closed early: at a limit, or for being slow. */
  readonly closed: { readonly limit: number; readonly slow: number };
  readonly expired: number;
  /** What met a limit, and made room or found none. */
  readonly capped: {
    readonly torrents: number;
    readonly peers: number;
    readonly peersOfTorrent: number;
    readonly memory: number;
  };
}

export function trackerCounts(counters: Counters): TrackerCounts {
  const of = (name: CounterName): number => counters[Counter[name]]!;
  return {
    connects: of('udpConnects'),
    announces: {
      udp: { ipv4: of('udpAnnouncesIpv4'), ipv6: of('udpAnnouncesIpv6') },
      http: { ipv4: of('httpAnnouncesIpv4'), ipv6: of('httpAnnouncesIpv6') },
    },
    scrapes: {
      udp: { ipv4: of('udpScrapesIpv4'), ipv6: of('udpScrapesIpv6') },
      http: { ipv4: of('httpScrapesIpv4'), ipv6: of('httpScrapesIpv6') },
    },
    events: {
      started: of('eventsStarted'),
      completed: of('eventsCompleted'),
      stopped: of('eventsStopped'),
      paused: of('eventsPaused'),
    },
    downloads: of('completed'),
    refused: { udp: of('udpErrors'), http: of('httpErrors'), wrongHost: of('httpWrongHost') },
    dropped: of('udpDropped'),
    pages: of('httpPages'),
    closed: { limit: of('httpRejectedConnections'), slow: of('httpTimeouts') },
    expired: of('peersExpired'),
    capped: {
      torrents: of('torrentsCapped'),
      peers: of('peersCapped'),
      peersOfTorrent: of('torrentPeersCapped'),
      memory: of('memoryCapped'),
    },
  };
}
