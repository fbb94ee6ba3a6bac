// Decisions on the URLs of an announce-list, put together to its new tiers (BEP 12).
//
// In `fix` every replaced URL gives way to its candidates. In `prefer` the URLs of one scope that differ only in their
// endpoint are one tracker: its declared endpoints take the place of the first of them. Where a candidate is, but for
// spelling, a URL that the scope already holds (`http://h:443/a` beside a candidate `https://h:443/a`), the written
// one is used. Both together make rewriting idempotent.

import { formatEndpoint } from '../net/endpoint.ts';
import { type Decision, isUntouched, type RewriteOptions } from './decide.ts';
import { effectivePort, parseTrackerUrl, transportOf } from './tracker-url.ts';

/**
 * What each URL of one scope becomes, in parallel to `decisions`. A scope is a tier, or with `spread` the whole list.
 * Duplicates within it are dropped, unless no URL changes: then nothing does.
 */
export function settleScope(
  decisions: readonly Decision[],
  mode: RewriteOptions['mode'],
): (readonly string[])[] {
  // Most tiers of most torrents: endpoints of one URL cannot be another spelling of it.
  if (decisions.length === 1) return [withoutDuplicates(decisions[0]!.urls)];
  if (decisions.every(isUntouched)) return decisions.map(({ url }) => [url]);
  const gathered = mode === 'prefer' ? gatherTrackers(decisions) : decisions.map(({ urls }) => urls);
  const written = writtenUrls(decisions); // at most one entry a decision, as are the rest of this function
  const given = new Set(decisions.map(({ url }) => url));
  const emitted = new Set<string>();
  return gathered.map((urls, index) => {
    const kept: string[] = [];
    for (const url of urls) {
      const isWritten = written.size === 0 || given.has(url);
      const spelling = isWritten ? url : (written.get(endpointKey(url, decisions[index]!)) ?? url);
      if (emitted.has(spelling)) continue;
      emitted.add(spelling);
      kept.push(spelling);
    }
    return kept;
  });
}

function withoutDuplicates(urls: readonly string[]): readonly string[] {
  return urls.length === 1 ? urls : urls.filter((url, index) => urls.indexOf(url) === index);
}

export interface Settled {
  /** What each URL becomes, in parallel to the decisions of all tiers in a row. */
  readonly outcomes: readonly (readonly string[])[];
  /** The new tiers, in order, without empty ones; where nothing changes, the tiers as given. */
  readonly tiers: readonly (readonly string[])[];
}

/** The scope of duplicates and of `prefer` is a tier, or with `spread` the whole list. */
export function settleTiers(
  tiers: readonly (readonly Decision[])[],
  { mode, spread }: Pick<RewriteOptions, 'mode' | 'spread'>,
): Settled {
  const before: string[][] = [];
  let areUntouched = true;
  for (const tier of tiers) {
    const urls: string[] = [];
    for (const decision of tier) {
      urls.push(decision.url);
      if (areUntouched) areUntouched = isUntouched(decision);
    }
    before.push(urls);
  }
  if (areUntouched) return { outcomes: tiers.flat().map(({ urls }) => urls), tiers: before };
  const outcomes: (readonly string[])[] = spread === true ? settleScope(tiers.flat(), mode) : [];
  const after: (readonly string[])[] = [];
  let offset = 0;
  for (const tier of tiers) {
    if (spread === true) after.push(...spreadTier(tier, outcomes.slice(offset, offset + tier.length)));
    else after.push(settleTier(tier, mode, outcomes));
    offset += tier.length;
  }
  const filled = after.filter((tier) => tier.length > 0);
  return sameTiers(before, filled)
    ? { outcomes: before.flat().map((url) => [url]), tiers: before }
    : { outcomes, tiers: filled };
}

/** The URLs of one tier; what each becomes is added to `outcomes`. */
function settleTier(
  tier: readonly Decision[],
  mode: RewriteOptions['mode'],
  outcomes: (readonly string[])[],
): readonly string[] {
  const own = settleScope(tier, mode);
  outcomes.push(...own);
  return own.length === 1 ? own[0]! : own.flat();
}

/** Whether two lists have the same URLs in the same tiers; empty tiers do not count. */
export function sameTiers(
  left: readonly (readonly string[])[],
  right: readonly (readonly string[])[],
): boolean {
  let index = 0;
  for (const tier of left) {
    if (tier.length === 0) continue;
    while (index < right.length && right[index]!.length === 0) index++;
    if (index === right.length || !sameUrls(tier, right[index++]!)) return false;
  }
  while (index < right.length && right[index]!.length === 0) index++;
  return index === right.length;
}

function sameUrls(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** The candidates of one URL, when there are several, go to tiers of their own; the URLs between stay together. */
function spreadTier(tier: readonly Decision[], outcomes: readonly (readonly string[])[]): string[][] {
  const results: string[][] = [];
  let together: string[] = [];
  for (const [index, urls] of outcomes.entries()) {
    if (isSpread(tier[index]!, urls)) {
      results.push(together, ...urls.map((url) => [url]));
      together = [];
    } else {
      together.push(...urls);
    }
  }
  results.push(together);
  return results;
}

/** Whether `spread` gives what this URL becomes, `settled` in its scope, tiers of its own. */
export function isSpread({ urls }: Decision, settled: readonly string[]): boolean {
  return urls.length > 1 || settled.length > 1;
}

/**
 * A private torrent keeps its last tracker (BEP 27 leaves it no other way to find peers): when every URL would go,
 * the first stays, its reason too. `announce` is one that is not the first of the tiers. What cannot be read is no
 * tracker.
 */
export function keepLastTracker(
  tiers: readonly (readonly Decision[])[],
  announce: Decision | undefined,
): {
  readonly tiers: readonly (readonly Decision[])[];
  readonly announce: Decision | undefined;
  readonly kept: boolean;
} {
  if (isLeft(announce) || tiers.some((tier) => tier.some(isLeft))) return { tiers, announce, kept: false };
  const first = tiers.flat().find(isReadable) ?? (isReadable(announce) ? announce : undefined);
  const keep = (decision: Decision): Decision =>
    decision === first ? { ...decision, urls: [decision.url] } : decision;
  return {
    tiers: tiers.map((tier) => tier.map(keep)),
    announce: announce && keep(announce),
    kept: first !== undefined,
  };
}

/** False for what is `malformed`: clients do not agree on what tracker it is, if it is any. */
export function isReadable(decision: Decision | undefined): boolean {
  return decision !== undefined && decision.reason !== 'malformed';
}

function isLeft(decision: Decision | undefined): boolean {
  return isReadable(decision) && decision!.urls.length > 0;
}

/** The URLs that stay as written at a declared endpoint, the first of each endpoint, by {@link endpointKey}. */
function writtenUrls(decisions: readonly Decision[]): Map<string, string> {
  const written = new Map<string, string>();
  for (const decision of decisions) {
    if (decision.outcome?.kind !== 'declared' || !decision.urls.includes(decision.url)) continue;
    const key = endpointKey(decision.url, decision);
    if (!written.has(key)) written.set(key, decision.url);
  }
  return written;
}

/** In `prefer`: for the first URL of each tracker the declared endpoints in order, for its other URLs none. */
function gatherTrackers(decisions: readonly Decision[]): (readonly string[])[] {
  const trackers = new Map<string, number[]>();
  const gathered: (readonly string[])[] = decisions.map(({ urls }) => urls);
  for (const [index, decision] of decisions.entries()) {
    if (decision.reason !== 'replaced' && decision.reason !== 'listed') continue;
    const key = trackerKey(decision.url, decision);
    const members = trackers.get(key);
    if (members === undefined) trackers.set(key, [index]);
    else members.push(index);
  }
  for (const members of trackers.values()) {
    const [first, ...others] = members;
    if (others.length === 0) continue;
    gathered[first!] = inOrder(members.map((index) => decisions[index]!));
    for (const index of others) gathered[index] = [];
  }
  return gathered;
}

/** For each declared endpoint the URLs written there, or else one that a URL of the tracker can be taken to. */
function inOrder(members: readonly Decision[]): string[] {
  const outcome = members[0]!.outcome;
  if (outcome?.kind !== 'declared') return [];
  const written = new Map<string, string[]>(); // both by endpoint: at most ten entries, and one a member
  const candidates = new Map<string, string>();
  for (const { url, urls } of members) {
    const own = endpointOf(url);
    const others = written.get(own);
    if (others === undefined) written.set(own, [url]);
    else others.push(url);
    for (const each of urls) {
      const key = endpointOf(each);
      if (!candidates.has(key)) candidates.set(key, each);
    }
  }
  return outcome.endpoints.flatMap((endpoint) => {
    const key = formatEndpoint(endpoint);
    return written.get(key) ?? candidates.get(key) ?? [];
  });
}

/** As BEP 34 writes it; port 0 for a URL that names none. */
function endpointOf(text: string): string {
  const url = parseTrackerUrl(text);
  if (url.kind === 'fault') return text;
  return formatEndpoint({ transport: transportOf(url), port: effectivePort(url) });
}

/** Equal for two URLs of one tracker at one endpoint, however host, port and http or https are spelt. */
function endpointKey(text: string, decision: Decision): string {
  return `${endpointOf(text)} ${trackerKey(text, decision)}`;
}

/** Equal for URLs that differ only in endpoint and spelling; WebSocket trackers are others than those of HTTP. */
function trackerKey(text: string, { host }: Decision): string {
  const url = parseTrackerUrl(text);
  if (url.kind === 'fault') return text;
  const isWebSocket = url.scheme === 'ws' || url.scheme === 'wss';
  const userinfo = text.slice(url.schemeEnd, url.hostStart);
  return `${isWebSocket ? 'ws ' : ''}${userinfo}${host} ${text.slice(url.restStart)}`;
}
