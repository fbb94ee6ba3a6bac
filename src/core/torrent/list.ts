// Rewrites a list of trackers as clients and list sites exchange it: one URL a line, a blank line between tiers.

import type { Lookup } from '../preference/outcome.ts';
import { type Decision, decide, type RewriteOptions } from '../rewrite/decide.ts';
import { hostsToLookUp, type ToAscii } from '../rewrite/lookup-host.ts';
import { isSpread, sameTiers, settleTiers } from '../rewrite/tiers.ts';

export interface RewrittenList {
  /** The very text given when nothing changed. */
  readonly text: string;
  readonly changed: boolean;
  /** One a URL, in order. */
  readonly decisions: readonly Decision[];
  /** Without empty ones. */
  readonly tiers: {
    readonly before: readonly (readonly string[])[];
    readonly after: readonly (readonly string[])[];
  };
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
 * line they replace. Blanks around a URL do not count. The blank line before a tier of which nothing is left goes with
 * it, or of a first one those after it; with `spread`, blank lines part the candidates.
 */
export function rewriteList(text: string, lookup: Lookup, options: RewriteOptions): RewrittenList {
  const lines = splitLines(text);
  const tiers = tiersOf(lines).map((tier) => tier.map(({ url }) => decide(url, lookup, options)));
  const decisions = tiers.flat();
  const { outcomes, tiers: after } = settleTiers(tiers, options);
  const before = tiers.map((tier) => tier.map(({ url }) => url));
  if (sameTiers(before, after)) return { text, changed: false, decisions, tiers: { before, after } };
  const rewritten = joinLines(lines, decisions, outcomes, options.spread === true);
  return { text: rewritten, changed: true, decisions, tiers: { before, after } };
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
  return tiers.filter((tier) => tier.length > 0);
}

/** `settled` runs in parallel to `decisions`, and both to the lines that are URLs. */
function joinLines(
  lines: readonly Line[],
  decisions: readonly Decision[],
  settled: readonly (readonly string[])[],
  spread: boolean,
): string {
  const newline = lines.find(({ end }) => end !== '')?.end ?? '\n';
  const written = new Map(lines.map((line) => [line.url, withoutEnd(line)]));
  let text = '';
  let next = 0;
  let previous: 'none' | 'together' | 'parted' = 'none';
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'blank') {
      const isLeading = text === '' && lines[0]!.kind === 'url'; // after tiers of which nothing is left
      if (!isLeading && !isTierEmptied(lines, index, settled, next)) text += line.text;
      previous = 'none';
    } else if (line.kind === 'comment') {
      text += line.text;
    } else {
      const urls = settled[next]!;
      const parted = spread && isSpread(decisions[next]!, urls);
      next++;
      for (const url of urls) {
        if (previous === 'parted' || (parted && previous === 'together')) text += newline;
        text += (url === line.url ? withoutEnd(line) : (written.get(url) ?? url)) + (line.end || newline);
        previous = parted ? 'parted' : 'together';
      }
    }
  }
  const isUnfinished = lines.at(-1)?.end === '';
  return isUnfinished && text.endsWith(newline) ? text.slice(0, -newline.length) : text;
}

/** As written, blanks included. */
function withoutEnd({ text, end }: Line): string {
  return text.slice(0, text.length - end.length);
}

/** Whether the tier after this blank line had URLs, the first of them number `next`, and nothing is left of it. */
function isTierEmptied(
  lines: readonly Line[],
  blank: number,
  settled: readonly (readonly string[])[],
  next: number,
): boolean {
  let index = blank + 1;
  while (lines[index]?.kind === 'url' && settled[next + index - blank - 1]!.length === 0) index++;
  const after = lines[index];
  return index > blank + 1 && (after === undefined || after.kind === 'blank');
}
