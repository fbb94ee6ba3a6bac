// The status page: plain HTML that needs no script, in light and dark, wide and narrow.

import { createHash } from 'node:crypto';
import { formatSocketAddress } from '../../core/net/endpoint.ts';
import { html, type Markup } from '../../core/octets/html.ts';
import { formatDuration } from '../config/format-duration.ts';
import type { ReceiveBuffer } from '../data-plane/receive-buffer.ts';
import type { SecondaryStatus } from '../transfer/secondary-status.ts';
import type { HostTraffic, SocketStatus } from './socket-status.ts';
import type { DrainStatus, HostStatus, ServerStatus, ZoneStatus } from './status.ts';
import type { TrackerCounts } from './tracker-counts.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
code, pre { font-family: ui-monospace, monospace; }
pre { overflow-x: auto; margin: .5rem 0; }
.good { color: light-dark(#1a6b34, #6fcf8b); }
.warning { color: light-dark(#8a5a00, #e5b454); }
.bad { color: light-dark(#a3201c, #ff8a80); }
`;

/** Nothing is loaded from anywhere and nothing runs. */
export const STATUS_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function formatStatusPage(status: ServerStatus): string {
  const { isReady, state, dns, dnsTls, zones, secondaries, hosts, draining, swarm, access } = status;
  const { tracker, sockets, httpHosts } = status;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portolan</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<h1>Portolan</h1>
<p>${isReady ? mark('good', 'Every socket is open.') : mark('bad', `Not ready: ${state}.`)}
DNS at ${dns.map(formatSocketAddress).join(', ')}${dnsTls.length > 0 ? `, over TLS at ${dnsTls.map(formatSocketAddress).join(', ')}` : ''}.
Torrents: ${swarm.torrents}, seeds: ${swarm.seeds}, leechers: ${swarm.leechers}
(${swarm.partialSeeds} of them partial seeds);
peers over IPv4: ${swarm.peersIpv4}, over IPv6: ${swarm.peersIpv6}.</p>
<h2>Zones</h2>
${table(['Zone', 'Role', 'State', 'Serial', 'Records', 'File'], zones.map(zoneRow))}
${zones.flatMap(findingBlocks)}
${
  secondaries.length === 0
    ? undefined
    : html`<h2>Zones of other servers</h2>
${table(SECONDARY_HEADS, secondaries.map(secondaryRow))}`
}
${accessSection(access)}
<h2>Tracker hosts</h2>
${table(['Host', 'Endpoint', 'Address', 'State', 'Announce URL'], hosts.map(hostRow))}
<h2>What was asked for</h2>
${countsTable(tracker)}
${countsNote(tracker)}
<h2>Sockets</h2>
${table(['Socket', 'For', 'Hosts', 'Announces', 'Scrapes', 'Receive buffer'], sockets.map(socketRow))}
${httpHosts.length === 0 ? undefined : html`<h2>Hosts over HTTP</h2>\n${table(['Host', 'Announces', 'Scrapes'], httpHosts.map(httpHostRow))}`}
<h2>Draining</h2>
${draining.length === 0 ? html`<p>Nothing drains.</p>` : table(['Host', 'Port', 'Address', 'Closes in'], draining.map(drainRow))}
<p><a href="/rewrite">Put tracker URLs right</a> · <a href="/status.json">status.json</a> · <a href="/metrics">metrics</a></p>
</body>
</html>
`;
  return page.html;
}

type Mood = 'good' | 'warning' | 'bad';

function mark(mood: Mood, text: string): Markup {
  return html`<span class="${mood}">${text}</span>`;
}

function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

const ZONE_STATES: Readonly<Record<ZoneStatus['state'], readonly [Mood, string]>> = {
  current: ['good', 'served'],
  'last-good': ['warning', 'an older version is served: the file is wrong or gone'],
  'not-served': ['bad', 'not served'],
};

function zoneRow({ name, role, state, serial, recordCount, path }: ZoneStatus): Markup {
  return html`<tr><td>${name ?? '?'}</td><td>${role}</td><td>${mark(...ZONE_STATES[state])}</td><td>${serial}</td><td>${recordCount}</td><td><code>${path}</code></td></tr>
`;
}

const SECONDARY_HEADS = [
  'Zone',
  'State',
  'Primaries',
  'Serial',
  'Confirmed',
  'Asked again',
  'Expires',
  'Last error',
];

const PHASES: Readonly<Record<SecondaryStatus['phase'], readonly [Mood, string]>> = {
  empty: ['bad', 'has never come'],
  fresh: ['good', 'fresh'],
  due: ['good', 'being asked about'],
  retrying: ['warning', 'the primaries do not answer'],
  expired: ['bad', 'expired'],
};

function secondaryRow(status: SecondaryStatus): Markup {
  const { zone, catalog, phase, primaries, serial, lastError } = status;
  const { confirmedAtSeconds, nextAtSeconds, expiresAtSeconds } = status;
  const times = [confirmedAtSeconds, nextAtSeconds, expiresAtSeconds].map(
    (seconds) => html`<td>${formatTime(seconds)}</td>`,
  );
  const member = catalog === undefined ? '' : ` (of ${catalog})`;
  return html`<tr><td>${zone}${member}</td><td>${mark(...PHASES[phase])}</td><td>${primaries.join(', ')}</td><td>${serial}</td>${times}<td>${lastError}</td></tr>
`;
}

/** `2026-11-20 23:15:00 UTC`. */
function formatTime(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

const LIST_STATES: Readonly<Record<'current' | 'last-good', readonly [Mood, string]>> = {
  current: ['good', 'in effect'],
  'last-good': ['bad', 'an older version is in effect: the file is wrong or gone'],
};

/** Nothing where there are neither lists nor passkeys. */
function accessSection({ files, passkeys }: ServerStatus['access']): Markup | undefined {
  if (files.length === 0 && passkeys === undefined) return undefined;
  const rows = files.map(
    ({ setting, path, state, entries }) =>
      html`<tr><td><code>${setting}</code></td><td>${mark(...LIST_STATES[state])}</td><td>${entries}</td><td><code>${path}</code></td></tr>\n`,
  );
  return html`<h2>Access</h2>
${passkeys === undefined ? undefined : html`<p>A private tracker. Passkeys that are let in: ${passkeys} (<a href="/passkeys.json">counts</a>).</p>`}
${files.length === 0 ? undefined : table(['List', 'State', 'Entries', 'File'], rows)}
${files.flatMap(findingBlocks)}`;
}

function findingBlocks({ findings }: Pick<ZoneStatus, 'findings'>): Markup[] {
  return findings.map(({ file, line, column, severity, code, message, source }) => {
    const mood = severity === 'error' ? 'bad' : 'warning';
    return html`<p>${mark(mood, `${severity}[${code}]`)} <code>${file}:${line}:${column}</code> ${message}</p>
<pre>${source}</pre>
`;
  });
}

const HOST_STATES: Readonly<Record<HostStatus['state'], readonly [Mood, string]>> = {
  open: ['good', 'open'],
  closed: ['bad', 'not open'],
  'published-only': ['warning', 'published only'],
  denied: ['good', 'no tracker (denied)'],
};

function hostRow({ host, endpoint, address, state, announceUrl, remedy }: HostStatus): Markup {
  const reason = remedy === undefined ? '' : `: ${remedy}`;
  return html`<tr><td>${host}</td><td>${endpoint}</td><td>${address}</td><td>${mark(...HOST_STATES[state])}${reason}</td><td><code>${announceUrl}</code></td></tr>
`;
}

function countsTable({ announces, scrapes }: TrackerCounts): Markup {
  const rows = [
    ['UDP', announces.udp, scrapes.udp],
    ['HTTP', announces.http, scrapes.http],
  ] as const;
  return table(
    ['Over', 'Announces, IPv4', 'Announces, IPv6', 'Scrapes, IPv4', 'Scrapes, IPv6'],
    rows.map(
      ([over, announced, scraped]) =>
        html`<tr><td>${over}</td><td>${announced.ipv4}</td><td>${announced.ipv6}</td><td>${scraped.ipv4}</td><td>${scraped.ipv6}</td></tr>
`,
    ),
  );
}

function countsNote({ events, downloads, refused, dropped, capped, expired }: TrackerCounts): Markup {
  const shed = capped.torrents + capped.peers + capped.peersOfTorrent + capped.memory;
  return html`<p>Events: ${events.started} started, ${events.completed} completed, ${events.stopped} stopped, ${events.paused} paused; downloads completed: ${downloads}.
Refused: ${refused.udp} over UDP, ${refused.http} over HTTP, ${refused.wrongHost} for their host; UDP packets without a reply: ${dropped}.
Peers that fell silent: ${expired}; met a limit: ${shed > 0 ? mark('warning', String(shed)) : 0}.</p>`;
}

const SERVICES: Readonly<Record<SocketStatus['service'], string>> = {
  dns: 'DNS',
  'dns-tls': 'DNS over TLS',
  tracker: 'tracker',
};

function socketRow({ transport, address, service, hosts, receiveBuffer, traffic }: SocketStatus): Markup {
  return html`<tr><td><code>${transport} ${address}</code></td><td>${SERVICES[service]}</td><td>${hosts.join(', ')}</td><td>${traffic?.announces}</td><td>${traffic?.scrapes}</td><td>${receiveBuffer && formatBuffer(receiveBuffer)}</td></tr>
`;
}

function formatBuffer({ grantedOctets, wantedOctets }: ReceiveBuffer): Markup {
  const kibibytes = (octets: number): string => `${Math.round(octets / 1024)} KiB`;
  if (grantedOctets >= wantedOctets) return html`${kibibytes(grantedOctets)}`;
  const remedy = `${kibibytes(grantedOctets)} of ${kibibytes(wantedOctets)}: raise net.core.rmem_max`;
  return mark('warning', remedy);
}

function httpHostRow({ host, announces, scrapes }: HostTraffic): Markup {
  return html`<tr><td>${host}</td><td>${announces}</td><td>${scrapes}</td></tr>
`;
}

function drainRow({ host, transport, port, address, secondsLeft, isOpen }: DrainStatus): Markup {
  const left = isOpen ? formatDuration(secondsLeft) : 'could not be opened again';
  return html`<tr><td>${host}</td><td>${transport.toUpperCase()}:${port}</td><td>${address}</td><td>${left}</td></tr>
`;
}
