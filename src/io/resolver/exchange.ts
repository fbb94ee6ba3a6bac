// One query to one server, whatever carries it, and what may come of it.

import type { Clock } from '../clock.ts';
import type { Query, Reply } from './dns-message.ts';

export type Heard = 'nothing' | 'foreign' | 'malformed' | 'too-large';

/** `heard` says what was wrong with the last thing that came before time ran out. */
export type Exchange =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'silence'; readonly heard: Heard }
  | { readonly kind: 'unreachable'; readonly reason: string };

export const UNREACHABLE: Exchange = {
  kind: 'unreachable',
  reason: 'the name server cannot be reached',
};

/** Sentences for what is left when nothing good came in time. */
export const SILENCE_REASONS = {
  nothing: 'no name server answered in time',
  foreign: 'what came answers another question',
  malformed: 'the reply is malformed',
  'too-large': 'the reply is too large to be an answer',
} as const satisfies Record<Heard, string>;

export interface ExchangeOptions {
  readonly timeoutMilliseconds: number;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly signal: AbortSignal;
}

/** The way to one name server; what it keeps open is shared by all queries. */
export interface Channel {
  /** Nobody between here and the server reads along: queries are padded, so that their length says nothing either. */
  readonly isEncrypted: boolean;
  /** `limits` is asked for each connection or datagram anew. Settles at the latest when they say so; never rejects. */
  exchange(query: Query, limits: () => ExchangeOptions): Promise<Exchange>;
  /** Ends what is in flight and closes what is open. Safe twice. */
  close(): void;
}

/** A connection that failed, in words for a person; the code of OpenSSL or the system says more than any paraphrase. */
export function unreachable(error: Error): Exchange {
  const code = 'code' in error ? String(error.code) : '';
  const isRefusedCertificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);
  if (!isRefusedCertificate) return UNREACHABLE;
  return { kind: 'unreachable', reason: `the certificate of the name server is not trusted (${code})` };
}

/** Settles once: at the first call, after the timeout, or when the signal is aborted; then closes and forgets. */
export function settleOnce(
  { timeoutMilliseconds, clock, signal }: ExchangeOptions,
  close: () => void,
  resolve: (exchange: Exchange) => void,
  onSilence: () => Exchange,
): (exchange: Exchange) => void {
  let settled = false;
  const settle = (exchange: Exchange): void => {
    if (settled) return;
    settled = true;
    cancel();
    signal.removeEventListener('abort', onEnd);
    close();
    resolve(exchange);
  };
  const onEnd = (): void => settle(onSilence());
  const cancel = clock.schedule(timeoutMilliseconds, onEnd);
  signal.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) queueMicrotask(onEnd);
  return settle;
}
