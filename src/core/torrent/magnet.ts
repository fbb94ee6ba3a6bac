// Rewrites the tracker parameters of a magnet link (BEP 9); every other character of it is kept.

import { decodePercent, encodePercent } from '../octets/percent.ts';
import type { Lookup } from '../preference/outcome.ts';
import { type Decision, decide, isUntouched, malformed, type RewriteOptions } from '../rewrite/decide.ts';
import { fromOctetText, hostsToLookUp, type ToAscii } from '../rewrite/lookup-host.ts';
import { settleScope } from '../rewrite/tiers.ts';

export interface RewrittenMagnet {
  readonly kind: 'rewritten';
  /** The very text given when nothing changed. */
  readonly uri: string;
  readonly changed: boolean;
  /** One a tracker parameter, in order; URLs are decoded, one character an octet. */
  readonly decisions: readonly Decision[];
}

export interface MagnetError {
  readonly kind: 'error';
  readonly code: 'not-a-magnet';
  readonly message: string;
}

/** What {@link rewriteMagnet} says of any other text. */
export const NOT_A_MAGNET: MagnetError = {
  kind: 'error',
  code: 'not-a-magnet',
  message: 'a magnet link begins with magnet:?',
};

/**
 * Only `tr` and `tr.N` are read. A parameter that stays keeps its encoding; a new URL is percent-encoded. Further
 * candidates of one URL follow it as parameters `tr`. The link counts as one tier: it has no others.
 */
export function rewriteMagnet(
  uri: string,
  lookup: Lookup,
  options: RewriteOptions,
): RewrittenMagnet | MagnetError {
  const link = splitMagnet(uri);
  if (link === undefined) return NOT_A_MAGNET;
  const octetOptions = { ...options, toAscii: fromOctetText(options.toAscii) };
  const trackers = link.parameters.filter((parameter) => parameter.isTracker);
  const decisions = trackers.map(({ value, url }) =>
    url === undefined ? malformed(value, 'bad-character') : decide(url, lookup, octetOptions),
  );
  if (decisions.every(isUntouched)) return { kind: 'rewritten', uri, changed: false, decisions };
  const settled = settleScope(decisions, options.mode);
  const written = new Map(trackers.map(({ text, url }) => [url, text])); // at most one entry a parameter
  let tracker = 0;
  const parameters = link.parameters.flatMap(({ text, isTracker, name }) => {
    if (!isTracker) return [text];
    const { url } = decisions[tracker]!;
    const urls = settled[tracker++]!;
    return urls.map((each, index) => {
      if (each === url) return text;
      return written.get(each) ?? `${index === 0 ? name : 'tr'}=${encodePercent(each)}`;
    });
  });
  const rewritten = link.start + parameters.join('&') + link.fragment;
  return { kind: 'rewritten', uri: rewritten, changed: rewritten !== uri, decisions };
}

/** The names to look up before {@link rewriteMagnet}; none for what is no magnet link. */
export function hostsOfMagnet(uri: string, toAscii: ToAscii): string[] {
  const urls = splitMagnet(uri)?.parameters.flatMap(({ url }) => (url === undefined ? [] : [url])) ?? [];
  return hostsToLookUp(urls, fromOctetText(toAscii));
}

/** Whether the text claims to be a magnet link, in any letter case. */
export function isMagnet(text: string): boolean {
  return splitMagnet(text) !== undefined;
}

export interface Parameter {
  /** As written, name and value. */
  readonly text: string;
  readonly name: string;
  /** As written. */
  readonly value: string;
  readonly isTracker: boolean;
  /** Of a tracker: decoded, one character an octet; undefined when its percent-encoding is broken. */
  readonly url: string | undefined;
}

interface Magnet {
  /** Up to the `?`. */
  readonly start: string;
  readonly parameters: readonly Parameter[];
  /** From the `#` on. */
  readonly fragment: string;
}

/** Also `magnet:///?` and `stream-magnet:?`, which are in use. */
export function splitMagnet(uri: string): Magnet | undefined {
  const start = /^(?:stream-)?magnet:\/*\?/i.exec(uri)?.[0];
  if (start === undefined) return undefined;
  const hash = uri.indexOf('#', start.length);
  const end = hash < 0 ? uri.length : hash;
  const parameters = uri.slice(start.length, end).split('&').map(readParameter);
  return { start, parameters, fragment: uri.slice(end) };
}

function readParameter(text: string): Parameter {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? '' : text.slice(equals + 1);
  const isTracker = equals >= 0 && /^tr(?:\.[0-9]+)?$/.test(name);
  return { text, name, value, isTracker, url: isTracker ? decodePercent(value) : undefined };
}
