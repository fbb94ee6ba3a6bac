// Look-ups with a memory, whatever is looked up: one query in flight a question, answers kept for their TTL, the last good
// one used while no new one can be had. DNS itself is in query-records.ts.

import type { AnswerCache, CachedAnswer } from '../../core/dns/answer-cache.ts';
import { type Clock, systemClock } from '../clock.ts';
import { createFlights } from './flights.ts';
import { createGate } from './gate.ts';
import { type Question, queryRecords, type RecordsAnswer } from './query-records.ts';
import { MAX_TTL_SECONDS } from './remembered.ts';
import { createServerList, type ServerListOptions } from './server-list.ts';

/** resolv.conf(5): what the C library gives one server by default, here for all of them. */
const DEFAULT_TIMEOUT_MILLISECONDS = 5000;
/** Three tries fit the deadline; RFC 1035 §4.2.1 suggests two to five seconds between tries. */
const DEFAULT_TRY_MILLISECONDS = 2000;
/** No name is asked for more than once a minute, whatever its records say. */
const MIN_TTL_SECONDS = 60;
/** Each is a socket: a process may open 1,024 files by habit. At 30 ms a look-up this is 8,000 names a second. */
const MAX_QUERIES_IN_FLIGHT = 256;

export interface LookupOptions extends ServerListOptions {
  /** For a whole look-up, other servers and aliases included. */
  readonly timeoutMilliseconds?: number | undefined;
  /** For one server to answer. */
  readonly tryMilliseconds?: number | undefined;
  /** An answer that the server does not vouch for (AD, RFC 6840 §5.8) counts as `failed`. As good as the way to it. */
  readonly requireAuthenticated?: boolean | undefined;
  readonly clock?: Pick<Clock, 'nowMilliseconds' | 'nowSeconds' | 'schedule'> | undefined;
}

export interface LookupKind<A extends CachedAnswer> {
  readonly cache: AnswerCache<A>;
  /** Under what an answer is kept, to what is asked. */
  questionOf(key: string): Question;
  answerOf(found: RecordsAnswer): A;
}

export interface CachedLookups<A extends CachedAnswer> {
  /** Rejects only with the reason of an aborted `signal`; trouble with DNS is what `answerOf` makes of `failed`. */
  find(key: string, signal?: AbortSignal): Promise<A>;
  /** Ends what is in flight, as failed. Safe twice. */
  close(): void;
}

/** Opens nothing until the first look-up. Throws a TypeError for a server that is not an address. */
export function createCachedLookups<A extends CachedAnswer>(
  options: LookupOptions,
  { cache, questionOf, answerOf }: LookupKind<A>,
): CachedLookups<A> {
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.nowMilliseconds();
  const servers = createServerList(options, clock);
  const gate = createGate(MAX_QUERIES_IN_FLIGHT);

  async function look(key: string, signal: AbortSignal): Promise<A> {
    const found = await queryRecords(questionOf(key), {
      servers: (await servers.current()).inOrder(),
      timeoutMilliseconds: options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS,
      tryMilliseconds: options.tryMilliseconds ?? DEFAULT_TRY_MILLISECONDS,
      requireAuthenticated: options.requireAuthenticated === true,
      clock,
      signal,
    });
    const answer = answerOf(clampTtl(found));
    return signal.aborted ? answer : cache.put(key, answer, now());
  }

  const flights = createFlights((key, signal) => gate(() => look(key, signal)));
  return {
    find: async (key, signal) => cache.get(key, now()) ?? (await flights.board(key, signal)),
    close() {
      flights.abort();
      servers.close();
    },
  };
}

/** A negative answer without SOA comes as 0, an answer of a careless operator as anything. */
function clampTtl(answer: RecordsAnswer): RecordsAnswer {
  if (answer.kind === 'failed') return answer;
  return { ...answer, ttlSeconds: Math.min(MAX_TTL_SECONDS, Math.max(MIN_TTL_SECONDS, answer.ttlSeconds)) };
}
