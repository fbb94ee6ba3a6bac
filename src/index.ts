// The library. Importing it opens nothing: the first look-up does. Functions with a `lookup` are pure; those with a
// `resolver` ask DNS first.

export { lookUpHosts } from './app/lookup-hosts.ts';
export {
  hostsOfList,
  hostsOfMagnet,
  hostsOfTorrent,
  hostsOfUrl,
  type RewriteOptions,
  rewriteList,
  rewriteMagnet,
  rewriteTorrent,
  rewriteUrl,
} from './app/rewrite-with-lookup.ts';
export {
  lookupPreference,
  type ResolvingRewriteOptions,
  rewriteListWithResolver,
  rewriteMagnetWithResolver,
  rewriteTorrentWithResolver,
  rewriteUrlWithResolver,
} from './app/rewrite-with-resolver.ts';
export type { Endpoint, Transport } from './core/net/endpoint.ts';
export type {
  Conflict,
  Declared,
  Denied,
  Failed,
  Lookup,
  Outcome,
  Silent,
} from './core/preference/outcome.ts';
export { formatPreference, type Preference, parsePreference } from './core/preference/preference.ts';
export type { Decision, Reason } from './core/rewrite/decide.ts';
export { redactUrl } from './core/rewrite/redact.ts';
export type { RewrittenList } from './core/torrent/list.ts';
export type { MagnetError, RewrittenMagnet } from './core/torrent/magnet.ts';
export type { Metainfo, MetainfoError } from './core/torrent/metainfo.ts';
export { redactMagnet } from './core/torrent/redact-magnet.ts';
export type { RewrittenTorrent } from './core/torrent/splice.ts';
export { createResolver, type Resolver, type ResolverOptions } from './io/resolver.ts';
