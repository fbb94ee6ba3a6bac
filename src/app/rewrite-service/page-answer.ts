// The answer to the page's form where scripts do not run: the same as the scripts show, as plain HTML.

import { html, type Markup } from '../../core/octets/html.ts';
import type { Decision, Report } from '../../web/report.ts';
import { REASON_WORDS, recordsOf, summarize } from '../../web/words.ts';

/** Lines of the result that are seen at once. */
const MAX_ROWS = 12;

export function formatAnswer(report: Report): Markup {
  const { decisions, result, name } = report;
  const rows = Math.min(MAX_ROWS, result.split('\n').length);
  return html`<article class="card">
<header><div class="title"><h2>${name ?? 'Your trackers'}</h2><p class="verdict">${summarize(report)}</p></div></header>
<div class="result"><textarea rows="${rows}" readonly aria-label="Result">${result.trimEnd()}</textarea></div>
<ul class="decisions">${decisions.map(decisionItem)}</ul>
</article>`;
}

export function formatFault(sentence: string): Markup {
  return html`<article class="card fault"><header><p class="verdict">${sentence}</p></header></article>`;
}

function decisionItem({ url, reason, urls, explanation, outcome }: Decision): Markup {
  const isReplaced = reason === 'replaced';
  const old = isReplaced || urls.length === 0 ? html`<del class="old">${url}</del>` : html`${url}`;
  const becomes = isReplaced ? urls.map((each) => html`<code class="new">${each}</code>`) : [];
  const records = recordsOf(outcome).map(
    ({ text, notes }) => html`<code class="record">TXT "${text}" <small>${notes}</small></code>`,
  );
  return html`<li class="decision ${reason}"><span class="badge">${REASON_WORDS[reason]}</span><code>${old}</code>${becomes}
<p>${explanation}</p>${records}</li>`;
}
