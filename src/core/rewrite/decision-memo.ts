// Decisions made before: the torrents of a collection name the same few trackers again and again.

import type { Lookup } from '../preference/outcome.ts';
import type { Decision, RewriteOptions } from './decide.ts';

/** Distinct URLs: the trackers of any public collection, in some megabytes. Beyond them all are forgotten. */
export const MAX_REMEMBERED_URLS = 16_384;
/** As long as browsers and trackers take a URL to be; longer ones are decided anew. */
const MAX_REMEMBERED_CHARACTERS = 2048;

type Rules = Pick<RewriteOptions, 'mode' | 'allowDowngrade' | 'keepDenied'>;

/**
 * For {@link RewriteOptions}`.memo`, over as many calls as the caller likes: a URL that was decided before gets the same
 * decision as long as `lookup` gives the very outcome that it was made from. Other options start it anew.
 */
export class DecisionMemo {
  /** By URL; bounded by {@link MAX_REMEMBERED_URLS}. */
  private readonly decisions = new Map<string, Decision>();
  private rules: Rules = {};

  find(url: string, lookup: Lookup, rules: Rules): Decision | undefined {
    const known = this.decisions.get(url);
    if (known === undefined || !isSameRules(this.rules, rules)) return undefined;
    return known.host === undefined || lookup(known.host) === known.outcome ? known : undefined;
  }

  /** The name to ask for a URL that was decided before, whatever the answer was. */
  hostOf(url: string): string | undefined {
    return this.decisions.get(url)?.host;
  }

  keep(decision: Decision, { mode, allowDowngrade, keepDenied }: Rules): void {
    if (decision.url.length > MAX_REMEMBERED_CHARACTERS) return;
    const rules = { mode, allowDowngrade, keepDenied };
    if (!isSameRules(this.rules, rules)) {
      this.decisions.clear();
      this.rules = rules;
    }
    if (this.decisions.size === MAX_REMEMBERED_URLS) this.decisions.clear();
    this.decisions.set(decision.url, decision);
  }
}

/** One for all calls of a program; see {@link DecisionMemo}. */
export function createDecisionMemo(): DecisionMemo {
  return new DecisionMemo();
}

function isSameRules(left: Rules, right: Rules): boolean {
  return (
    left.mode === right.mode &&
    left.allowDowngrade === right.allowDowngrade &&
    left.keepDenied === right.keepDenied
  );
}
