// What a tracker port gives to people and to crawlers: the index page, robots.txt, and counts as JSON where the operator
// wants that. A page is formatted once a second at most, however often it is asked for.

import { HTTP_PORT, HTTPS_PORT } from '../../net/ports.ts';
import { textToOctets } from '../../octets/text.ts';
import { encodeUtf8 } from '../../octets/utf8.ts';
import type { HostVerdict } from '../../preference/host-rule.ts';
import { type SwarmTable, swarmTotals } from '../../swarm/table.ts';
import type { RequestHost } from './host.ts';
import { AUTHORITY, formatIndexPage, type IndexPage } from './index-page.ts';
import { INDEX_PAGE_STYLE_DIGEST } from './index-page-style.ts';
import { type Writer, writeText } from './writer.ts';

export interface PageSettings {
  /** Plain text on the index page, at most {@link MAX_POLICY_OCTETS} in UTF-8; empty for none. */
  readonly policy: string;
  /** Whether `/stats` is there. */
  readonly hasStats: boolean;
}

export const NO_PAGE_SETTINGS: PageSettings = { policy: '', hasStats: false };

/** Six times as much when every character is escaped (`&quot;`), so that the page fits a reply. */
export const MAX_POLICY_OCTETS = 4096;

/** RFC 9309: crawlers may show the index page, and have no business with anything else. */
export const ROBOTS_TEXT = 'User-agent: *\nAllow: /$\nDisallow: /\n';

/** Nothing is loaded from anywhere and nothing runs. A count is old when the next reader comes. */
export const PAGE_FIELDS =
  'Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n' +
  `Content-Security-Policy: default-src 'none'; style-src '${INDEX_PAGE_STYLE_DIGEST}'; base-uri 'none'; ` +
  "form-action 'none'; frame-ancestors 'none'\r\n" +
  'X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer';

/** Beyond as many pages (a host and a port) all are formatted anew; of {@link MAX_POLICY_OCTETS} they take 1 MiB. */
const MAX_CACHED_PAGES = 32;

export interface TrackerPages {
  /** Writes the page of this host at this port. Positional, as all that answers is. */
  writeIndex(
    body: Writer,
    host: RequestHost,
    verdict: HostVerdict,
    localPort: number,
    nowSeconds: number,
  ): void;
  /** False where the operator does not want it, and for a host that is not served here. */
  writeStats(body: Writer, host: RequestHost, verdict: HostVerdict): boolean;
  /** To be called when verdicts have become others. */
  publish(settings: PageSettings): void;
}

interface CachedPage {
  readonly madeAtSeconds: number;
  /** Up to where the client's own host goes, and from there on; all of a page without such a place is before. */
  readonly before: Uint8Array;
  readonly after: Uint8Array | undefined;
}

/** What pages are asked for over, and who may announce: the same as long as a tracker lives. */
export type TrackerKind = Pick<IndexPage, 'isSecured' | 'isPrivate'>;

export function createTrackerPages(table: SwarmTable, kind: TrackerKind): TrackerPages {
  let settings = NO_PAGE_SETTINGS;
  /** By verdict, which stands for a host of ours at a port; by port for all other hosts. */
  const pages = new Map<HostVerdict | number, CachedPage>();

  function make(name: string, verdict: HostVerdict, port: number, nowSeconds: number): CachedPage {
    const { policy } = settings;
    const totals = swarmTotals(table);
    const text = formatIndexPage({ ...verdict, ...kind, host: name, port, policy, totals });
    const gap = verdict.standing === 'foreign' ? text.indexOf(AUTHORITY) : -1;
    if (gap === -1) return { madeAtSeconds: nowSeconds, before: toOctets(text), after: undefined };
    const after = toOctets(text.slice(gap + AUTHORITY.length));
    return { madeAtSeconds: nowSeconds, before: toOctets(text.slice(0, gap)), after };
  }

  return {
    writeIndex(body, host, verdict, localPort, nowSeconds) {
      const key = verdict.standing === 'foreign' ? localPort : verdict;
      let page = pages.get(key);
      if (page === undefined || page.madeAtSeconds !== nowSeconds) {
        if (page === undefined && pages.size >= MAX_CACHED_PAGES) pages.clear();
        page = make(host.name, verdict, localPort, nowSeconds);
        pages.set(key, page);
      }
      append(body, page.before);
      if (page.after === undefined) return;
      writeText(body, formatAuthority(host, localPort));
      append(body, page.after);
    },
    writeStats(body, { name }, { standing, refusal }) {
      if (!settings.hasStats || refusal !== undefined) return false;
      const { torrents, seeds, leechers, partialSeeds, peersIpv4, peersIpv6 } = swarmTotals(table);
      const counts = {
        ...(standing !== 'foreign' && { host: name }),
        torrents,
        seeds,
        leechers,
        partial_seeds: partialSeeds,
        peers_ipv4: peersIpv4,
        peers_ipv6: peersIpv6,
      };
      writeText(body, `${JSON.stringify(counts)}\n`);
      return true;
    },
    publish(next) {
      settings = next;
      pages.clear();
    },
  };
}

function append(body: Writer, octets: Uint8Array): void {
  body.octets.set(octets, body.at);
  body.at += octets.length;
}

function toOctets(text: string): Uint8Array {
  return textToOctets(encodeUtf8(text.toWellFormed())!);
}

/** With its port: clients disagree about what a URL without one means. */
function formatAuthority({ name, port }: RequestHost, localPort: number): string {
  if (name === '') return `ADDRESS:${localPort}`;
  return `${name.includes(':') ? `[${name}]` : name}:${port ?? (localPort === HTTPS_PORT ? HTTPS_PORT : HTTP_PORT)}`;
}
