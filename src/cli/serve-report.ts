// What `portolan serve` says of its zones: the table at start, and a line for each that a reload has changed.

import type { HostStatus, ServerStatus } from '../app/admin/status.ts';
import { publishedOnlyLead } from '../app/zones/published-only.ts';
import type { ReloadReport, ZoneReport } from '../app/zones/reload.ts';
import { formatListener, formatSocketAddress, type SocketAddress } from '../core/net/endpoint.ts';
import { printable } from '../core/octets/printable.ts';
import { alignColumns, createStyle, type Style } from './table.ts';

/** Lines of hosts that are printed; the status page has them all. */
const MAX_HOST_LINES = 50;

/** Four are UDP and HTTP over both families, which is what there is to try. */
const MAX_LOOPBACK_LINES = 4;

export function renderStart(status: ServerStatus, coloured: boolean): string {
  const style = createStyle(coloured);
  const sections = [hostTable(status, style), ...remedies(status.hosts, style), copyLines(status, style)];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const STATES: Readonly<Record<HostLine['state'], readonly [Parameters<Style>[0], string]>> = {
  open: ['green', 'open'],
  closed: ['red', 'not open'],
  'published-only': ['yellow', 'published only'],
  denied: ['dim', 'no tracker'],
  'dns-only': ['dim', 'DNS only'],
};

interface HostLine {
  readonly zone: string;
  readonly host: string;
  readonly endpoints: string[];
  readonly addresses: string[];
  readonly state: HostStatus['state'] | 'dns-only';
}

/** A zone without any BITTORRENT record is served in DNS like every other. */
function plainLine(zone: string): HostLine {
  return { zone, host: '', endpoints: [], addresses: [], state: 'dns-only' };
}

/** One line a host and state: its endpoints and addresses multiply, and the status page tells them apart. */
function hostTable({ hosts, zones }: ServerStatus, style: Style): string {
  const named = new Set(hosts.map(({ zone }) => zone));
  const plain = zones.flatMap(({ name }) => (name === undefined || named.has(name) ? [] : [plainLine(name)]));
  const lines = [...groupHosts(hosts), ...plain];
  const shown = lines.slice(0, MAX_HOST_LINES);
  const cells = shown.map(({ zone, host, endpoints, addresses }) =>
    [zone, host, endpoints.join(' '), addresses.join(' ')].map(printable),
  );
  const [heads, ...texts] = alignColumns([['zone', 'host', 'endpoints', 'address'], ...cells]);
  const rows = shown.map(({ state }, index) => `${texts[index]}  ${style(...STATES[state])}`);
  const more =
    lines.length > MAX_HOST_LINES ? [`… and ${lines.length - MAX_HOST_LINES} more on the status page`] : [];
  return [style('bold', `${heads}  state`), ...rows, ...more].join('\n');
}

function groupHosts(hosts: readonly HostStatus[]): HostLine[] {
  const lines = new Map<string, HostLine>(); // at most one a host and state
  for (const { zone, host, endpoint, address, state } of hosts) {
    const key = `${zone} ${host} ${state}`;
    const line = lines.get(key) ?? { zone, host, endpoints: [], addresses: [], state };
    lines.set(key, line);
    addOnce(line.endpoints, endpoint);
    addOnce(line.addresses, address?.replace(/:[0-9]+$/, ''));
  }
  return [...lines.values()];
}

function addOnce(list: string[], text: string | undefined): void {
  if (text !== undefined && !list.includes(text)) list.push(text);
}

function remedies(hosts: readonly HostStatus[], style: Style): string[] {
  const lines = hosts.flatMap(({ host, remedy }) =>
    remedy === undefined
      ? []
      : [`${style('yellow', printable(publishedOnlyLead(host)))} ${printable(remedy)}`],
  );
  const shown = [...new Set(lines)].slice(0, MAX_HOST_LINES);
  return shown.length === 0 ? [] : [shown.join('\n')];
}

/** Lines that can be pasted: a question for each DNS address, an announce URL a host, the status page. */
function copyLines({ dns, dnsTls, hosts, zones, admin, rewriter }: ServerStatus, style: Style): string {
  const open = hosts.filter(({ state, announceUrl }) => state === 'open' && announceUrl !== undefined);
  const asked = (open[0] ?? hosts[0])?.host;
  const zone = zones.find(({ name }) => name !== undefined)?.name;
  const question = asked !== undefined ? `TXT ${asked.replace(/^\*/, 'any')}` : zone && `SOA ${zone}`;
  const digs =
    question === undefined
      ? []
      : [
          ...dns.map((address) => digLine(address, question)),
          ...dnsTls.map((address) => digLine(address, `+tls ${question}`)),
        ];
  const urls = [...new Set(open.map(({ announceUrl }) => announceUrl!))].slice(0, MAX_HOST_LINES);
  const groups: (readonly [string, readonly string[]])[] = [
    ['ask DNS', digs],
    ['announce', urls],
    ['announce by address, where no resolver knows the names', loopbackUrls(open)],
    ['status', pageUrls(admin, '/')],
    ['put tracker URLs right', [...pageUrls(admin, '/rewrite'), ...pageUrls(rewriter, '/')]],
  ];
  return groups
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) =>
      [style('bold', title), ...lines.map((line) => `  ${printable(line)}`)].join('\n'),
    )
    .join('\n');
}

function pageUrls(address: SocketAddress | undefined, path: string): string[] {
  return address === undefined ? [] : [`http://${formatSocketAddress(address)}${path}`];
}

/** A name that nobody delegates leads nowhere, which is what loopback is for: trying it out. */
function loopbackUrls(open: readonly HostStatus[]): string[] {
  const urls = open.flatMap(({ endpoint, address }) => {
    const isLoopback = address?.startsWith('127.') === true || address?.startsWith('[::1]:') === true;
    return isLoopback
      ? [`${endpoint?.startsWith('UDP') === true ? 'udp' : 'http'}://${address}/announce`]
      : [];
  });
  return [...new Set(urls)].slice(0, MAX_LOOPBACK_LINES);
}

function digLine({ address, port }: SocketAddress, question: string): string {
  return `dig @${address} -p ${port} ${question}`;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

/** One line a zone that was touched, and one for the ports; one line when nothing has changed. */
export function renderReload({ trigger, zones, opened, draining, closed }: ReloadReport): LogLine[] {
  const lines = zones.flatMap(zoneLine);
  // What drains goes on draining when nothing has changed, and the status page says how long.
  const isQuiet = lines.length + opened.length + closed.length === 0;
  const ports = [
    ['opened', opened],
    ['draining', isQuiet ? [] : draining],
    ['closed', closed],
  ] as const;
  const changed = ports.filter(([, listeners]) => listeners.length > 0);
  const text = changed
    .map(([verb, listeners]) => `${verb} ${listeners.map(formatListener).join(', ')}`)
    .join('; ');
  if (text !== '') lines.push({ level: 'info', text });
  if (lines.length > 0) return lines;
  // Editors touch what they do not change; whoever sent a signal waits for a word.
  const level = trigger === 'watch' || trigger === 'transfer' ? 'debug' : 'info';
  return [{ level, text: 'zones read again: nothing has changed' }];
}

function zoneLine({ path, name, outcome, findings }: ZoneReport): LogLine[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const count = `${errors} ${errors === 1 ? 'error' : 'errors'}`;
  switch (outcome) {
    case 'unchanged':
      return [];
    case 'published':
      return [{ level: 'info', text: `${name} is published` }];
    case 'kept':
      return [
        {
          level: 'warn',
          text: `${name} is served as it was: ${errors > 0 ? count : 'a warning'} in ${path}`,
        },
      ];
    case 'not-served':
      return [{ level: 'error', text: `nothing is served from ${path}: ${count}` }];
    case 'removed':
      return [{ level: 'info', text: `${name ?? path} is no longer served` }];
  }
}
