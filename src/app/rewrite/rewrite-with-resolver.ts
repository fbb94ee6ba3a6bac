// The same functions as rewrite-with-lookup.ts, with the look-ups done first.

import type { Outcome } from '../../core/preference/outcome.ts';
import type { Decision } from '../../core/rewrite/decide.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { parseHostOrUrl } from '../../core/rewrite/tracker-url.ts';
import type { RewrittenList } from '../../core/torrent/list.ts';
import type { MagnetError, RewrittenMagnet } from '../../core/torrent/magnet.ts';
import type { MetainfoError } from '../../core/torrent/metainfo.ts';
import type { RewrittenTorrent } from '../../core/torrent/splice.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { lookUpHosts } from './lookup-hosts.ts';
import {
  hostsOfList,
  hostsOfMagnet,
  hostsOfTorrent,
  hostsOfUrl,
  type RewriteOptions,
  rewriteList,
  rewriteMagnet,
  rewriteTorrent,
  rewriteUrl,
} from './rewrite-with-lookup.ts';

export interface ResolvingRewriteOptions extends RewriteOptions {
  /** Aborted, the promise rejects with its reason. Trouble with DNS never rejects: it is the reason `failed` of a URL. */
  readonly signal?: AbortSignal | undefined;
}

type Lookups = Pick<Resolver, 'lookupPreference'>;

/** Text that names no host. */
export interface HostError {
  readonly kind: 'error';
  readonly code: 'not-a-host';
  readonly message: string;
}

const NOT_A_HOST: HostError = {
  kind: 'error',
  code: 'not-a-host',
  message: 'neither a host name nor a tracker URL',
};

/**
 * The preference of a host (with a port or without: `tracker.example:8080`), or of the host of a tracker URL. A name that
 * DNS does not hold, and an IP address, are `silent` with the reason `not-asked`; any other text is the error `not-a-host`.
 * Rejects only with the reason of an aborted `signal`, or when the resolver is closed.
 */
export async function lookupPreference(
  hostOrUrl: string,
  resolver: Lookups,
  signal?: AbortSignal,
): Promise<Outcome | HostError> {
  const url = parseHostOrUrl(hostOrUrl);
  if (url.kind === 'fault') return NOT_A_HOST;
  const name = lookupHost(url, toAsciiHost);
  if (typeof name !== 'string' && name.kind === 'bad-host') return NOT_A_HOST;
  return await resolver.lookupPreference(url.text.slice(url.hostStart, url.hostEnd), signal);
}

/** Looks up the host of the URL, then {@link rewriteUrl}: `urls` of the result are what to announce to, in order. */
export async function rewriteUrlWithResolver(
  url: string,
  resolver: Lookups,
  options: ResolvingRewriteOptions = {},
): Promise<Decision> {
  return rewriteUrl(url, await lookUpHosts(resolver, hostsOfUrl(url, options), options), options);
}

/** Looks up the hosts of the trackers of the link, then {@link rewriteMagnet}. */
export async function rewriteMagnetWithResolver(
  uri: string,
  resolver: Lookups,
  options: ResolvingRewriteOptions = {},
): Promise<RewrittenMagnet | MagnetError> {
  return rewriteMagnet(uri, await lookUpHosts(resolver, hostsOfMagnet(uri, options), options), options);
}

/** Looks up the hosts of the trackers of the torrent, then {@link rewriteTorrent}. */
export async function rewriteTorrentWithResolver(
  octets: Uint8Array,
  resolver: Lookups,
  options: ResolvingRewriteOptions = {},
): Promise<RewrittenTorrent | MetainfoError> {
  return rewriteTorrent(
    octets,
    await lookUpHosts(resolver, hostsOfTorrent(octets, options), options),
    options,
  );
}

/** Looks up the hosts of the list, then {@link rewriteList}. */
export async function rewriteListWithResolver(
  text: string,
  resolver: Lookups,
  options: ResolvingRewriteOptions = {},
): Promise<RewrittenList> {
  return rewriteList(text, await lookUpHosts(resolver, hostsOfList(text, options), options), options);
}
