// The same functions as rewrite-with-lookup.ts, with the look-ups done first.

import type { Outcome } from '../../core/preference/outcome.ts';
import type { Decision } from '../../core/rewrite/decide.ts';
import { parseTrackerUrl } from '../../core/rewrite/tracker-url.ts';
import type { RewrittenList } from '../../core/torrent/list.ts';
import type { MagnetError, RewrittenMagnet } from '../../core/torrent/magnet.ts';
import type { MetainfoError } from '../../core/torrent/metainfo.ts';
import type { RewrittenTorrent } from '../../core/torrent/splice.ts';
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

/** The preference of a host, or of the host of a tracker URL. */
export function lookupPreference(
  hostOrUrl: string,
  resolver: Lookups,
  signal?: AbortSignal,
): Promise<Outcome> {
  const url = parseTrackerUrl(hostOrUrl);
  const host = url.kind === 'fault' ? hostOrUrl : url.text.slice(url.hostStart, url.hostEnd);
  return resolver.lookupPreference(host, signal);
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
