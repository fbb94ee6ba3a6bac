// One tracker URL, what is known of its host, and what becomes of it, with the reason (BEP 34).

import type { Endpoint } from '../net/endpoint.ts';
import { HTTP_PORT } from '../net/ports.ts';
import type { Declared, Lookup, Outcome } from '../preference/outcome.ts';
import type { DecisionMemo } from './decision-memo.ts';
import { lookupHost, type ToAscii } from './lookup-host.ts';
import {
  effectivePort,
  parseTrackerUrl,
  replaceEndpoint,
  schemeAt,
  type TrackerUrl,
  transportOf,
  type UrlFault,
} from './tracker-url.ts';

export interface RewriteOptions {
  /**
   * `fix` (default) leaves a URL whose endpoint is declared alone and replaces any other; `prefer` gives the declared
   * endpoints in order, always; `off` changes nothing.
   */
  readonly mode?: 'fix' | 'prefer' | 'off' | undefined;
  /** Lets `https` and `wss` become clear text, passkeys in their paths included. */
  readonly allowDowngrade?: boolean | undefined;
  /** Reports denied URLs but leaves them where they are. */
  readonly keepDenied?: boolean | undefined;
  /** Puts the several candidates of one URL in tiers of their own, in order, instead of the tier of the URL. */
  readonly spread?: boolean | undefined;
  /** Decisions of earlier calls, for those that go through many torrents. */
  readonly memo?: DecisionMemo | undefined;
  /** How the info dictionary is compared with its copy, where the system has something quicker than a loop. */
  readonly sameOctets?: SameOctets | undefined;
  /** Memory for a torrent that changes, of at least so many octets, whatever they are. Default: memory of its own. */
  readonly takeMemory?: ((sizeOctets: number) => Uint8Array) | undefined;
  readonly toAscii: ToAscii;
}

export type SameOctets = (left: Uint8Array, right: Uint8Array) => boolean;

export const REASONS = [
  'listed', // its endpoint is declared
  'replaced', // by the declared endpoints
  'denied', // the host says that it has no tracker
  'silent', // the host says nothing, or is none that DNS could know
  'conflict', // the host has records that differ
  'failed', // the host could not be looked up, or was not
  'literal', // an IP address: nobody to ask
  'malformed', // not a tracker URL that all programs read alike
  'downgrade-refused', // only clear text is declared, and the URL is not
  'no-candidate', // a WebSocket URL whose host declares UDP only
  'off', // rewriting is off
] as const;

export type Reason = (typeof REASONS)[number];

export interface Decision {
  /** As given. */
  readonly url: string;
  readonly reason: Reason;
  /** What it becomes, in order: itself if it stays, nothing if it goes. */
  readonly urls: readonly string[];
  /** The name that was looked up: lower case, ASCII, no trailing dot. */
  readonly host: string | undefined;
  readonly outcome: Outcome | undefined;
  /** Of `malformed`: what is wrong. */
  readonly fault: UrlFault['code'] | undefined;
}

/** Whether the decision leaves the URL exactly as it is. */
export function isUntouched({ url, urls }: Decision): boolean {
  return urls.length === 1 && urls[0] === url;
}

/** Never throws; only outcomes `declared` and `denied` ever change a URL. */
export function decide(url: string, lookup: Lookup, options: RewriteOptions): Decision {
  const known = options.memo?.find(url, lookup, options);
  return known ?? decideAnew(url, lookup, options);
}

function decideAnew(url: string, lookup: Lookup, options: RewriteOptions): Decision {
  if (options.mode === 'off') return stay(url, 'off');
  const parsed = parseTrackerUrl(url);
  if (parsed.kind === 'fault') return malformed(url, parsed.code);
  const host = lookupHost(parsed, options.toAscii);
  if (typeof host !== 'string') {
    if (host.kind === 'bad-host') return malformed(url, 'bad-host');
    return stay(url, host.kind === 'literal' ? 'literal' : 'silent');
  }
  const outcome = lookup(host);
  const decision = decideAsked(parsed, host, outcome, options);
  // What IDNA makes of a host depends on how its text is to be read, which a memo does not know.
  if (parsed.hostForm === 'plain') options.memo?.keep(decision, options);
  return decision;
}

function decideAsked(
  parsed: TrackerUrl,
  host: string,
  outcome: Outcome | undefined,
  options: RewriteOptions,
): Decision {
  const url = parsed.text;
  if (outcome === undefined) return stay(url, 'failed', host);
  switch (outcome.kind) {
    case 'declared':
      return decideDeclared(parsed, host, outcome, options);
    case 'denied':
      return {
        url,
        reason: 'denied',
        urls: options.keepDenied === true ? [url] : [],
        host,
        outcome,
        fault: undefined,
      };
    case 'silent':
    case 'conflict':
    case 'failed':
      return stay(url, outcome.kind, host, outcome);
  }
}

function decideDeclared(url: TrackerUrl, host: string, outcome: Declared, options: RewriteOptions): Decision {
  const listed = isListed(url, outcome.endpoints);
  if (listed && options.mode !== 'prefer') return stay(url.text, 'listed', host, outcome);
  const urls: string[] = [];
  let refused = false;
  for (const endpoint of outcome.endpoints) {
    const candidate = candidateAt(url, endpoint, options.allowDowngrade === true);
    if (typeof candidate === 'string') urls.push(candidate);
    else if (candidate.refused) refused = true;
  }
  if (urls.length === 0) {
    return stay(url.text, refused ? 'downgrade-refused' : 'no-candidate', host, outcome);
  }
  const reason = urls.length === 1 && urls[0] === url.text ? 'listed' : 'replaced';
  return { url: url.text, reason, urls, host, outcome, fault: undefined };
}

function isListed(url: TrackerUrl, endpoints: readonly Endpoint[]): boolean {
  const transport = transportOf(url);
  const port = effectivePort(url);
  for (const endpoint of endpoints) {
    if (endpoint.port === port && endpoint.transport === transport) return true;
  }
  return false;
}

const REFUSED = { refused: true } as const;
const IMPOSSIBLE = { refused: false } as const;

/** The URL at one declared endpoint; the URL itself, as written, where that is its own. */
function candidateAt(
  url: TrackerUrl,
  { transport, port }: Endpoint,
  allowDowngrade: boolean,
): string | typeof REFUSED | typeof IMPOSSIBLE {
  if (transport === transportOf(url) && port === effectivePort(url)) return url.text;
  const isWebSocket = url.scheme === 'ws' || url.scheme === 'wss';
  if (isWebSocket && transport === 'udp') return IMPOSSIBLE;
  const isSecure = url.scheme === 'https' || url.scheme === 'wss';
  if (isSecure && !allowDowngrade && (transport === 'udp' || port === HTTP_PORT)) return REFUSED;
  return replaceEndpoint(url, transport === 'udp' ? 'udp' : schemeAt(url.scheme, port), port);
}

/** Adds the reasons of `decisions` to `counts`, which has one entry a reason. */
export function countReasons(
  decisions: readonly Decision[],
  counts: Map<Reason, number> = new Map(),
): Map<Reason, number> {
  for (const { reason } of decisions) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

function stay(url: string, reason: Reason, host?: string, outcome?: Outcome): Decision {
  return { url, reason, urls: [url], host, outcome, fault: undefined };
}

/** A URL that is left alone because it cannot be read. */
export function malformed(url: string, fault: UrlFault['code']): Decision {
  return { url, reason: 'malformed', urls: [url], host: undefined, outcome: undefined, fault };
}
