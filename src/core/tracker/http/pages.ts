// The two pages of a tracker port.

import type { RequestHost } from './host.ts';

export const ROBOTS_TEXT = 'User-agent: *\nDisallow: /\n';

/** How to announce here, or why not. ASCII, below 1 KiB. */
export function formatIndexPage(host: RequestHost, refusal: string | undefined): string {
  if (refusal !== undefined) return `${refusal.slice(0, 512)}\n`;
  const lines = ['This is a BitTorrent tracker.'];
  if (host.name !== '') lines.push('', 'Announce to:', '', `  ${announceUrl(host)}`);
  lines.push('', 'It keeps no log of addresses, torrents or peers.');
  return `${lines.join('\n')}\n`;
}

/** With its port: clients disagree about what a URL without one means. */
function announceUrl({ name, port }: RequestHost): string {
  const authority = name.includes(':') ? `[${name}]` : name;
  return `http://${authority}:${port ?? 80}/announce`;
}
