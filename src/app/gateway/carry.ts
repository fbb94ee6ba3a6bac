// Carries one announce or scrape to the first of several endpoints that answers. An attempt is one address over HTTP, or one
// address of each family over UDP at once: BEP 7 wants an announce a family, each from that family's address.

import type { Agent } from 'node:http';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { textToOctets } from '../../core/octets/text.ts';
import {
  effectivePort,
  parseTrackerUrl,
  type TrackerUrl,
  transportOf,
} from '../../core/rewrite/tracker-url.ts';
import type { AnnounceResult, ScrapeResult } from '../../core/tracker/client/announce-query.ts';
import { isReply } from '../../core/tracker/client/http-messages.ts';
import {
  formatAnnounceReply,
  formatFailure,
  formatScrapeReply,
} from '../../core/tracker/client/http-replies.ts';
import type { Clock } from '../../io/clock.ts';
import { type HttpReply, requestHttp } from '../../io/tracker-clients/http-tracker-client.ts';
import type { Reached } from '../../io/tracker-clients/reached.ts';
import type { UdpTrackers } from '../../io/tracker-clients/udp-trackers.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { connectHost, type GatewayRequest } from './gateway-request.ts';
import type { Targets } from './targets.ts';

export interface CarryOptions {
  readonly targets: Targets;
  readonly health: EndpointHealth;
  readonly udp: UdpTrackers;
  readonly agents: { readonly clear: Agent; readonly secure: Agent };
  readonly clock: Pick<Clock, 'schedule' | 'nowMilliseconds'>;
  /** For the announce as a whole. */
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal;
}

export type Carried =
  | {
      readonly kind: 'carried';
      readonly over: 'udp' | 'http';
      readonly status: number;
      readonly body: Uint8Array;
      /** Of a redirect that the client may follow, by way of the gateway again. */
      readonly location?: string;
    }
  /** A sentence for the client. */
  | { readonly kind: 'failed'; readonly message: string };

interface Attempt {
  readonly url: TrackerUrl;
  readonly transport: 'udp' | 'tcp';
  /** One over TCP; one a family over UDP. */
  readonly targets: readonly SocketAddress[];
}

/** A silent endpoint gets a third of the time, so that two others have their chance. */
const ATTEMPTS_IN_TIME = 3;
/** How much longer the second family may take than the first; the other's peers are worth that, and no more. */
const SECOND_FAMILY_MILLISECONDS = 1000;

/** `urls` have neither path nor query, and stand in the order of preference; the client's own where none is declared. */
export async function carry(
  request: GatewayRequest,
  urls: readonly string[],
  options: CarryOptions,
): Promise<Carried> {
  const { clock, timeoutMilliseconds } = options;
  const deadline = clock.nowMilliseconds() + timeoutMilliseconds;
  const planned = await planAttempts(urls, options);
  if (planned.attempts.length === 0) return { kind: 'failed', message: planned.message };
  let failure: Carried = { kind: 'failed', message: 'the tracker does not answer' };
  let redirect: Carried | undefined;
  for (const attempt of planned.attempts) {
    const left = deadline - clock.nowMilliseconds();
    if (left <= 0 || options.signal.aborted) break;
    const limited = {
      ...options,
      timeoutMilliseconds: Math.min(left, timeoutMilliseconds / ATTEMPTS_IN_TIME),
    };
    const carried = await (attempt.transport === 'udp'
      ? carryOverUdp(request, attempt, limited)
      : carryOverHttp(request, attempt, limited));
    if (carried.kind === 'carried' && carried.location === undefined) return carried;
    // A redirect is worth handing over only if nothing better comes; a failure is nothing better.
    if (carried.kind === 'carried') redirect ??= carried;
    else if (carried.kind === 'failed') failure = carried;
  }
  return redirect ?? failure;
}

/** What came of one attempt. */
type Attempted = Carried | { readonly kind: 'silence' };

/** Those with a live address first, otherwise in order; `message` says why there is none. */
async function planAttempts(
  urls: readonly string[],
  { targets, health }: CarryOptions,
): Promise<{ readonly attempts: readonly Attempt[]; readonly message: string }> {
  const attempts: Attempt[] = []; // bounded by the endpoints of a record and the addresses of a host
  let message = 'the URL of the tracker is malformed';
  for (const text of urls) {
    const url = parseTrackerUrl(text);
    const host = url.kind === 'url' ? connectHost(url) : undefined;
    if (url.kind === 'fault' || host === undefined) continue;
    const found = await targets.find(host, effectivePort(url));
    if (found.kind === 'none') message = found.message;
    else attempts.push(...attemptsAt(url, found.targets, health));
  }
  const isLive = ({ transport, targets: places }: Attempt): boolean =>
    places.some((place) => !health.isDead({ ...place, transport }));
  const live = attempts.filter(isLive);
  return { attempts: [...live, ...attempts.filter((attempt) => !live.includes(attempt))], message };
}

function attemptsAt(url: TrackerUrl, targets: readonly SocketAddress[], health: EndpointHealth): Attempt[] {
  const transport = transportOf(url);
  if (transport === 'tcp') return targets.map((target) => ({ url, transport, targets: [target] }));
  const families = [false, true].map((isIpv6) =>
    targets.filter(({ address }) => address.includes(':') === isIpv6),
  );
  const rounds = Math.max(...families.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => {
    const both = families.flatMap((family) => family[round] ?? []);
    const live = both.filter((target) => !health.isDead({ ...target, transport }));
    return { url, transport, targets: live.length > 0 ? live : both };
  });
}

async function carryOverHttp(
  { rest, userAgent, authorization }: GatewayRequest,
  { url, targets }: Attempt,
  options: CarryOptions,
): Promise<Attempted> {
  const isSecure = url.scheme === 'https';
  const target = {
    ...targets[0]!,
    hostname: url.text.slice(url.hostStart, url.hostEnd),
    isSecure,
    path: rest,
  };
  const agent = isSecure ? options.agents.secure : options.agents.clear;
  const reached = await requestHttp(target, { ...options, userAgent, authorization, agent });
  options.health.note({ ...targets[0]!, transport: 'tcp' }, reached.kind === 'answered');
  if (reached.kind === 'answered') return judgeHttp(reached.result);
  return reached.kind === 'silence' ? reached : UNREACHABLE;
}

const UNREACHABLE: Carried = { kind: 'failed', message: 'the tracker cannot be reached' };

/** What is not bencoded comes from no tracker. */
function judgeHttp({ status, body, location }: HttpReply): Carried {
  if (location !== undefined)
    return { kind: 'carried', over: 'http', status, body: new Uint8Array(0), location };
  if (status >= 300 && status < 400) return { kind: 'failed', message: 'the tracker redirects to nowhere' };
  if (body.kind === 'too-large') return { kind: 'failed', message: 'the answer of the tracker is too large' };
  if (body.kind === 'packed-wrongly')
    return { kind: 'failed', message: 'the answer of the tracker is packed wrongly' };
  if (isReply(body.octets)) return { kind: 'carried', over: 'http', status, body: body.octets };
  return {
    kind: 'failed',
    message: status === 200 ? 'what answers is no tracker' : `the tracker answers with HTTP status ${status}`,
  };
}

async function carryOverUdp(
  request: GatewayRequest,
  attempt: Attempt,
  options: CarryOptions,
): Promise<Attempted> {
  const { asked, path } = request;
  if (asked.kind === 'announce') {
    const urlData = textToOctets(asked.rest === '' ? path : `${path}?${asked.rest}`);
    const results = await askFamilies(attempt, options, (tracker) =>
      options.udp.announce(tracker, asked.query, { ...options, urlData }),
    );
    const answers = results.flatMap((result) => (result.kind === 'announced' ? result : []));
    return answers.length > 0 ? overUdp(formatAnnounceReply(answers)) : refusalOf(results);
  }
  const results = await askFamilies(attempt, options, (tracker) =>
    options.udp.scrape(tracker, asked.infoHashes, options),
  );
  const answers = results.flatMap((result) => (result.kind === 'scraped' ? [result.torrents] : []));
  return answers.length > 0 ? overUdp(formatScrapeReply(asked.infoHashes, answers)) : refusalOf(results);
}

function overUdp(body: Uint8Array): Carried {
  return { kind: 'carried', over: 'udp', status: 200, body };
}

function refusalOf(results: readonly (AnnounceResult | ScrapeResult)[]): Attempted {
  for (const result of results) if (result.kind === 'refused') return overUdp(formatFailure(result.reason));
  return results.length === 0
    ? { kind: 'silence' }
    : { kind: 'failed', message: 'what answers is no tracker' };
}

/** The results of those families that answer, the later one soon after the first. */
function askFamilies<T extends AnnounceResult | ScrapeResult>(
  { targets }: Attempt,
  { health, clock }: CarryOptions,
  ask: (tracker: SocketAddress) => Promise<Reached<T>>,
): Promise<readonly T[]> {
  return new Promise((resolve) => {
    const results: T[] = [];
    let waiting = targets.length;
    let cancel: (() => void) | undefined;
    for (const target of targets) {
      void ask(target).then((reached) => {
        waiting--;
        const isTracker = reached.kind === 'answered' && reached.result.kind !== 'malformed';
        health.note({ ...target, transport: 'udp' }, isTracker);
        if (reached.kind === 'answered') results.push(reached.result);
        if (waiting === 0) {
          cancel?.();
          resolve(results);
        } else if (isTracker) {
          cancel = clock.schedule(SECOND_FAMILY_MILLISECONDS, () => resolve([...results]));
        }
      });
    }
  });
}
