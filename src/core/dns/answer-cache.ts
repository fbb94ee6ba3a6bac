// Answers of look-ups, for as long as they may be kept, and a while longer for when no new one can be had (RFC 8767).

/** What a look-up came to; a failure says nothing of the name, and has no TTL of its own. */
export type CachedAnswer =
  | { readonly kind: 'failed' }
  | { readonly kind: string; readonly ttlSeconds: number };

/** RFC 8767 §5 suggests one to three days. */
const MAX_STALE_SECONDS = 86_400;
/** RFC 8767 §4 for the TTL of a stale answer and §5 for asking again after a failure; RFC 9520 §3.2 allows up to 300. */
const RETRY_SECONDS = 30;
const MILLISECONDS = 1000;

interface Entry<A> {
  readonly answer: A;
  /** When the answer stops being fresh. */
  readonly expiresAt: number;
  /** When the servers may be asked again. */
  readonly retryAt: number;
}

/** Times are monotonic milliseconds. Who was not asked for longest makes room. */
export interface AnswerCache<A extends CachedAnswer> {
  /** The answer to use without asking, its TTL less its age; undefined when the servers must be asked. */
  get(key: string, nowMilliseconds: number): A | undefined;
  /** Keeps what was just found and returns what to use: for a failure, the last good answer if there is one. */
  put(key: string, answer: A, nowMilliseconds: number): A;
  /** Keeps what was found earlier, unless something newer is known; `expiresAt` may have passed. */
  restore(key: string, answer: A, expiresAt: number): void;
  /** What is kept and may still be used, failures left out; who was not asked for longest first. */
  entries(nowMilliseconds: number): Iterable<{ key: string; answer: A; expiresAt: number }>;
}

/** Holds at most `maxEntries`. `markStale` is what becomes of an answer that is used after its time. */
export function createAnswerCache<A extends CachedAnswer>(
  maxEntries: number,
  markStale: (answer: A) => A = (answer) => answer,
): AnswerCache<A> {
  const entries = new Map<string, Entry<A>>(); // bounded by maxEntries, in order of last use

  function keep(key: string, entry: Entry<A>): void {
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
  }

  const toStale = (answer: A): A => markStale(withTtl(answer, RETRY_SECONDS));

  return {
    get(key, nowMilliseconds) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const fresh = nowMilliseconds < entry.expiresAt;
      if (!fresh && nowMilliseconds >= entry.retryAt) return undefined;
      keep(key, entry);
      if (!fresh) return toStale(entry.answer);
      return withTtl(entry.answer, Math.ceil((entry.expiresAt - nowMilliseconds) / MILLISECONDS));
    },
    put(key, answer, nowMilliseconds) {
      const retryAt = nowMilliseconds + RETRY_SECONDS * MILLISECONDS;
      if ('ttlSeconds' in answer) {
        const expiresAt = nowMilliseconds + answer.ttlSeconds * MILLISECONDS;
        keep(key, { answer, expiresAt, retryAt: expiresAt });
        return answer;
      }
      const last = entries.get(key);
      if (last === undefined || last.answer.kind === 'failed' || isTooOld(last, nowMilliseconds)) {
        keep(key, { answer, expiresAt: retryAt, retryAt });
        return answer;
      }
      keep(key, { ...last, retryAt });
      return toStale(last.answer);
    },
    restore(key, answer, expiresAt) {
      if (!entries.has(key)) keep(key, { answer, expiresAt, retryAt: expiresAt });
    },
    *entries(nowMilliseconds) {
      for (const [key, entry] of entries) {
        const { answer, expiresAt } = entry;
        if (answer.kind !== 'failed' && !isTooOld(entry, nowMilliseconds)) yield { key, answer, expiresAt };
      }
    },
  };
}

function isTooOld({ expiresAt }: Entry<unknown>, nowMilliseconds: number): boolean {
  return nowMilliseconds - expiresAt > MAX_STALE_SECONDS * MILLISECONDS;
}

function withTtl<A extends CachedAnswer>(answer: A, ttlSeconds: number): A {
  return 'ttlSeconds' in answer ? { ...answer, ttlSeconds } : answer;
}
