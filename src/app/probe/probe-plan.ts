// What `portolan probe` has to announce to for one argument: every declared endpoint, or the URL's own where its host
// declares none.

import type { Endpoint } from '../../core/net/endpoint.ts';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import type { Outcome } from '../../core/preference/outcome.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { effectivePort, parseTrackerUrl, schemeAt, type TrackerUrl } from '../../core/rewrite/tracker-url.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';

/** One place to announce to, at each address of its host. */
export interface ProbeEndpoint {
  readonly scheme: 'udp' | 'http' | 'https';
  readonly port: number;
  /** A name, or an address without brackets. */
  readonly host: string;
  /** Path and query, in ASCII. */
  readonly path: string;
}

export interface ProbePlan {
  /** As DNS and certificates know it. */
  readonly host: string;
  readonly outcome: Outcome;
  /** In the order of preference; empty where there is nothing to announce to. */
  readonly endpoints: readonly ProbeEndpoint[];
}

export interface ProbeTarget {
  readonly host: string;
  readonly url: TrackerUrl;
  /** Only a host was named: it has no endpoint of its own. */
  readonly isBareHost: boolean;
}

/** Where most trackers are, and where a passkey of another scheme must not be shown. */
const DEFAULT_PATH = '/announce';

/** Undefined for what is neither a host nor a URL of a tracker that speaks UDP or HTTP. */
export function parseProbeTarget(text: string): ProbeTarget | undefined {
  const isBareHost = !text.includes('://');
  const url = parseTrackerUrl(isBareHost ? `http://${text}${DEFAULT_PATH}` : text);
  if (url.kind === 'fault' || url.scheme === 'ws' || url.scheme === 'wss') return undefined;
  if (isBareHost && (url.port !== 0 || url.hostStart !== 'http://'.length)) return undefined;
  const written = url.text.slice(url.hostStart, url.hostEnd);
  const name = lookupHost(url, toAsciiHost);
  if (typeof name === 'string') return { host: name, url, isBareHost };
  if (name.kind === 'bad-host') return undefined;
  const bare = written.replace(/^\[(.*)\]$/, '$1');
  const host = name.kind === 'literal' ? canonicalAddress(bare) : bare.toLowerCase();
  return host === undefined ? undefined : { host, url, isBareHost };
}

export function planProbe({ host, url, isBareHost }: ProbeTarget, outcome: Outcome): ProbePlan {
  if (outcome.kind === 'declared') {
    return { host, outcome, endpoints: outcome.endpoints.map((endpoint) => endpointAt(url, host, endpoint)) };
  }
  const port = effectivePort(url);
  if (outcome.kind === 'denied' || isBareHost || port === 0) return { host, outcome, endpoints: [] };
  const scheme = url.scheme as ProbeEndpoint['scheme'];
  return { host, outcome, endpoints: [{ scheme, port, host, path: pathOf(url) }] };
}

function endpointAt(url: TrackerUrl, host: string, { transport, port }: Endpoint): ProbeEndpoint {
  const scheme = transport === 'udp' ? 'udp' : (schemeAt(url.scheme, port) as ProbeEndpoint['scheme']);
  // What stands in the path of an https URL is not shown to the network in clear text.
  const isDowngrade = url.scheme === 'https' && scheme !== 'https';
  return { scheme, port, host, path: isDowngrade ? DEFAULT_PATH : pathOf(url) };
}

/** Without the fragment, which is for nobody else; what is not ASCII as its UTF-8 octets. */
function pathOf({ text, restStart }: TrackerUrl): string {
  const [rest = ''] = text.slice(restStart).split('#', 1);
  const ascii = rest.replace(/[^\x21-\x7e]+/g, (characters) => encodeURIComponent(characters.toWellFormed()));
  return ascii.startsWith('/') ? ascii : `/${ascii}`;
}
