// Look-ups of the preference of a host (BEP 34) with a memory: one query in flight a host, answers kept for their TTL,
// the last good one used while no new one can be had. DNS itself is in resolver/.

import type { Outcome } from '../../core/preference/outcome.ts';
import { readOutcome, type TxtAnswer } from '../../core/preference/read-outcome.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { parseTrackerUrl } from '../../core/rewrite/tracker-url.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Channels, createChannels } from './channels.ts';
import { createGate } from './gate.ts';
import { toAsciiHost } from './idna.ts';
import { parseServer } from './name-server.ts';
import { queryTxt } from './query-txt.ts';
import { createRememberingCache, MAX_TTL_SECONDS, type RememberedHost, rememberedOf } from './remembered.ts';
import { readSystemServers } from './system-resolvers.ts';

/** resolv.conf(5): what the C library gives one server by default, here for all of them. */
const DEFAULT_TIMEOUT_MILLISECONDS = 5000;
/** Three tries fit the deadline; RFC 1035 §4.2.1 suggests two to five seconds between tries. */
const DEFAULT_TRY_MILLISECONDS = 2000;
/** No host is asked for more than once a minute, whatever its record says. */
const MIN_TTL_SECONDS = 60;
/** Each is a socket: a process may open 1,024 files by habit. At 30 ms a look-up this is 8,000 hosts a second. */
const MAX_QUERIES_IN_FLIGHT = 256;
/** How long the system's list of servers is used before it is read again: machines move between networks. */
const SYSTEM_SERVERS_MILLISECONDS = 30_000;

export interface ResolverOptions {
  /**
   * In order of preference; those that do not answer come last for a while. Absent: the system's. `127.0.0.1:5300`,
   * `[::1]:5300` (port 53 when left out) over UDP and TCP; `tls://dns.example`, `tls://192.0.2.1:853#dns.example` with
   * the name of the certificate (DNS over TLS); `https://dns.example/dns-query` (DNS over HTTPS). The system looks the
   * names of servers up.
   */
  readonly servers?: readonly string[] | undefined;
  /** For a whole look-up, other servers and aliases included. */
  readonly timeoutMilliseconds?: number | undefined;
  /** For one server to answer. */
  readonly tryMilliseconds?: number | undefined;
  /** An answer that the server does not vouch for (AD, RFC 6840 §5.8) counts as `failed`. As good as the way to it. */
  readonly requireAuthenticated?: boolean | undefined;
  /** Certificates in PEM that `tls:` and `https:` servers may have, instead of those that the system trusts. */
  readonly certificateAuthorities?: readonly string[] | undefined;
  /** Hosts remembered at most. */
  readonly maxHosts?: number | undefined;
  /** What an earlier resolver remembered. */
  readonly remembered?: Iterable<RememberedHost> | undefined;
  readonly clock?: Pick<Clock, 'nowMilliseconds' | 'nowSeconds' | 'schedule'> | undefined;
  /** Where the system's servers are written, instead of /etc/resolv.conf. */
  readonly resolvConf?: string | undefined;
}

export interface Resolver {
  /**
   * What DNS says of a host (a name, in Unicode or ASCII). Rejects only with the reason of an aborted `signal`, or
   * when the resolver is closed; trouble with DNS is the outcome `failed`.
   */
  lookupPreference(host: string, signal?: AbortSignal): Promise<Outcome>;
  /** What may still be of use to another resolver, later: plain values, for {@link ResolverOptions}`.remembered`. */
  remembered(): RememberedHost[];
  /** Ends what is in flight, as `failed`. Safe twice. */
  close(): void;
}

/** A look-up in flight, and how many callers still want it. */
interface Flight {
  readonly outcome: Promise<Outcome>;
  readonly controller: AbortController;
  waiting: number;
}

/** Opens nothing until the first look-up. Throws a TypeError for a server that is not an address. */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.nowMilliseconds();
  const cache = createRememberingCache(options.maxHosts, options.remembered ?? [], clock);
  const servers = createServerList(options, clock);
  const gate = createGate(MAX_QUERIES_IN_FLIGHT);
  const flights = new Map<string, Flight>(); // one a host that callers wait for; each ends at its deadline
  let closed = false;

  async function resolve(host: string, signal: AbortSignal): Promise<Outcome> {
    const answer = await queryTxt(host, {
      servers: (await servers.current()).inOrder(),
      timeoutMilliseconds: options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS,
      tryMilliseconds: options.tryMilliseconds ?? DEFAULT_TRY_MILLISECONDS,
      requireAuthenticated: options.requireAuthenticated === true,
      clock,
      signal,
    });
    const outcome = readOutcome(clampTtl(answer));
    return signal.aborted ? outcome : cache.put(host, outcome, now());
  }

  function takeOff(host: string): Flight {
    const controller = new AbortController();
    const outcome = gate(() => resolve(host, controller.signal)).finally(() => {
      if (flights.get(host) === flight) flights.delete(host);
    });
    const flight: Flight = { outcome, controller, waiting: 0 };
    flights.set(host, flight);
    return flight;
  }

  return {
    async lookupPreference(host, signal) {
      if (closed) throw new Error('the resolver is closed');
      signal?.throwIfAborted();
      const name = toQueryName(host);
      if (name === undefined) return { kind: 'silent', reason: 'not-asked', ttlSeconds: 0 };
      const known = cache.get(name, now());
      if (known !== undefined) return known;
      const flight = flights.get(name) ?? takeOff(name);
      flight.waiting++;
      try {
        return await unlessAborted(flight.outcome, signal);
      } finally {
        flight.waiting--;
        if (flight.waiting === 0 && signal?.aborted === true) {
          flights.delete(name);
          flight.controller.abort();
        }
      }
    },
    remembered: () => rememberedOf(cache, clock),
    close() {
      closed = true;
      for (const { controller } of flights.values()) controller.abort();
      servers.close();
    },
  };
}

/** The name to ask for; undefined for an address, a name that DNS does not hold, and what is no host. */
function toQueryName(host: string): string | undefined {
  const url = parseTrackerUrl(`udp://${host}`);
  if (url.kind === 'fault' || url.hostStart !== 'udp://'.length || url.hostEnd !== url.text.length)
    return undefined;
  const name = lookupHost(url, toAsciiHost);
  return typeof name === 'string' ? name : undefined;
}

/** A negative answer without SOA comes as 0, an answer of a careless operator as anything. */
function clampTtl(answer: TxtAnswer): TxtAnswer {
  if (answer.kind === 'failed') return answer;
  return { ...answer, ttlSeconds: Math.min(MAX_TTL_SECONDS, Math.max(MIN_TTL_SECONDS, answer.ttlSeconds)) };
}

interface ServerList {
  current(): Promise<Channels>;
  close(): void;
}

function createServerList(options: ResolverOptions, clock: Pick<Clock, 'nowMilliseconds'>): ServerList {
  const { certificateAuthorities } = options;
  if (options.servers !== undefined && options.servers.length > 0) {
    const servers = options.servers.map((text) => {
      const server = parseServer(text);
      if (server === undefined) throw new TypeError(`not the address of a name server: ${text}`);
      return server;
    });
    const channels = createChannels(servers, { clock, certificateAuthorities });
    return { current: async () => channels, close: channels.close };
  }
  let readAt = Number.NEGATIVE_INFINITY;
  let channels: Promise<Channels> | undefined;
  return {
    current() {
      if (channels === undefined || clock.nowMilliseconds() - readAt >= SYSTEM_SERVERS_MILLISECONDS) {
        readAt = clock.nowMilliseconds();
        channels = readSystemServers(options.resolvConf).then((servers) =>
          createChannels(servers, { clock }),
        );
      }
      return channels;
    },
    close() {}, // the system's are plain, and keep nothing open
  };
}

/** The promise, unless the signal is aborted first: then its reason is thrown, and the promise goes on without us. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
