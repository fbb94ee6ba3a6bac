// A look-up of one name and type against several servers under one deadline: who is asked next, what counts as an answer, and where
// aliases lead.

import { formatRcode } from '../../core/dns/rcode.ts';
import { Rcode } from '../../core/dns/record-type.ts';
import type { Clock } from '../clock.ts';
import { type Answer, encodeQuery, type QueryType, type Reply } from './dns-message.ts';
import { type Channel, type Exchange, type ExchangeOptions, SILENCE_REASONS } from './exchange.ts';

/** CNAMEs followed in one look-up, within answers and from query to query. */
export const MAX_ALIASES = 8;

export interface Question {
  /** ASCII, lower case, no final dot. */
  readonly name: string;
  readonly type: QueryType;
}

/** What servers said, without any opinion on it. */
export type RecordsAnswer =
  | {
      readonly kind: 'records';
      /** As texts, in the order in which they came; at least one. */
      readonly records: readonly string[];
      readonly ttlSeconds: number;
      /** The server set AD. */
      readonly authenticated: boolean;
    }
  | { readonly kind: 'no-name' | 'no-record'; readonly ttlSeconds: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface QueryOptions {
  /** In order of preference, at least one. */
  readonly servers: readonly Channel[];
  /** For everything: all servers, all aliases. */
  readonly timeoutMilliseconds: number;
  /** For one server to answer one datagram, or one connection. */
  readonly tryMilliseconds: number;
  /** An answer without AD does not count. */
  readonly requireAuthenticated: boolean;
  readonly clock: Pick<Clock, 'nowMilliseconds' | 'schedule'>;
  readonly signal: AbortSignal;
}

interface Lookup extends QueryOptions {
  readonly type: QueryType;
  readonly deadline: number;
}

/** Follows the name to its records. Settles at the deadline at the latest; never rejects. */
export async function queryRecords({ name, type }: Question, options: QueryOptions): Promise<RecordsAnswer> {
  const lookup: Lookup = {
    ...options,
    type,
    deadline: options.clock.nowMilliseconds() + options.timeoutMilliseconds,
  };
  const visited = new Set<string>(); // bounded by MAX_ALIASES
  let owner = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  let authenticated = true;
  for (;;) {
    const answer = await askServers(owner, lookup);
    if (answer.kind === 'failed') return answer;
    authenticated &&= answer.authenticated;
    let aliased = false;
    for (;;) {
      const alias = answer.aliases.find((candidate) => candidate.owner === owner);
      if (alias === undefined) break;
      visited.add(owner);
      if (visited.has(alias.target)) return failed('the aliases (CNAME) of the name run in a circle');
      if (visited.size > MAX_ALIASES)
        return failed(`more than ${MAX_ALIASES} aliases (CNAME) follow one another`);
      ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
      owner = alias.target;
      aliased = true;
    }
    const records = answer.records.filter((record) => record.owner === owner && record.type === type);
    if (records.length > 0) {
      for (const record of records) ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
      return { kind: 'records', records: records.map((record) => record.text), ttlSeconds, authenticated };
    }
    // Some resolvers give the alias and lose the rest; with an SOA they say that there is nothing behind it.
    const lost = aliased && answer.rcode === Rcode.NOERROR && answer.negativeTtlSeconds === undefined;
    if (!lost) {
      const kind = answer.rcode === Rcode.NXDOMAIN ? 'no-name' : 'no-record';
      return { kind, ttlSeconds: Math.min(ttlSeconds, answer.negativeTtlSeconds ?? 0) };
    }
  }
}

function failed(reason: string): { readonly kind: 'failed'; readonly reason: string } {
  return { kind: 'failed', reason };
}

type ServerAnswer = Answer | { readonly kind: 'failed'; readonly reason: string };

/**
 * Asks one server after the other. Who answers with an error is not asked again; who stays silent is, in further
 * rounds, until the deadline. What was last heard, if anything was, becomes the reason.
 */
async function askServers(name: string, lookup: Lookup): Promise<ServerAnswer> {
  let reason: string = SILENCE_REASONS.nothing;
  let candidates = lookup.servers;
  while (candidates.length > 0) {
    const silent: Channel[] = [];
    for (const server of candidates) {
      if (lookup.signal.aborted) return failed('the look-up was given up');
      if (remaining(lookup) <= 0) return failed(reason);
      const result = await askServer(name, server, lookup);
      if (result.kind === 'answer') return result;
      if (result.reason !== SILENCE_REASONS.nothing) reason = result.reason;
      if (result.kind === 'silent') silent.push(server);
    }
    candidates = silent;
  }
  return failed(reason);
}

type Attempt = Answer | { readonly kind: 'silent' | 'refused'; readonly reason: string };

async function askServer(name: string, server: Channel, lookup: Lookup): Promise<Attempt> {
  const attempt = await exchange(name, server, lookup, true);
  // RFC 6891 §7: a server from before EDNS may refuse what it does not know.
  const old =
    attempt.kind === 'answer' && (attempt.rcode === Rcode.FORMERR || attempt.rcode === Rcode.NOTIMP);
  return judge(old ? await exchange(name, server, lookup, false) : attempt, lookup);
}

async function exchange(name: string, server: Channel, lookup: Lookup, edns: boolean): Promise<Attempt> {
  const query = encodeQuery({ name, type: lookup.type }, { edns, padded: server.isEncrypted });
  return toAttempt(await server.exchange(query, () => limits(lookup)));
}

function toAttempt(result: Exchange): Attempt {
  if (result.kind === 'unreachable') return { kind: 'refused', reason: result.reason };
  if (result.kind === 'reply') {
    return result.reply.kind === 'answer'
      ? result.reply
      : { kind: 'refused', reason: REPLY_REASONS[result.reply.kind] };
  }
  return { kind: 'silent', reason: SILENCE_REASONS[result.heard] };
}

const REPLY_REASONS: Record<Exclude<Reply['kind'], 'answer'>, string> = {
  truncated: 'the reply is truncated on a stream, where nothing limits it',
  foreign: 'the reply answers another question',
  malformed: 'the reply is malformed',
  'too-large': 'the reply is too large to be an answer',
};

/** Only NOERROR and NXDOMAIN say something of the name; all else is the server's trouble. */
function judge(attempt: Attempt, { requireAuthenticated }: Lookup): Attempt {
  if (attempt.kind !== 'answer') return attempt;
  const { rcode } = attempt;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) {
    return {
      kind: 'refused',
      reason: `the name server answered ${formatRcode(rcode)}`,
    };
  }
  const empty = attempt.records.length === 0 && attempt.aliases.length === 0;
  if (rcode === Rcode.NOERROR && empty && attempt.referral) {
    return { kind: 'refused', reason: 'the name server names other servers instead of asking them' };
  }
  if (requireAuthenticated && !attempt.authenticated) {
    return { kind: 'refused', reason: 'the answer is not authenticated (DNSSEC)' };
  }
  return attempt;
}

function remaining({ deadline, clock }: Lookup): number {
  return deadline - clock.nowMilliseconds();
}

function limits(lookup: Lookup): ExchangeOptions {
  const timeoutMilliseconds = Math.max(1, Math.min(lookup.tryMilliseconds, remaining(lookup)));
  return { timeoutMilliseconds, clock: lookup.clock, signal: lookup.signal };
}
