// The page at `/` of a tracker host: what the host is, the announce URLs that DNS declares for it, and how many are here.
// It needs no script and loads nothing.

import type { Endpoint } from '../../net/endpoint.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { html, type Markup } from '../../octets/html.ts';
import { formatAnnounceUrl, type HostStanding } from '../../preference/host-rule.ts';
import type { SwarmTotals } from '../../swarm/table.ts';
import { INDEX_PAGE_STYLE } from './index-page-style.ts';

export interface IndexPage {
  /** As the client named it; a page of a `foreign` host is the same whatever that is, and has {@link AUTHORITY} for it. */
  readonly host: string;
  readonly standing: HostStanding;
  /** In the order of the record. */
  readonly endpoints: readonly Endpoint[];
  /** At which the page was asked for. */
  readonly port: number;
  /** It was asked for over TLS. */
  readonly isSecured: boolean;
  /** Announces want a passkey in their path. */
  readonly isPrivate: boolean;
  readonly totals: SwarmTotals;
  /** The operator's, plain text; empty for none. */
  readonly policy: string;
}

/** Stands where a page has the host and port that the client named. Neither those nor our own words have a NUL. */
export const AUTHORITY = '\0';

const BEP_34 = 'https://www.bittorrent.org/beps/bep_0034.html';
const BEP_12 = 'https://www.bittorrent.org/beps/bep_0012.html';

export function formatIndexPage(page: IndexPage): string {
  const { standing, host, endpoints, isPrivate, totals, policy } = page;
  const isForeign = standing === 'foreign';
  const name = isForeign ? 'BitTorrent tracker' : host;
  const urls = announceUrls(page);
  const isServed = isForeign || standing === 'declared' || standing === 'draining';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${isForeign ? name : `${name}: BitTorrent tracker`}</title>
<style>${{ html: INDEX_PAGE_STYLE }}</style>
</head>
<body>
<main>
<h1>${name}</h1>
${introduction(page)}
${urls.length === 0 ? undefined : urlBlock(urls, isPrivate)}
${isForeign || endpoints.length === 0 ? undefined : recordNote(endpoints)}
${isServed ? counts(totals) : undefined}
${policy === '' ? undefined : html`<h2>Policy</h2>\n<p class="policy">${policy}</p>`}
</main>
<footer><p>No log of addresses, torrents or peers is kept here. Which ports a tracker has is said in DNS: <a href="${BEP_34}">BEP 34</a>.</p></footer>
</body>
</html>
`.html;
}

function announceUrls({ standing, host, endpoints, port, isSecured, isPrivate }: IndexPage): string[] {
  const urls =
    standing === 'foreign'
      ? [`${isSecured || port === 443 ? 'https' : 'http'}://${AUTHORITY}/announce`]
      : endpoints.map((endpoint) => formatAnnounceUrl(host, endpoint, isSecured));
  return isPrivate ? urls.map((url) => url.replace(/announce$/, 'PASSKEY/announce')) : urls;
}

function introduction({ standing, endpoints, port }: IndexPage): Markup {
  switch (standing) {
    case 'declared':
      return html`<p>This is a BitTorrent tracker.</p>`;
    case 'foreign':
      return html`<p>This is a BitTorrent tracker. DNS says nothing here of the name or address that you have asked for, so that its other ports are not known.</p>`;
    case 'draining':
      return html`<p class="notice">Port ${port} is about to close: DNS has ceased to name it, and it answers for those who remember it from before. ${endpoints.length === 0 ? 'No other port takes its place.' : 'What DNS names now stands below.'}</p>`;
    case 'elsewhere':
      return html`<p class="notice">This BitTorrent tracker is not at port ${port} over HTTP. DNS names what stands below.</p>`;
    case 'denied':
      return html`<p class="notice">This host is no BitTorrent tracker: DNS says so (<code>BITTORRENT DENY ALL</code>).</p>`;
    case 'silent':
      return html`<p class="notice">This host is no BitTorrent tracker: DNS declares none for it.</p>`;
  }
}

/** Tiers of one URL each keep the order of the record (BEP 12); clients read a blank line as the next tier. */
function urlBlock(urls: readonly string[], isPrivate: boolean): Markup {
  const order =
    urls.length === 1
      ? undefined
      : html` The URLs are in order of preference, each in a <a href="${BEP_12}">tier</a> of its own.`;
  return html`<h2>Announce ${urls.length === 1 ? 'URL' : 'URLs'}</h2>
<p>Copy the whole block to where your client edits the trackers of a torrent.${order}${isPrivate ? html` This tracker is private: your own passkey goes where <code>PASSKEY</code> stands.` : undefined}</p>
<pre>${urls.join('\n\n')}</pre>`;
}

function recordNote(endpoints: readonly Endpoint[]): Markup {
  return html`<p class="small">As DNS has it: <code>BITTORRENT ${endpoints.map(formatEndpoint).join(' ')}</code></p>`;
}

function counts({ torrents, seeds, leechers }: SwarmTotals): Markup {
  const cells = [
    ['Torrents', torrents],
    ['Seeds', seeds],
    ['Leechers', leechers],
  ] as const;
  return html`<h2>At this moment</h2>
<dl>${cells.map(([name, value]) => html`<div><dt>${name}</dt><dd>${formatCount(value)}</dd></div>`)}</dl>`;
}

/** `1,234,567`. */
function formatCount(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
