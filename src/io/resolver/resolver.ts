// Look-ups of the preference of a host (BEP 34), with what is remembered of them.

import type { Outcome } from '../../core/preference/outcome.ts';
import { readOutcome } from '../../core/preference/read-outcome.ts';
import { lookupHost } from '../../core/rewrite/lookup-host.ts';
import { parseHost } from '../../core/rewrite/tracker-url.ts';
import { type Clock, systemClock } from '../clock.ts';
import { createCachedLookups, type LookupOptions } from './cached-lookups.ts';
import { toAsciiHost } from './idna.ts';
import { createRememberingCache, type RememberedHost, rememberedOf } from './remembered.ts';

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
   * What DNS says of a host (a name, in Unicode or ASCII, without a port). Nobody is asked for an address or a name that
   * DNS does not hold, which are `silent`; text that is no host is `failed`, as trouble with DNS is. Rejects only with the
   * reason of an aborted `signal`, or when the resolver is closed.
   */
  lookupPreference(host: string, signal?: AbortSignal): Promise<Outcome>;
  /** What may still be of use to another resolver, later: plain values, for {@link ResolverOptions}`.remembered`. */
  remembered(): RememberedHost[];
  /** Ends what is in flight, as `failed`. Safe twice. */
  close(): void;
}

/** Opens nothing until the first look-up. Throws a TypeError for a server that is not an address. */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const clock = options.clock ?? systemClock;
  const cache = createRememberingCache(options.maxHosts, options.remembered ?? [], clock);
  const lookups = createCachedLookups<Outcome>(
    { ...(options satisfies LookupOptions), clock },
    {
      cache,
      questionOf: (name) => ({ name, type: 'TXT' }),
      answerOf: (found) => readOutcome(found.kind === 'records' ? { ...found, kind: 'txt' } : found),
    },
  );
  let closed = false;
  return {
    async lookupPreference(host, signal) {
      if (closed) throw new Error('the resolver is closed');
      signal?.throwIfAborted();
      const name = toQueryName(host);
      return typeof name === 'string' ? await lookups.find(name, signal) : name;
    },
    remembered: () => rememberedOf(cache, clock),
    close() {
      closed = true;
      lookups.close();
    },
  };
}

const NOT_ASKED: Outcome = { kind: 'silent', reason: 'not-asked', ttlSeconds: 0 };
const NOT_A_HOST: Outcome = { kind: 'failed', reason: 'this is no host name' };

/** The name to ask for, or the outcome where there is none. */
function toQueryName(host: string): string | Outcome {
  const url = parseHost(host);
  if (url.kind === 'fault' || url.hostStart !== 'udp://'.length || url.hostEnd !== url.text.length)
    return NOT_A_HOST;
  const name = lookupHost(url, toAsciiHost);
  if (typeof name === 'string') return name;
  return name.kind === 'bad-host' ? NOT_A_HOST : NOT_ASKED;
}
