// Where the gateway may connect to: addresses are looked up, judged, and the very address that was judged is the one that
// is connected, so that a name cannot mean one thing to the check and another to the connection (DNS rebinding).

import { formatSocketAddress, type SocketAddress } from '../../core/net/endpoint.ts';
import { isGlobalAddress } from '../../core/net/global-address.ts';
import { parseIpAddress } from '../../core/net/ip-address.ts';
import { isInAnyPrefix, type Prefix } from '../../core/net/prefix.ts';
import type { Clock } from '../../io/clock.ts';
import type { AddressAnswer, AddressLookup } from '../../io/resolver/address-lookup.ts';

export interface TargetsOptions {
  readonly addresses: AddressLookup;
  /** Networks that may be connected to although they are not the Internet. */
  readonly allowPrivate: readonly Prefix[];
  /** Never connected to, whatever is allowed: this gateway itself, the admin address of a server. */
  isForbidden(target: SocketAddress): boolean;
  readonly clock: Pick<Clock, 'nowMilliseconds'>;
}

export interface Targets {
  /** The addresses of `host` that may be connected to at `port`, IPv4 first. */
  find(host: string, port: number): Promise<FoundTargets>;
}

export type FoundTargets =
  | { readonly kind: 'targets'; readonly targets: readonly SocketAddress[] }
  /** The sentence is for the client. */
  | { readonly kind: 'none'; readonly message: string };

/** As many as a resolver's cache for one person's trackers; each is some hundred octets. */
const MAX_REMEMBERED_HOSTS = 4096;
/** A and AAAA are asked once a minute, as TXT is at most. */
const REMEMBER_MILLISECONDS = 60_000;

/**
 * Ports at which other protocols take a line of HTTP, or a datagram, for something of theirs: the list of the Fetch
 * standard (§2.9), which no browser connects to.
 */
const BAD_PORTS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

interface Remembered {
  readonly answers: Promise<readonly AddressAnswer[]>;
  readonly until: number;
  /** What came of them at the port that was asked for last. */
  judged?: { readonly port: number; readonly found: FoundTargets };
}

export function createTargets(options: TargetsOptions): Targets {
  const { addresses, clock } = options;
  const remembered = new Map<string, Remembered>(); // bounded by MAX_REMEMBERED_HOSTS: the longest known makes room

  function lookUp(host: string): Remembered {
    const known = remembered.get(host);
    if (known !== undefined && clock.nowMilliseconds() < known.until) return known;
    const answers = Promise.all([addresses.lookup(host, 4), addresses.lookup(host, 6)]);
    remembered.delete(host);
    const entry: Remembered = { answers, until: clock.nowMilliseconds() + REMEMBER_MILLISECONDS };
    remembered.set(host, entry);
    if (remembered.size > MAX_REMEMBERED_HOSTS) remembered.delete(remembered.keys().next().value!);
    return entry;
  }

  return {
    async find(host, port) {
      if (BAD_PORTS.has(port)) return none('the port of the tracker is one of another protocol');
      const entry = lookUp(host);
      if (entry.judged?.port === port) return entry.judged.found;
      const found = judge(await entry.answers, port, options);
      if (found.kind === 'unknown') {
        remembered.delete(host);
        return none('the host of the tracker cannot be looked up');
      }
      entry.judged = { port, found };
      return found;
    },
  };
}

function judge(
  answers: readonly AddressAnswer[],
  port: number,
  options: TargetsOptions,
): FoundTargets | { readonly kind: 'unknown' } {
  const addresses = answers.flatMap((answer) => (answer.kind === 'addresses' ? answer.addresses : []));
  if (addresses.length === 0) {
    const isUnknown = answers.some(({ kind }) => kind === 'failed');
    return isUnknown ? { kind: 'unknown' } : none('the host of the tracker has no address');
  }
  const targets = addresses
    .map((address) => ({ address, port }))
    .filter((target) => isAllowed(target, options));
  if (targets.length === 0) return none('the gateway does not connect to the address of the tracker');
  return { kind: 'targets', targets };
}

function none(message: string): FoundTargets {
  return { kind: 'none', message };
}

function isAllowed(target: SocketAddress, { allowPrivate, isForbidden }: TargetsOptions): boolean {
  const octets = parseIpAddress(target.address);
  if (octets === undefined || isUnspecified(target.address) || isMapped(target.address)) return false;
  if (isForbidden(target)) return false;
  const source = { family: octets.length === 4 ? 4 : 6, octets, port: target.port } as const;
  return isGlobalAddress(octets) || isInAnyPrefix(source, allowPrivate);
}

/** Whether a connection to `target` would end at a socket that listens at `listener`. */
export function isSameSocket(
  target: SocketAddress,
  listener: SocketAddress,
  localAddresses: () => readonly string[],
): boolean {
  if (target.port !== listener.port) return false;
  // All of 127/8 comes to a wildcard, whatever addresses the interface has.
  const isWildcard = listener.address === '0.0.0.0' || listener.address === '::';
  return isWildcard
    ? target.address.startsWith('127.') || localAddresses().includes(target.address)
    : formatSocketAddress(target) === formatSocketAddress(listener);
}

/** An IPv4 address in disguise, which would pass for another than it is; no tracker publishes one. */
function isMapped(address: string): boolean {
  return address.startsWith('::ffff:');
}

/** Connecting to it means this machine. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
