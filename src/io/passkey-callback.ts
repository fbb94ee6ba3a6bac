// Asks the operator's own site about a passkey, over HTTP. What goes wrong is said without a word of the request: the key
// stands in it.

import { createGatherer } from '../core/octets/gather.ts';

/** A site that is slower keeps its users waiting, and they come again. */
const CALLBACK_TIMEOUT_MILLISECONDS = 5000;
/** Of the answer's body; an object with a label has a hundred. */
const MAX_ANSWER_OCTETS = 4096;
/** As of the labels in a file of passkeys. */
const MAX_LABEL_CHARACTERS = 64;

export interface PasskeyCallback {
  /** http or https, as the configuration has it. */
  readonly url: string;
  /** GET has the key as the parameter `passkey`, POST as `{"passkey": "…"}`. */
  readonly method: 'GET' | 'POST';
}

export type PasskeyAnswer =
  | { readonly kind: 'allowed'; readonly label: string | undefined }
  | { readonly kind: 'denied' };

/** The site has not said whether the key is good. */
export class PasskeyCallbackError extends Error {
  override readonly name = 'PasskeyCallbackError';
  readonly code = 'passkey-callback-failed';
}

/**
 * 200 is a key that is good, whose `label` may stand in the answer, an object of JSON; 403 and 404 are one that is not.
 * Throws {@link PasskeyCallbackError} for anything else, within five seconds, and when `signal` says so.
 */
export async function askAboutPasskey(
  { url, method }: PasskeyCallback,
  passkey: string,
  signal: AbortSignal,
): Promise<PasskeyAnswer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CALLBACK_TIMEOUT_MILLISECONDS)]);
  try {
    const response = await fetch(targetOf(url, method, passkey), {
      method,
      redirect: 'error',
      signal: deadline,
      headers: {
        accept: 'application/json',
        ...(method === 'POST' && { 'content-type': 'application/json' }),
      },
      ...(method === 'POST' && { body: JSON.stringify({ passkey }) }),
    });
    const body = await readBody(response);
    if (response.status === 200) return { kind: 'allowed', label: labelOf(body) };
    if (response.status === 403 || response.status === 404) return { kind: 'denied' };
    throw new PasskeyCallbackError(`it answered with status ${response.status}`);
  } catch (error) {
    throw error instanceof PasskeyCallbackError ? error : new PasskeyCallbackError(reasonOf(error));
  }
}

function targetOf(url: string, method: PasskeyCallback['method'], passkey: string): URL {
  const target = new URL(url);
  if (method === 'GET') target.searchParams.set('passkey', passkey);
  return target;
}

/** At most {@link MAX_ANSWER_OCTETS}; what is longer is no answer of ours. */
async function readBody(response: Response): Promise<string> {
  const body = createGatherer(MAX_ANSWER_OCTETS);
  for await (const chunk of response.body ?? []) {
    if (!body.add(chunk)) throw new PasskeyCallbackError('its answer is too long');
  }
  return new TextDecoder().decode(body.octets());
}

function labelOf(body: string): string | undefined {
  try {
    const { label } = JSON.parse(body) as { label?: unknown };
    return typeof label === 'string' ? label.slice(0, MAX_LABEL_CHARACTERS) : undefined;
  } catch {
    return undefined;
  }
}

/** The system's own code, and never its sentence, which may hold the URL. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'it did not answer in time';
  const cause = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? `it cannot be reached (${code})` : 'it cannot be reached';
}
