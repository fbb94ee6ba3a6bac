// Announces to every endpoint of a tracker at every address of its host, and says what answers and what is wrong.
// Two peers announce one after the other, so that the second has somebody to be told of; both leave with `stopped`.

import { textToOctets } from '../../core/octets/text.ts';
import type { AnnounceQuery } from '../../core/tracker/client/announce-query.ts';
import { formatAnnounceQuery } from '../../core/tracker/client/http-messages.ts';
import type { Clock } from '../../io/clock.ts';
import type { AddressAnswer, AddressLookup } from '../../io/resolver/address-lookup.ts';
import { createGate, type Gate } from '../../io/resolver/gate.ts';
import { announceHttp, type HttpResult } from '../../io/tracker-clients/http-tracker-client.ts';
import type { Reached } from '../../io/tracker-clients/reached.ts';
import { createUdpTrackers, type UdpTrackers } from '../../io/tracker-clients/udp-trackers.ts';
import { judgeCertificate, judgeLists, judgeReached, type Problem } from './judge-probe.ts';
import type { ProbeEndpoint, ProbePlan } from './probe-plan.ts';

export interface ProbeOptions {
  readonly addresses: AddressLookup;
  readonly families: readonly (4 | 6)[];
  /** For one announce. */
  readonly timeoutMilliseconds: number;
  readonly userAgent: string;
  /** Of a torrent that the tracker knows, for those that refuse others; random otherwise. */
  readonly infoHash?: Uint8Array | undefined;
  readonly clock: Clock;
  randomOctets(length: number): Uint8Array;
  readonly signal: AbortSignal;
}

/** One endpoint at one address. */
export interface ProbeResult {
  readonly endpoint: ProbeEndpoint;
  /** Undefined where the family has none to announce to. */
  readonly address: string | undefined;
  readonly family: 4 | 6 | undefined;
  /** Of the first announce, connecting included; undefined where nothing answered. */
  readonly milliseconds: number | undefined;
  /** Seconds; undefined where no announce was accepted. */
  readonly interval: number | undefined;
  readonly problems: readonly Problem[];
}

/** Each is a socket or two; trackers of one host see a few at once. */
const MAX_PROBES_IN_FLIGHT = 32;

/** Ports that nobody keeps on a blacklist (Transmission's and the next): port 0 is refused, and 6881–6889 by some. */
const PEER_PORTS = { first: 51_413, second: 51_414 } as const;
/** BEP 20: two letters and a version. */
const PEER_ID_PREFIX = '-PN0001-';
const PEER_ID_RANDOM_OCTETS = 12;

export interface Prober {
  /** Results in the order of the endpoints, IPv4 before IPv6. */
  probe(plan: ProbePlan): Promise<readonly ProbeResult[]>;
  /** Ends what is in flight over UDP as silence. Safe twice. */
  close(): void;
}

/** What one announce needs of its prober. */
interface Means extends ProbeOptions {
  readonly udp: UdpTrackers;
}

/** All probes of one prober share the bound on how many are in flight. */
export function createProber(options: ProbeOptions): Prober {
  const gate = createGate(MAX_PROBES_IN_FLIGHT);
  const udp = createUdpTrackers(options);
  const means: Means = { ...options, udp };
  return {
    close: () => udp.close(),
    async probe({ host, endpoints }) {
      const found = await Promise.all(
        options.families.map(async (family) => ({
          family,
          answer: await options.addresses.lookup(host, family),
        })),
      );
      const rows = endpoints.map((endpoint) => probeEndpoint(endpoint, found, means, gate));
      return (await Promise.all(rows)).flat();
    },
  };
}

interface FamilyAnswer {
  readonly family: 4 | 6;
  readonly answer: AddressAnswer;
}

function probeEndpoint(
  endpoint: ProbeEndpoint,
  found: readonly FamilyAnswer[],
  options: Means,
  gate: Gate,
): Promise<ProbeResult[]> {
  const rows: Promise<ProbeResult>[] = []; // bounded by the addresses that a look-up gives
  for (const { family, answer } of found) {
    if (answer.kind === 'addresses') {
      for (const address of answer.addresses)
        rows.push(gate(() => probeAddress({ endpoint, address, family }, options)));
    } else if (answer.kind === 'failed') {
      const message = `the IPv${family} addresses of the host cannot be looked up: ${answer.reason}`;
      rows.push(Promise.resolve(unasked(endpoint, family, { code: 'lookup-failed', message })));
    }
  }
  if (rows.length === 0) {
    const only = found.length === 1 ? found[0]!.family : undefined;
    const message = `the host has no ${only === undefined ? '' : `IPv${only} `}address`;
    rows.push(Promise.resolve(unasked(endpoint, only, { code: 'no-address', message })));
  }
  return Promise.all(rows);
}

function unasked(endpoint: ProbeEndpoint, family: 4 | 6 | undefined, problem: Problem): ProbeResult {
  return {
    endpoint,
    address: undefined,
    family,
    milliseconds: undefined,
    interval: undefined,
    problems: [problem],
  };
}

interface Place {
  readonly endpoint: ProbeEndpoint;
  readonly address: string;
  readonly family: 4 | 6;
}

async function probeAddress(place: Place, options: Means): Promise<ProbeResult> {
  const { clock } = options;
  const infoHash = options.infoHash ?? options.randomOctets(20);
  const first = createPeer(infoHash, PEER_PORTS.first, options);
  let validTo: Date | undefined;
  const reached = await announce(place, first, options, (date) => {
    validTo = date;
  });
  const problems = [...judgeReached(reached)];
  if (validTo !== undefined) problems.push(...judgeCertificate(validTo.getTime() / 1000, clock.nowSeconds()));
  const isAnnounced = reached.kind === 'answered' && reached.result.kind === 'announced';
  if (isAnnounced) {
    const second = createPeer(infoHash, PEER_PORTS.second, options);
    problems.push(...(await probeLists(place, second, options)));
    await Promise.all(
      [first, second].map((peer) => announce(place, { ...peer, event: 'stopped', numwant: 0 }, options)),
    );
  }
  return {
    ...place,
    milliseconds: reached.kind === 'answered' ? reached.milliseconds : undefined,
    interval: isAnnounced && reached.result.kind === 'announced' ? reached.result.interval : undefined,
    problems,
  };
}

/** The second announce, to which the first peer should be told. */
async function probeLists(place: Place, second: AnnounceQuery, options: Means): Promise<readonly Problem[]> {
  const reached = await announce(place, second, options);
  if (reached.kind !== 'answered' || reached.result.kind !== 'announced') {
    return judgeReached(reached).map(({ code, message }) => ({ code, message: `a second peer: ${message}` }));
  }
  return judgeLists(reached.result, {
    family: place.family,
    isHttp: place.endpoint.scheme !== 'udp',
    isAlone: options.infoHash === undefined,
  });
}

function createPeer(infoHash: Uint8Array, port: number, { randomOctets }: ProbeOptions): AnnounceQuery {
  const peerId = new Uint8Array(20);
  peerId.set(textToOctets(PEER_ID_PREFIX), 0);
  peerId.set(randomOctets(PEER_ID_RANDOM_OCTETS), PEER_ID_PREFIX.length);
  const amounts = { uploaded: 0n, downloaded: 0n, left: 1n } as const;
  return { infoHash, peerId, port, ...amounts, event: 'started', numwant: 50, key: undefined };
}

function announce(
  { endpoint, address }: Place,
  query: AnnounceQuery,
  options: Means,
  onCertificate?: (validTo: Date) => void,
): Promise<Reached<HttpResult>> {
  const { scheme, port, host, path } = endpoint;
  if (scheme === 'udp')
    return options.udp.announce({ address, port }, query, { ...options, urlData: textToOctets(path) });
  const hostname = host.includes(':') ? `[${host}]` : host;
  const asked = `${path}${path.includes('?') ? '&' : '?'}${formatAnnounceQuery(query)}`;
  return announceHttp(
    { address, port, hostname, isSecure: scheme === 'https', path: asked },
    { ...options, onCertificate },
  );
}
