// One answer as a card: what became of each tracker and why, the tiers before and after, and the result to take away.

import { element } from './dom.ts';
import type { Decision, Report } from './report.ts';
import { REASON_WORDS, recordsOf, summarize } from './words.ts';

/** Cards would otherwise grow to 10,000 rows; the result always holds all. */
const MAX_ROWS = 200;

export interface Card {
  readonly node: HTMLElement;
  /** Takes the focus once the card is there. */
  readonly heading: HTMLElement;
}

/** `title` is a file's name, or what kind of text was given. */
export function createCard(title: string, report: Report): Card {
  const heading = element('h2', { tabindex: '-1' }, report.name ?? title);
  const { decisions } = report;
  const rows = decisions.slice(0, MAX_ROWS).map(createRow);
  if (decisions.length > MAX_ROWS) {
    const more = `… and ${decisions.length - MAX_ROWS} more, which the result holds.`;
    rows.push(element('li', { class: 'decision' }, element('p', {}, more)));
  }
  const node = element(
    'article',
    { class: 'card' },
    element(
      'header',
      {},
      element('div', { class: 'title' }, heading, createVerdict(title, report), ...createHashes(report)),
      element('div', { class: 'actions' }, ...createActions(title, report)),
    ),
    ...createResult(report),
    element('ul', { class: 'decisions' }, ...rows),
    ...createTiers(report),
  );
  return { node, heading };
}

export function createFaultCard(title: string, sentence: string): Card {
  const heading = element('h2', { tabindex: '-1' }, title);
  const verdict = element('p', { class: 'verdict' }, sentence);
  const header = element('header', {}, element('div', { class: 'title' }, heading, verdict));
  return { node: element('article', { class: 'card fault' }, header), heading };
}

function createVerdict(title: string, report: Report): HTMLElement {
  const file = report.name !== undefined && report.name !== title ? `${title}: ` : '';
  return element('p', { class: 'verdict' }, file + summarize(report));
}

function createHashes({ infoHashes }: Report): HTMLElement[] {
  const { v1, v2 } = infoHashes ?? {};
  const both = v1 !== undefined && v2 !== undefined;
  const rows = [
    [both ? 'Info-hash v1' : 'Info-hash', v1],
    [both ? 'v2' : 'Info-hash v2', v2],
  ].flatMap(([name, hash]) =>
    hash === undefined ? [] : [element('dt', {}, name!), element('dd', {}, hash)],
  );
  return rows.length === 0 ? [] : [element('dl', { class: 'hashes' }, ...rows)];
}

function createActions(title: string, { kind, result, changed }: Report): HTMLElement[] {
  if (kind === 'torrent') return changed ? [createDownload(title, result)] : [];
  const copy = element('button', { type: 'button', class: 'primary' }, 'Copy');
  copy.addEventListener('click', () => void copyResult(copy, result.trimEnd()));
  const opens = kind === 'magnet' && /^magnet:/i.test(result);
  return opens ? [copy, element('a', { class: 'button', href: result.trimEnd() }, 'Open')] : [copy];
}

/** Under the name that it came with: the browser numbers it where that is taken. */
function createDownload(name: string, base64: string): HTMLElement {
  const octets = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([octets], { type: 'application/x-bittorrent' }));
  return element('a', { class: 'button primary', href: url, download: name }, 'Download');
}

/** Long enough to be read; then the button is itself again. */
const COPIED_MILLISECONDS = 2000;

async function copyResult(button: HTMLButtonElement, text: string): Promise<void> {
  const field = button.closest('.card')?.querySelector('textarea');
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    // Without HTTPS only loopback has a clipboard.
    field?.select();
    button.textContent = 'Selected: press Ctrl+C';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, COPIED_MILLISECONDS);
}

function createResult({ kind, result }: Report): HTMLElement[] {
  if (kind === 'torrent' || result === '') return [];
  // A browser that can makes it as high as the text.
  const rows = String(Math.min(8, Math.max(3, result.trimEnd().split('\n').length)));
  const field = element('textarea', { readonly: '', rows, 'aria-label': 'Result', spellcheck: 'false' });
  field.value = result.trimEnd();
  return [element('div', { class: 'result' }, field)];
}

function createRow({ url, reason, urls, explanation, outcome }: Decision): HTMLElement {
  const isReplaced = reason === 'replaced';
  const goes = isReplaced || urls.length === 0;
  const records = recordsOf(outcome).map(({ text, notes }) =>
    element(
      'code',
      { class: 'record' },
      `TXT "${text}"`,
      ...(notes === '' ? [] : [' ', element('small', {}, notes)]),
    ),
  );
  return element(
    'li',
    { class: `decision ${reason}` },
    element('span', { class: 'badge' }, REASON_WORDS[reason]),
    goes ? element('code', {}, element('del', { class: 'old' }, url)) : element('code', {}, url),
    ...(isReplaced ? urls.map((each) => element('code', { class: 'new' }, each)) : []),
    element('p', {}, explanation),
    ...records,
  );
}

function createTiers({ kind, changed, tiers }: Report): HTMLElement[] {
  if (!changed || kind === 'url' || tiers.before.length + tiers.after.length > MAX_ROWS) return [];
  const [old, now] = [new Set(tiers.before.flat()), new Set(tiers.after.flat())];
  const sides = element(
    'div',
    { class: 'tiers' },
    createTierList('Before', tiers.before, (url) => (now.has(url) ? '' : 'gone')),
    createTierList('After', tiers.after, (url) => (old.has(url) ? '' : 'come')),
  );
  const summary = element('summary', {}, 'Tiers before and after');
  return [element('div', { class: 'foot' }, element('details', {}, summary, sides))];
}

function createTierList(
  title: string,
  tiers: readonly (readonly string[])[],
  classOf: (url: string) => string,
): HTMLElement {
  const items = tiers.map((tier, index) =>
    element(
      'li',
      { 'aria-label': `Tier ${index + 1}` },
      element('ol', {}, ...tier.map((url) => element('li', { class: classOf(url) }, url))),
    ),
  );
  const list = items.length === 0 ? element('p', { class: 'hint' }, 'None') : element('ol', {}, ...items);
  return element('div', {}, element('h3', {}, title), list);
}
