// Which `Host` an HTTP announce may name. UDP has no virtual hosts and HTTP does: a name of ours is served at the
// ports that it declares or still drains, and is told its right URL elsewhere; names that are not ours are served.

import { parseName } from '../dns/name.ts';
import type { Endpoint, Transport } from '../net/endpoint.ts';
import { HTTPS_PORT } from '../net/ports.ts';
import { NO_ROW } from '../traffic.ts';
import { type Preference, parsePreference } from './preference.ts';

/** What the catalog says of a name's TXT records, by the same look-up as DNS. */
export type TxtAnswer =
  /** Not a name of our zones, or one that we delegate away. */
  | { readonly kind: 'foreign' }
  /** Ours, and without TXT: the name or the type does not exist. */
  | { readonly kind: 'absent' }
  /** One text a record, its character-strings joined without separator. */
  | { readonly kind: 'found'; readonly texts: readonly string[] };

export interface HostRuleSources {
  /** `name` in wire form. */
  findTxt(name: Uint8Array): TxtAnswer;
  /** Whether the host, or a wildcard that stood for it, was declared at the port and may still be cached. */
  isDraining(host: string, transport: Transport, port: number): boolean;
  /** Where the requests of a preference host, or of a wildcard, are counted (traffic.ts). */
  rowOf(host: string): number;
  /** Requests come over TLS. They do not where it is left out. */
  readonly isSecured?: boolean;
}

/**
 * What a port is to a host that is named there. `foreign`: in no zone of ours; `silent`: ours, without a preference;
 * `denied`: DNS says that it is no tracker; `elsewhere`: it declares other ports; `draining`: it declared this one, and
 * caches may still name it; `declared`.
 */
export type HostStanding = 'foreign' | 'silent' | 'denied' | 'elsewhere' | 'draining' | 'declared';

/** What is known of one host at one port: the same object until the catalog or the drains change, most of the time. */
export interface HostVerdict {
  readonly standing: HostStanding;
  /** A sentence for `failure reason` when the host may not be served here; undefined when it may. */
  readonly refusal: string | undefined;
  /** As clients read them: in the order of the record, at most `MAX_ENDPOINTS`. */
  readonly endpoints: readonly Endpoint[];
  /** Where its requests are counted (traffic.ts). */
  readonly row: number;
}

/** Of names that are not ours, and of IP literals: served everywhere, counted nowhere. */
export const FOREIGN_HOST: HostVerdict = {
  standing: 'foreign',
  refusal: undefined,
  endpoints: [],
  row: NO_ROW,
};

export interface HostRule {
  judge(host: string, port: number): HostVerdict;
  /** To be called when the catalog or the drains have changed. */
  clear(): void;
}

/** Hosts are a stranger's choice: beyond this many (host and port) the cache starts anew. */
export const MAX_CACHED_HOSTS = 1024;

/** RFC 1035 §2.3.4 in text: what is longer is no name of ours. */
const MAX_HOST_CHARACTERS = 253;

export function createHostRule(sources: HostRuleSources): HostRule {
  /** By port, then by host, so that finding one makes no string; {@link MAX_CACHED_HOSTS} in all. */
  const ports = new Map<number, Map<string, HostVerdict>>();
  let size = 0;

  function clear(): void {
    ports.clear();
    size = 0;
  }

  function keep(host: string, port: number, verdict: HostVerdict): void {
    if (size >= MAX_CACHED_HOSTS) clear();
    let hosts = ports.get(port);
    if (hosts === undefined) {
      hosts = new Map();
      ports.set(port, hosts);
    }
    hosts.set(host, verdict);
    size++;
  }

  return {
    judge(host, port) {
      const known = ports.get(port)?.get(host);
      if (known !== undefined) return known;
      if (host.length > MAX_HOST_CHARACTERS) return FOREIGN_HOST;
      const verdict = judge(sources, host, port);
      keep(host, port, verdict);
      return verdict;
    },
    clear,
  };
}

function judge(sources: HostRuleSources, host: string, port: number): HostVerdict {
  const name = parseName(host);
  if (typeof name === 'string') return FOREIGN_HOST;
  const answer = sources.findTxt(name);
  if (answer.kind === 'foreign') return FOREIGN_HOST;
  const preference = answer.kind === 'absent' ? undefined : findPreference(answer.texts);
  const standing = standingOf(sources, preference, host, port);
  const isServed = standing === 'declared' || standing === 'draining';
  return {
    standing,
    refusal: isServed ? undefined : refuse(sources, preference, host, port),
    endpoints: preference?.endpoints ?? [],
    row: isServed ? rowFor(sources, host) : NO_ROW,
  };
}

function standingOf(
  sources: HostRuleSources,
  preference: Preference | undefined,
  host: string,
  port: number,
): HostStanding {
  const all = preference?.allEndpoints;
  if (all?.some((endpoint) => endpoint.transport === 'tcp' && endpoint.port === port)) return 'declared';
  if (sources.isDraining(host, 'tcp', port)) return 'draining';
  if (all === undefined) return 'silent';
  return all.length === 0 ? 'denied' : 'elsewhere';
}

function refuse(
  { isSecured = false }: HostRuleSources,
  preference: Preference | undefined,
  host: string,
  port: number,
): string {
  if (preference === undefined) return `${host} runs no tracker: DNS declares none for it`;
  const { allEndpoints } = preference;
  if (allEndpoints.length === 0) return `${host} runs no tracker: DNS says so (BITTORRENT DENY ALL)`;
  return `${host} has no HTTP tracker at port ${port}; announce to ${formatUrls(host, allEndpoints, isSecured)}`;
}

function findPreference(texts: readonly string[]): Preference | undefined {
  for (const text of texts) {
    const preference = parsePreference(text);
    if (preference !== undefined) return preference;
  }
  return undefined;
}

/** Of the name itself, else of the nearest wildcard. */
function rowFor({ rowOf }: HostRuleSources, host: string): number {
  for (const name of namesStandingFor(host)) {
    const row = rowOf(name);
    if (row !== NO_ROW) return row;
  }
  return NO_ROW;
}

/** As many as a client shows; the record has the rest. */
const MAX_URLS_NAMED = 4;

/** HTTP first: that is what the client speaks. One that speaks TLS is sent to clear text only where there is nothing else. */
function formatUrls(host: string, endpoints: readonly Endpoint[], isSecured: boolean): string {
  const http = endpoints.filter((endpoint) => endpoint.transport === 'tcp');
  const udp = endpoints.filter((endpoint) => endpoint.transport === 'udp');
  const named = isSecured && http.length > 0 ? http : [...http, ...udp];
  const urls = named.map((endpoint) => formatAnnounceUrl(host, endpoint, isSecured));
  return urls.slice(0, MAX_URLS_NAMED).join(' or ');
}

/**
 * `udp://tracker.example:1337/announce`: always with the port, because clients differ in what its absence means.
 * `isSecured`: for a client that has come over TLS, which each of our TCP ports speaks or none; never sent from there to
 * clear text over TCP.
 */
export function formatAnnounceUrl(
  host: string,
  { transport, port }: Endpoint,
  isSecured: boolean = false,
): string {
  const scheme = transport === 'udp' ? 'udp' : isSecured || port === HTTPS_PORT ? 'https' : 'http';
  return `${scheme}://${host}:${port}/announce`;
}

/** `a.b.example` and each wildcard that could stand for it: `*.b.example`, `*.example`. */
export function* namesStandingFor(host: string): Generator<string> {
  yield host;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`;
}
