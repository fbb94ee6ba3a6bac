// Which `Host` an HTTP announce may name. UDP has no virtual hosts and HTTP does: a name of ours is served at the
// ports that it declares or still drains, and is told its right URL elsewhere; names that are not ours are served.

import { parseName } from '../dns/name.ts';
import type { Endpoint, Transport } from '../net/endpoint.ts';
import { parsePreference } from './preference.ts';

/** What the catalog says of a name's TXT records, by the same look-up as DNS. `foreign`: in no zone of ours. */
export type TxtAnswer =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly texts: readonly string[] };

export interface HostRuleSources {
  /** `name` in wire form. */
  findTxt(name: Uint8Array): TxtAnswer;
  /** Whether the host, or a wildcard that stood for it, was declared at the port and may still be cached. */
  isDraining(host: string, transport: Transport, port: number): boolean;
}

export interface HostRule {
  /** A sentence for `failure reason` when this host may not be served at this port; undefined when it may. */
  refuse(host: string, port: number): string | undefined;
  /** To be called when the catalog or the drains have changed. */
  clear(): void;
}

/** Hosts are a stranger's choice: beyond this many (host and port) the cache starts anew. */
export const MAX_CACHED_HOSTS = 1024;

/** RFC 1035 §2.3.4 in text: what is longer is no name of ours. */
const MAX_HOST_CHARACTERS = 253;

export function createHostRule(sources: HostRuleSources): HostRule {
  const verdicts = new Map<string, string | undefined>();
  return {
    refuse(host, port) {
      if (host.length > MAX_HOST_CHARACTERS) return undefined;
      const key = `${port} ${host}`;
      if (verdicts.has(key)) return verdicts.get(key);
      const verdict = judge(sources, host, port);
      if (verdicts.size >= MAX_CACHED_HOSTS) verdicts.clear();
      verdicts.set(key, verdict);
      return verdict;
    },
    clear: () => verdicts.clear(),
  };
}

function judge(sources: HostRuleSources, host: string, port: number): string | undefined {
  const name = parseName(host);
  if (typeof name === 'string') return undefined;
  const answer = sources.findTxt(name);
  if (answer.kind === 'foreign') return undefined;
  const endpoints = answer.kind === 'absent' ? undefined : declaredEndpoints(answer.texts);
  if (endpoints?.some((endpoint) => endpoint.transport === 'tcp' && endpoint.port === port)) return undefined;
  if (sources.isDraining(host, 'tcp', port)) return undefined;
  if (endpoints === undefined) return `${host} runs no tracker: DNS declares none for it`;
  if (endpoints.length === 0) return `${host} runs no tracker: DNS says so (BITTORRENT DENY ALL)`;
  return `${host} has no HTTP tracker at port ${port}; announce to ${formatUrls(host, endpoints)}`;
}

/** Undefined when no record is a preference. */
function declaredEndpoints(texts: readonly string[]): readonly Endpoint[] | undefined {
  for (const text of texts) {
    const preference = parsePreference(text);
    if (preference !== undefined) return preference.allEndpoints;
  }
  return undefined;
}

/** As many as a client shows; the record has the rest. */
const MAX_URLS_NAMED = 4;

/** HTTP first: that is what the client speaks. */
function formatUrls(host: string, endpoints: readonly Endpoint[]): string {
  const http = endpoints.filter((endpoint) => endpoint.transport === 'tcp');
  const udp = endpoints.filter((endpoint) => endpoint.transport === 'udp');
  const urls = [...http, ...udp].map((endpoint) => formatAnnounceUrl(host, endpoint));
  return urls.slice(0, MAX_URLS_NAMED).join(' or ');
}

/** `udp://tracker.example:1337/announce`: always with the port, because clients differ in what its absence means. */
export function formatAnnounceUrl(host: string, { transport, port }: Endpoint): string {
  const scheme = transport === 'udp' ? 'udp' : port === 443 ? 'https' : 'http';
  return `${scheme}://${host}:${port}/announce`;
}

/** `a.b.example` and each wildcard that could stand for it: `*.b.example`, `*.example`. */
export function* namesStandingFor(host: string): Generator<string> {
  yield host;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`;
}
