// What `portolan rewrite` says of each input: one line a decision, a diff of the tiers, JSON, and the closing summary.
// URLs are shown with `…` where a passkey may be.

import type { ContentError, RewrittenContent } from '../app/rewrite/rewrite-content.ts';
import type { Input, InputResult } from '../app/rewrite/rewrite-files.ts';
import { formatEndpoint } from '../core/net/endpoint.ts';
import { printable } from '../core/octets/printable.ts';
import { decodeUtf8 } from '../core/octets/utf8.ts';
import { countReasons, type Decision, REASONS, type Reason } from '../core/rewrite/decide.ts';
import { redactHost, redactUrl } from '../core/rewrite/redact.ts';
import { pathText } from '../io/files/file-path.ts';
import { diffTiers, type TierLine } from './tier-diff.ts';

type ShowUrl = (url: string) => string;

function showUrlsOf({ octetText }: RewrittenContent): ShowUrl {
  return (url) => printable(redactUrl(octetText ? (decodeUtf8(url) ?? url) : url));
}

/** `http://tracker.example/announce  replaced by udp://tracker.example:1337/announce (UDP:1337 is declared)` */
export function formatDecisions(result: RewrittenContent): string {
  const show = showUrlsOf(result);
  return result.decisions.map((decision) => `${formatDecision(decision, show)}\n`).join('');
}

function formatDecision(decision: Decision, show: ShowUrl): string {
  const { url, reason, urls } = decision;
  const becomes = reason === 'replaced' ? ` by ${urls.map(show).join(' ')}` : '';
  return `${show(url)}  ${reason}${becomes}: ${explain(decision)}`;
}

/** Why, in a few words. */
function explain({ reason, outcome, fault }: Decision): string {
  const declared =
    outcome?.kind === 'declared'
      ? `the host declares ${outcome.endpoints.map(formatEndpoint).join(', ')}`
      : '';
  switch (reason) {
    case 'listed':
    case 'replaced':
      return declared;
    case 'denied':
      return 'the host says that it has no tracker';
    case 'silent':
      return outcome === undefined
        ? 'not asked: DNS does not hold such a name'
        : 'the host says nothing of its ports';
    case 'conflict':
      return 'the host has several records that differ';
    case 'failed':
      return outcome?.kind === 'failed' ? `not looked up: ${outcome.reason}` : 'not looked up';
    case 'literal':
      return 'an IP address has no record';
    case 'malformed':
      return `not a tracker URL (${fault ?? 'unreadable'})`;
    case 'downgrade-refused':
      return `${declared}, which is clear text; --allow-downgrade takes it all the same`;
    case 'no-candidate':
      return `${declared}, which WebSocket cannot use`;
    case 'off':
      return 'rewriting is off';
  }
}

/** The tiers before and after: `-` what goes, with the reason, `+` what comes; and `announce`, where they do not say it. */
export function formatDiff(label: string, result: RewrittenContent): string {
  const show = showUrlsOf(result);
  const reasons = new Map(result.decisions.map((decision) => [decision.url, decision]));
  const lines = [`${printable(label)}${result.changed ? '' : ' (unchanged)'}`];
  const addUrl = (sign: TierLine['sign'], url: string): void => {
    const decision = sign === '+' ? undefined : reasons.get(url);
    const why = decision === undefined ? '' : `    ${decision.reason}: ${explain(decision)}`;
    lines.push(`${sign}   ${show(url)}${why}`);
  };
  const announce = announceApart(result);
  if (announce !== undefined) {
    lines.push('  announce');
    addUrl('-', announce.before);
    if (announce.after !== undefined) addUrl('+', announce.after);
  }
  lines.push('  tier 1');
  let tiersAfter = 1;
  for (const line of diffTiers(result.tiers.before, result.tiers.after)) {
    if (line.kind === 'separator') {
      if (line.sign !== '-') tiersAfter++;
      lines.push(line.sign === '-' ? '- (end of tier)' : `${line.sign} tier ${tiersAfter}`);
    } else addUrl(line.sign, line.url);
  }
  return `${lines.join('\n')}\n`;
}

/** An `announce` that changes, unless it is the first URL of the tiers before and after. */
function announceApart({
  announce,
  tiers,
}: RewrittenContent): { readonly before: string; readonly after: string | undefined } | undefined {
  const { before, after } = announce ?? {};
  if (before === undefined || before === after) return undefined;
  const isFirst = (url: string | undefined, all: readonly (readonly string[])[]): boolean =>
    url === all.find((tier) => tier.length > 0)?.[0];
  return isFirst(before, tiers.before) && isFirst(after, tiers.after) ? undefined : { before, after };
}

/**
 * One line of JSON. Decisions and tiers are redacted as everywhere; `result` is what the URL or magnet becomes, whole:
 * it is what was asked for.
 */
export function formatJson({ input, result }: InputResult): string {
  if (result.kind === 'error') {
    const { code, offset, message } = result;
    return `${JSON.stringify({ input: input.label, error: { code, offset, message } })}\n`;
  }
  const show = showUrlsOf(result);
  const product = result.kind === 'url' || result.kind === 'magnet' ? productLines(result) : undefined;
  const report = {
    input: input.label,
    kind: result.kind,
    changed: result.changed,
    ...(product === undefined ? {} : { result: product }),
    keptLastTracker: result.keptLastTracker,
    decisions: result.decisions.map(({ url, reason, urls, host, outcome, fault }) => ({
      url: show(url),
      reason,
      urls: urls.map(show),
      host: host === undefined ? undefined : redactHost(host),
      fault,
      outcome,
    })),
    announce: showAnnounce(result, show),
    tiers: { before: showTiers(result.tiers.before, show), after: showTiers(result.tiers.after, show) },
  };
  return `${JSON.stringify(report)}\n`;
}

function productLines({ octets }: RewrittenContent): string[] {
  return new TextDecoder().decode(octets).split('\n').slice(0, -1);
}

function showAnnounce({ announce }: RewrittenContent, show: ShowUrl): RewrittenContent['announce'] {
  if (announce === undefined) return undefined;
  const { before, after } = announce;
  return { before: before && show(before), after: after && show(after) };
}

function showTiers(tiers: readonly (readonly string[])[], show: ShowUrl): string[][] {
  return tiers.map((tier) => tier.map(show));
}

export function formatError(input: Input, { offset, message }: ContentError): string {
  const where = offset === undefined ? '' : `offset ${offset}: `;
  // Errors of files and folders do.
  const namesPath = 'error' in input || ('path' in input && message.includes(pathText(input.path)));
  return `portolan: ${printable(namesPath ? message : `${input.label}: ${where}${message}`)}\n`;
}

export interface Summary {
  changed: number;
  unchanged: number;
  failed: number;
  readonly reasons: Map<Reason, number>;
}

export function createSummary(): Summary {
  return { changed: 0, unchanged: 0, failed: 0, reasons: new Map() }; // one count a reason
}

export function addToSummary(summary: Summary, result: RewrittenContent | ContentError): void {
  if (result.kind === 'error') summary.failed++;
  else {
    if (result.changed) summary.changed++;
    else summary.unchanged++;
    countReasons(result.decisions, summary.reasons);
  }
}

/** `12 changed, 3 unchanged, 1 failed; URLs: 14 replaced, 2 listed` */
export function formatSummary({ changed, unchanged, failed, reasons }: Summary): string {
  const urls = REASONS.flatMap((reason) => {
    const count = reasons.get(reason) ?? 0;
    return count === 0 ? [] : [`${count} ${reason}`];
  });
  return `${changed} changed, ${unchanged} unchanged, ${failed} failed; URLs: ${urls.join(', ') || 'none'}\n`;
}
