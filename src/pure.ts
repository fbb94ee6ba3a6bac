// The part of the library that touches nothing: no I/O, no clock, no module of Node and no package, so that it runs in a
// browser too. test/pure.test.ts holds it to that.

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
} from './app/rewrite/rewrite-with-lookup.ts';
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
export { createDecisionMemo, type DecisionMemo } from './core/rewrite/decision-memo.ts';
export { redactUrl } from './core/rewrite/redact.ts';
export type { RewrittenList } from './core/torrent/list.ts';
export type { MagnetError, RewrittenMagnet } from './core/torrent/magnet.ts';
export type { Metainfo, MetainfoError, ResumeFile, TrackerEntries } from './core/torrent/metainfo.ts';
export { redactMagnet } from './core/torrent/redact-magnet.ts';
export type { RewrittenTorrent } from './core/torrent/splice.ts';
