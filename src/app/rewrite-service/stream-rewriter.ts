// Lines of a stream to answers, in order, a chunk at a time: nothing waits but what the chunk in work holds.

import { printable } from '../../core/octets/printable.ts';
import type { Lookup } from '../../core/preference/outcome.ts';
import { type Decision, decide, type RewriteOptions } from '../../core/rewrite/decide.ts';
import { hostsToLookUp } from '../../core/rewrite/lookup-host.ts';
import { redactHost } from '../../core/rewrite/redact.ts';
import { hostsOfMagnet, isMagnet, type RewrittenMagnet, rewriteMagnet } from '../../core/torrent/magnet.ts';
import { formatProblem, type ProblemCode } from '../http/problem.ts';
import { MAX_LINE_OCTETS } from './limits.ts';
import { type StreamLine, splitStream } from './stream-lines.ts';
import type { StreamLookups } from './stream-lookups.ts';
import { type StreamAnswer, streamLineSchema } from './stream-schemas.ts';

/** Written at once: as large as the chunks that come. */
const PART_CHARACTERS = 65_536;

type Item =
  | { readonly kind: 'url' | 'magnet'; readonly line: number; readonly text: string }
  | { readonly kind: 'problem'; readonly line: number; readonly code: ProblemCode };

/** Text of answers, one a line. Rejects as `chunks` and the look-ups do. */
export async function* rewriteStream(
  chunks: AsyncIterable<Uint8Array>,
  lookups: StreamLookups,
  options: RewriteOptions,
): AsyncGenerator<string> {
  for await (const lines of splitStream(chunks, MAX_LINE_OCTETS)) {
    const items = lines.flatMap((line) => readLine(line) ?? []);
    const hosts = new Set(items.flatMap((item) => hostsOf(item, options)));
    await lookups.learn(hosts);
    let part = '';
    for (const item of items) {
      part += formatAnswer(answer(item, lookups.lookup, options));
      if (part.length < PART_CHARACTERS) continue;
      yield part;
      part = '';
    }
    if (part !== '') yield part;
  }
}

export function formatAnswer(streamed: StreamAnswer): string {
  return `${JSON.stringify(streamed)}\n`;
}

/** Undefined for what is no line to answer. */
function readLine({ number: line, text, isTooLong }: StreamLine): Item | undefined {
  if (isTooLong) return { kind: 'problem', line, code: 'line-too-long' };
  if (text === undefined) return { kind: 'problem', line, code: 'bad-line' };
  if (text === '' || text.startsWith('#')) return undefined;
  if (text.startsWith('{') || text.startsWith('"')) return readJson(text, line);
  return { kind: isMagnet(text) ? 'magnet' : 'url', line, text };
}

function readJson(text: string, line: number): Item {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'problem', line, code: 'bad-line' };
  }
  const { data } = streamLineSchema.safeParse(value);
  if (data === undefined) return { kind: 'problem', line, code: 'bad-line' };
  if (typeof data === 'string') return { kind: isMagnet(data) ? 'magnet' : 'url', line, text: data };
  if ('url' in data) return { kind: 'url', line, text: data.url };
  return isMagnet(data.magnet)
    ? { kind: 'magnet', line, text: data.magnet }
    : { kind: 'problem', line, code: 'bad-magnet' };
}

function hostsOf(item: Item, { toAscii, mode }: RewriteOptions): string[] {
  if (item.kind === 'problem' || mode === 'off') return [];
  return item.kind === 'url' ? hostsToLookUp([item.text], toAscii) : hostsOfMagnet(item.text, toAscii);
}

function answer(item: Item, lookup: Lookup, options: RewriteOptions): StreamAnswer {
  const { line } = item;
  switch (item.kind) {
    case 'problem':
      return { kind: 'problem', line, problem: formatProblem(item.code) };
    case 'url': {
      const decision = decide(item.text, lookup, options);
      if (isUnasked(decision)) return RATE_LIMITED(line);
      const { reason, urls } = decision;
      return { kind: 'url', line, reason, urls: [...urls], ...why(decision) };
    }
    case 'magnet': {
      const { changed, uri, decisions } = rewriteMagnet(item.text, lookup, options) as RewrittenMagnet;
      if (decisions.some(isUnasked)) return RATE_LIMITED(line);
      const trackers = decisions.map((decision) => ({ reason: decision.reason, ...why(decision) }));
      return { kind: 'magnet', line, changed, magnet: uri, trackers };
    }
  }
}

/** The host was not looked up, because its client has asked for too many. */
function isUnasked({ reason, outcome }: Decision): boolean {
  return reason === 'failed' && outcome === undefined;
}

const RATE_LIMITED = (line: number): StreamAnswer => ({
  kind: 'problem',
  line,
  problem: formatProblem('rate-limited'),
});

function why({ host, fault }: Decision): { host?: string; fault?: string } {
  return {
    ...(host === undefined ? {} : { host: printable(redactHost(host)) }),
    ...(fault === undefined ? {} : { fault }),
  };
}
