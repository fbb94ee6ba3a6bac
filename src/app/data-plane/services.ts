// Everything pure that answers, around one catalog and one swarm table: what a thread needs to serve any socket.

import { createAccessGate } from '../../core/access/access-gate.ts';
import { createAccessPrefetch } from '../../core/access/access-prefetch.ts';
import { attachAccess, OPEN_ACCESS } from '../../core/access/access-rules.ts';
import type { Counters } from '../../core/counters.ts';
import type { PacketHandler, PacketPrefetch } from '../../core/net/packet-handler.ts';
import { createHostRule, type HostRuleSources, namesStandingFor } from '../../core/preference/host-rule.ts';
import { attachSwarmTable, type SharedSwarmTable } from '../../core/swarm/table.ts';
import type { JournalPlace } from '../../core/tracker/announce-journal.ts';
import { NO_PAGE_SETTINGS } from '../../core/tracker/http/pages.ts';
import { createHttpTracker, type HttpTracker } from '../../core/tracker/http/tracker.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import { createUdpTracker } from '../../core/tracker/udp/tracker.ts';
import { createTrafficCounts, NO_ROW, type TrafficCounts } from '../../core/traffic.ts';
import { type Authority, createAuthority } from '../../core/zone/answer/authority.ts';
import { createTxtFinder } from '../../core/zone/answer/find-txt.ts';
import { createZonePrefetch } from '../../core/zone/answer/prefetch.ts';
import { type Catalog, createCatalog } from '../../core/zone/image/catalog.ts';
import { systemClock } from '../../io/clock.ts';
import { hmac } from '../../io/hmac.ts';
import type { AnswerSetup } from './answer-setup.ts';
import type { DrainingHost, Publication } from './data-plane.ts';
import { createNotifyGate, type NotifyNotice } from './notify-gate.ts';

export interface ServicesOptions {
  readonly table: SharedSwarmTable;
  /** The thread's number in the table's locks. */
  readonly owner: number;
  readonly settings: TrackerSettings;
  readonly udpPayload: number;
  /** Answers with nothing beside them where it is left out. */
  readonly answers?: AnswerSetup;
  /** See AuthorityOptions; the machine's clock where it is left out. */
  readonly wallSeconds?: () => number;
  /** A zone has changed at its primary; nobody is told where it is left out. */
  readonly tellNotify?: (notice: NotifyNotice) => void;
  /** 16 octets that strangers cannot know, the same in every thread. */
  readonly connectionKey: Uint8Array;
  /** What images are compiled with, the same in every thread. */
  readonly seed: number;
  readonly counters: Counters;
  /** The thread's own, too; nobody reads it where it is left out. */
  readonly traffic?: TrafficCounts;
}

export interface Services {
  readonly authority: Authority;
  /** What goes before {@link Authority.handle} where datagrams come in batches. */
  readonly prefetchZones: PacketPrefetch;
  readonly answerUdpTracker: PacketHandler;
  /** What goes before that, likewise. */
  readonly prefetchAccess: PacketPrefetch;
  readonly httpTracker: HttpTracker;
  /** The same for requests that come over TLS: URLs that it names have that. */
  readonly httpsTracker: HttpTracker;
  /** Where all trackers find the journal of the moment. */
  readonly journals: JournalPlace;
  /** `hostRows`: where the requests of a tracker host are counted. */
  publish(publication: Publication, hostRows?: ReadonlyMap<string, number>): void;
}

export function createServices(options: ServicesOptions): Services {
  const { settings, udpPayload, answers, seed, owner, counters, connectionKey } = options;
  const {
    wallSeconds = systemClock.nowSeconds,
    tellNotify = () => {},
    traffic = createTrafficCounts(1),
  } = options;
  const gate = createNotifyGate(tellNotify, counters);
  const access = createAccessGate({ counters, passkeys: settings.passkeys });
  const table = attachSwarmTable(options.table, { owner, counters });
  let catalog: Catalog = createCatalog([], seed);
  let findTxt = createTxtFinder(catalog);
  let draining = drainingKeys([]);
  let rows: ReadonlyMap<string, number> = new Map();
  const authority = createAuthority({
    catalog,
    counters,
    udpPayload,
    hmac,
    wallSeconds,
    onNotify: gate.onNotify,
    ...answers,
  });
  const zones = createZonePrefetch();
  const journals: JournalPlace = { journal: undefined };
  const sources: HostRuleSources = {
    findTxt: (name) => findTxt(name),
    isDraining: (host, transport, port) =>
      draining.size > 0 &&
      [...namesStandingFor(host)].some((name) => draining.has(`${name} ${transport} ${port}`)),
    rowOf: (host) => rows.get(host) ?? NO_ROW,
  };
  const rule = createHostRule(sources);
  const securedRule = createHostRule({ ...sources, isSecured: true });
  const tracker = { table, settings, counters, traffic, journals, access };
  const httpTracker = createHttpTracker({ ...tracker, hostRule: rule.judge });
  const httpsTracker = createHttpTracker({ ...tracker, hostRule: securedRule.judge, isSecured: true });
  return {
    authority,
    prefetchZones: zones.prefetch,
    prefetchAccess: createAccessPrefetch(access),
    answerUdpTracker: createUdpTracker({ ...tracker, connectionKey }),
    journals,
    httpTracker,
    httpsTracker,
    publish(publication, hostRows = new Map()) {
      catalog = createCatalog(publication.images, seed);
      findTxt = createTxtFinder(catalog);
      draining = drainingKeys(publication.draining);
      authority.publish(catalog, { ...publication.transfers, cookieSecrets: publication.cookieSecrets });
      zones.publish(catalog);
      gate.publish(publication.transfers?.notify);
      rows = hostRows;
      access.rules = publication.access === undefined ? OPEN_ACCESS : attachAccess(publication.access);
      rule.clear();
      securedRule.clear();
      for (const front of [httpTracker, httpsTracker]) front.publish(publication.pages ?? NO_PAGE_SETTINGS);
    },
  };
}

/** Bounded by the drain ledger. */
function drainingKeys(hosts: readonly DrainingHost[]): ReadonlySet<string> {
  return new Set(hosts.map(({ host, transport, port }) => `${host} ${transport} ${port}`));
}
