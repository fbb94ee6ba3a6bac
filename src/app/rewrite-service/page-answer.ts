// The answer to the page's form where scripts do not run: the same as the scripts show, as plain HTML.

import type { Decision, Outcome, Report } from '../../web/report.ts';
import { html, type Markup } from '../http/html.ts';

/** What a person sees of each reason, as the page's script says it. */
const WORDS: Readonly<Record<Decision['reason'], string>> = {
  listed: 'Right',
  replaced: 'Replaced',
  denied: 'Denied',
  silent: 'Unknown',
  conflict: 'Conflict',
  failed: 'Not looked up',
  literal: 'Address',
  malformed: 'Not a URL',
  'downgrade-refused': 'Kept secure',
  'no-candidate': 'Kept',
  off: 'Off',
};

export function formatAnswer({ changed, decisions, result }: Report): Markup {
  return html`<section class="result">
<h2>${changed ? 'This is right:' : 'Nothing had to change:'}</h2>
<textarea class="taken" rows="6" readonly aria-label="Result">${result}</textarea>
<ul class="decisions">${decisions.map(decisionItem)}</ul>
</section>`;
}

export function formatFault(sentence: string): Markup {
  return html`<section class="result fault"><p>${sentence}</p></section>`;
}

function decisionItem({ url, reason, urls, explanation, outcome }: Decision): Markup {
  const becomes = reason === 'replaced' ? urls.map((each) => html`<code class="new">${each}</code>`) : [];
  const records = recordsOf(outcome).map((record) => html`<code class="record">TXT "${record}"</code>`);
  return html`<li class="decision ${reason}"><span class="badge">${WORDS[reason]}</span>
<code class="${becomes.length > 0 ? 'old' : 'url'}">${url}</code>${becomes}
<p>${explanation}</p>${records}</li>`;
}

function recordsOf(outcome: Outcome | undefined): readonly string[] {
  switch (outcome?.kind) {
    case 'declared':
    case 'denied':
      return [outcome.record];
    case 'conflict':
      return outcome.records;
    default:
      return [];
  }
}
