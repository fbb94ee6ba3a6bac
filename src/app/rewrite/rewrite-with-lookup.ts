// The pure rewriting functions as the library gives them: with the standard library's IDNA, so that a caller need not
// bring any.

import type { Lookup } from '../../core/preference/outcome.ts';
import { type RewriteOptions as CoreOptions, type Decision, decide } from '../../core/rewrite/decide.ts';
import { hostsToLookUp } from '../../core/rewrite/lookup-host.ts';
import * as list from '../../core/torrent/list.ts';
import * as magnet from '../../core/torrent/magnet.ts';
import { type MetainfoError, readMetainfo } from '../../core/torrent/metainfo.ts';
import * as torrent from '../../core/torrent/splice.ts';
import { sameOctets } from '../../io/files/same-octets.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';

/** What to do with URLs whose host has a preference; everything has a default. */
export type RewriteOptions = Omit<CoreOptions, 'toAscii' | 'sameOctets' | 'takeMemory'> & {
  readonly toAscii?: CoreOptions['toAscii'] | undefined;
};

function complete(options: RewriteOptions): CoreOptions {
  return { ...options, sameOctets, toAscii: options.toAscii ?? toAsciiHost };
}

/** What becomes of one tracker URL, and why. A host for which `lookup` has no answer counts as `failed`. Pure. */
export function rewriteUrl(url: string, lookup: Lookup, options: RewriteOptions = {}): Decision {
  return decide(url, lookup, complete(options));
}

/** Only `tr` and `tr.N` of a magnet link (BEP 9) change. Pure. */
export function rewriteMagnet(
  uri: string,
  lookup: Lookup,
  options: RewriteOptions = {},
): magnet.RewrittenMagnet | magnet.MagnetError {
  return magnet.rewriteMagnet(uri, lookup, complete(options));
}

/**
 * Only `announce` and `announce-list` of a .torrent file (BEP 3, 12) change, so its info-hash stays; of a resume file by
 * libtorrent, as qBittorrent keeps one of each torrent (`*.fastresume`), only `trackers`. Octets that are neither give an
 * error with its offset. Pure.
 */
export function rewriteTorrent(
  octets: Uint8Array,
  lookup: Lookup,
  options: RewriteOptions = {},
): torrent.RewrittenTorrent | MetainfoError {
  return torrent.rewriteTorrent(octets, lookup, complete(options));
}

/** A list with one URL a line, a blank line between tiers, `#` for comments. Pure. */
export function rewriteList(text: string, lookup: Lookup, options: RewriteOptions = {}): list.RewrittenList {
  return list.rewriteList(text, lookup, complete(options));
}

/** The hosts that {@link rewriteUrl} will ask `lookup` for: one, or none. */
export function hostsOfUrl(url: string, { toAscii = toAsciiHost }: RewriteOptions = {}): string[] {
  return hostsToLookUp([url], toAscii);
}

/** The hosts that {@link rewriteMagnet} will ask `lookup` for, each once. */
export function hostsOfMagnet(uri: string, { toAscii = toAsciiHost }: RewriteOptions = {}): string[] {
  return magnet.hostsOfMagnet(uri, toAscii);
}

/** The hosts that {@link rewriteTorrent} will ask `lookup` for, each once; none for what is no torrent. */
export function hostsOfTorrent(octets: Uint8Array, { toAscii = toAsciiHost }: RewriteOptions = {}): string[] {
  const metainfo = readMetainfo(octets);
  return metainfo.kind === 'error' ? [] : torrent.hostsOfMetainfo(metainfo, toAscii);
}

/** The hosts that {@link rewriteList} will ask `lookup` for, each once. */
export function hostsOfList(text: string, { toAscii = toAsciiHost }: RewriteOptions = {}): string[] {
  return list.hostsOfList(text, toAscii);
}
