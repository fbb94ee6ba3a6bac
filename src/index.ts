// The library. Importing it opens nothing: the first look-up does. Functions with a `lookup` are pure; those with a
// `resolver` ask DNS first.

export { lookUpHosts } from './app/rewrite/lookup-hosts.ts';
export {
  type HostError,
  lookupPreference,
  type ResolvingRewriteOptions,
  rewriteListWithResolver,
  rewriteMagnetWithResolver,
  rewriteTorrentWithResolver,
  rewriteUrlWithResolver,
} from './app/rewrite/rewrite-with-resolver.ts';
export {
  CacheFileError,
  type RequiredTrust,
  readCacheFile,
  writeCacheFile,
} from './io/resolver/cache-file.ts';
export type { RememberedHost } from './io/resolver/remembered.ts';
export { createResolver, type Resolver, type ResolverOptions } from './io/resolver/resolver.ts';
export * from './pure.ts';
