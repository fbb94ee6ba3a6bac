// Rewrites a list of trackers as clients and list sites exchange it: one URL a line, a blank line between tiers.

import type { Lookup } from '../preference/outcome.ts';
import { type Decision, decide, isUntouched, type RewriteOptions } from '../rewrite/decide.ts';
import { hostsToLookUp, type ToAscii } from '../rewrite/lookup-host.ts';
import { isSpread, settleScope } from '../rewrite/tiers.ts';

export interface RewrittenList {
  /** The very text given when nothing changed. */
  readonly text: string;
  readonly changed: boolean;
  /** One a URL, in order. */
  readonly decisions: readonly Decision[];
}

interface Line {
  /** Without the blanks around it; empty for a blank line. */
  readonly url: string;
  /** With blanks and line end. */
  readonly text: string;
  /** `\n`, `\r\n`, or nothing on an unfinished last line. */
  readonly end: string;
  readonly kind: 'url' | 'blank' | 'comment';
}

/**
 * Comments (`#`), blank lines and the lines of URLs that stay are kept as they are; new URLs take the line end of the
 * line they replace. Blanks around a URL do not count. With `spread`, blank lines part the candidates.
 */
export function rewriteList(text: string, lookup: Lookup, options: RewriteOptions): RewrittenList {
  const lines = splitLines(text);
  const tiers = tiersOf(lines).map((tier) => tier.map(({ url }) => decide(url, lookup, options)));
  const decisions = tiers.flat();
  if (decisions.every(isUntouched)) return { text, changed: false, decisions };
  const settled =
    options.spread === true
      ? settleScope(decisions, options.mode)
      : tiers.flatMap((tier) => settleScope(tier, options.mode));
  const rewritten = joinLines(lines, decisions, settled, options.spread === true);
  return { text: rewritten, changed: rewritten !== text, decisions };
}

/** The names to look up before {@link rewriteList}. */
export function hostsOfList(text: string, toAscii: ToAscii): string[] {
  const urls = splitLines(text).filter(({ kind }) => kind === 'url');
  return hostsToLookUp(
    urls.map(({ url }) => url),
    toAscii,
  );
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const after = newline < 0 ? text.length : newline + 1;
    const line = text.slice(start, after);
    const end = line.endsWith('\r\n') ? '\r\n' : line.endsWith('\n') ? '\n' : '';
    const url = line.trim();
    lines.push({
      url,
      text: line,
      end,
      kind: url === '' ? 'blank' : url.startsWith('#') ? 'comment' : 'url',
    });
    start = after;
  }
  return lines;
}

function tiersOf(lines: readonly Line[]): Line[][] {
  const tiers: Line[][] = [[]];
  for (const line of lines) {
    if (line.kind === 'blank') tiers.push([]);
    else if (line.kind === 'url') tiers.at(-1)!.push(line);
  }
  return tiers;
}

/** `settled` runs in parallel to `decisions`, and both to the lines that are URLs. */
function joinLines(
  lines: readonly Line[],
  decisions: readonly Decision[],
  settled: readonly (readonly string[])[],
  spread: boolean,
): string {
  const newline = lines.find(({ end }) => end !== '')?.end ?? '\n';
  let text = '';
  let index = 0;
  let breaks: 'none' | 'before-any' | 'before-candidates' = 'none';
  for (const line of lines) {
    if (line.kind !== 'url') {
      text += line.text;
      if (line.kind === 'blank') breaks = 'none';
      continue;
    }
    const decision = decisions[index]!;
    const parted = spread && isSpread(decision, settled[index]!);
    for (const url of settled[index]!) {
      if (breaks === 'before-any' || (parted && breaks === 'before-candidates')) text += newline;
      text += url === decision.url ? line.text : `${url}${line.end}`;
      if (line.end === '') text += newline;
      breaks = parted ? 'before-any' : 'before-candidates';
    }
    index++;
  }
  const isUnfinished = lines.at(-1)?.end === '';
  return isUnfinished && text.endsWith(newline) ? text.slice(0, -newline.length) : text;
}
