// The rewriting page: torrents that are dropped or chosen and text that is pasted go to the service; cards come back.

import { type Answer, askToRewrite } from './ask.ts';
import { type Card, createCard, createFaultCard } from './card.ts';
import { byId } from './dom.ts';
import { summarize } from './words.ts';

/** One thing to rewrite. */
interface Input {
  readonly title: string;
  readonly content: File | string;
}

/** Dropped at once; more than that is work for the command line. */
const MAX_FILES = 50;

const form = byId('form', HTMLFormElement);
const text = byId('text', HTMLTextAreaElement);
const choose = byId('choose', HTMLButtonElement);
const files = byId('files', HTMLInputElement);
const status = byId('status', HTMLElement);
const answers = byId('answers', HTMLElement);
const veil = byId('veil', HTMLElement);
const submit = form.querySelector('button.primary');

let isWorking = false;

/** One after the other; the newest on top, and among several the first. */
async function rewriteAll(inputs: readonly Input[]): Promise<void> {
  if (isWorking || inputs.length === 0) return;
  setWorking(true);
  const options = readOptions();
  const cards: Card[] = [];
  const sentences: string[] = [];
  for (const [index, { title, content }] of inputs.entries()) {
    const which = inputs.length > 1 ? ` ${index + 1} of ${inputs.length}` : '';
    say(`Looking up the trackers${which}…`);
    const answer = await askToRewrite(content, options);
    const card = createAnswer(title, answer);
    if (cards.length === 0) answers.prepend(card.node);
    else cards.at(-1)!.node.after(card.node);
    cards.push(card);
    sentences.push(answer.kind === 'fault' ? answer.sentence : summarize(answer.report));
  }
  sayOnly(inputs.length === 1 ? sentences[0]! : `${inputs.length} are done.`);
  setWorking(false);
  cards[0]?.heading.focus({ preventScroll: true });
  cards[0]?.node.scrollIntoView({ block: 'nearest' });
}

function say(sentence: string): void {
  status.classList.remove('said');
  status.textContent = sentence;
}

/** To those who hear the page: the card shows it to the others. */
function sayOnly(sentence: string): void {
  status.classList.add('said');
  status.textContent = sentence;
}

function createAnswer(title: string, answer: Answer): Card {
  return answer.kind === 'fault' ? createFaultCard(title, answer.sentence) : createCard(title, answer.report);
}

function setWorking(working: boolean): void {
  isWorking = working;
  submit?.setAttribute('aria-disabled', String(working));
  choose.setAttribute('aria-disabled', String(working));
}

/** What is ticked, without the text. */
function readOptions(): URLSearchParams {
  const options = new URLSearchParams();
  for (const [name, value] of new FormData(form))
    if (name !== 'text' && typeof value === 'string') options.append(name, value);
  return options;
}

function describeText(content: string): string {
  if (/^(?:stream-)?magnet:/i.test(content)) return 'Magnet link';
  return content.includes('\n') ? 'List of trackers' : 'Tracker URL';
}

function takeFiles(list: FileList | undefined | null): void {
  const given = [...(list ?? [])];
  if (given.length > MAX_FILES) {
    say(`At most ${MAX_FILES} at once: “portolan rewrite” takes whole folders.`);
    return;
  }
  void rewriteAll(given.map((file) => ({ title: file.name, content: file })));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const content = text.value.trim();
  if (content === '') {
    say('Paste a magnet link or tracker URLs first, or choose torrents.');
    text.focus();
    return;
  }
  void rewriteAll([{ title: describeText(content), content }]);
});

text.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

choose.addEventListener('click', () => files.click());
files.addEventListener('change', () => {
  takeFiles(files.files);
  files.value = ''; // the same file may be chosen again
});

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true;
}

document.addEventListener('dragover', (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  veil.hidden = false;
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) veil.hidden = true;
});
document.addEventListener('drop', (event) => {
  veil.hidden = true;
  if (!hasFiles(event)) return;
  event.preventDefault();
  takeFiles(event.dataTransfer?.files);
});
document.addEventListener('paste', (event) => {
  if ((event.clipboardData?.files.length ?? 0) > 0) takeFiles(event.clipboardData?.files);
});

choose.hidden = false;
byId('drop-hint', HTMLElement).hidden = false;
