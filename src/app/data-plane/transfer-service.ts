// Zone transfers, served: who asks, whether they may, and what they get. The messages go out as the client reads them
// (io/streams/long-reply.ts); the zone's memory is not used again before the last (core/transfer/image-lease.ts).

import { Counter, type Counters } from '../../core/counters.ts';
import { Rcode } from '../../core/dns/record-type.ts';
import { isAllowed } from '../../core/transfer/access.ts';
import { changesOf } from '../../core/transfer/changes.ts';
import {
  createIncrementalTransfer,
  createTransferRefusal,
  createZoneTransfer,
  type OutgoingTransfer,
  type TransferSigner,
} from '../../core/transfer/outgoing.ts';
import { findTransferZone, readTransferRequest, type TransferRequest } from '../../core/transfer/request.ts';
import { transferCounter } from '../../core/transfer/transfer-counter.ts';
import { signReply, type TsigCheck, tsigReplyOctets, verifyTsig } from '../../core/transfer/tsig.ts';
import { TsigStream } from '../../core/transfer/tsig-stream.ts';
import { type Catalog, createCatalog } from '../../core/zone/image/catalog.ts';
import type { ZoneImage } from '../../core/zone/image/image.ts';
import { hmac } from '../../io/hmac.ts';
import { type NetworkPrefix, prefixOf } from '../../io/streams/connection-limits.ts';
import type { TransferHandler } from '../../io/streams/dns-stream.ts';
import type { StreamPeer } from '../../io/streams/stream-protocol.ts';
import { NO_TRANSFERS, type Publication, type TransferPolicy } from './data-plane.ts';

export interface TransferService {
  /** See {@link TransferHandler}. */
  readonly answer: TransferHandler;
  /** Transfers that have begun go on with the images that they began with. */
  publish(publication: Publication): void;
}

export interface TransferServiceOptions {
  /** What images are compiled with. */
  readonly seed: number;
  readonly counters: Counters;
  nowSeconds(): number;
}

/** BIND's `transfers-out` is 10 and Knot has a thread for each; here one is a buffer, and a message a turn. */
const MAX_TRANSFERS = 64;
/** At once to one IPv4 address or IPv6 /64: a secondary of many zones fetches some side by side (BIND: 2, Knot: 10). */
const MAX_TRANSFERS_PER_PREFIX = 16;
/** RFC 9103 §8.1: over TLS, no older version may carry a transfer. */
const TRANSFER_TLS_VERSION = 'TLSv1.3';
/** RFC 9103 §7.1. */
const TRANSFER_TLS_PROTOCOL = 'dot';

export function createTransferService({
  seed,
  counters,
  nowSeconds,
}: TransferServiceOptions): TransferService {
  let catalog: Catalog = createCatalog([], seed);
  let policy: TransferPolicy = NO_TRANSFERS;
  const places = createPlaces();

  function begin(request: TransferRequest, message: Uint8Array, peer: StreamPeer): OutgoingTransfer {
    const check = verifyTsig(message, policy.keys, hmac, nowSeconds());
    const refuse = (rcode: RefusalCode): OutgoingTransfer => {
      counters[Counter.transfersRefused]!++;
      return createTransferRefusal(request, rcode, replySigner(check, nowSeconds));
    };
    if (check.kind === 'bad') return refuse(check.error === 'FORMERR' ? Rcode.FORMERR : Rcode.NOTAUTH);
    const image = findTransferZone(catalog, request);
    if (image === undefined) return refuse(Rcode.NOTAUTH);
    const keyName = check.kind === 'verified' ? check.key.name : undefined;
    if (!isAllowed(policy.rules, peer.source, keyName) || !isChannelAllowed(peer))
      return refuse(Rcode.REFUSED);
    const prefix = prefixOf(peer.source);
    // A copy of another server's zone that has expired, or was never had (RFC 1035 §4.3.5).
    if (image.isUnavailable) return refuse(Rcode.SERVFAIL);
    // What the secondary does with it: tries again after its `retry`.
    if (!places.take(prefix)) return refuse(Rcode.SERVFAIL);
    const transfer = create(image, request, streamSigner(check, nowSeconds));
    counters[transferCounter(transfer.form)]!++;
    return withEnd(transfer, (isWhole) => {
      places.leave(prefix);
      if (!isWhole) counters[Counter.transfersCutShort]!++;
    });
  }

  function create(
    image: ZoneImage,
    request: TransferRequest,
    signer: TransferSigner | undefined,
  ): OutgoingTransfer {
    const options = signer === undefined ? {} : { signer };
    if (request.kind === 'axfr') return createZoneTransfer(image, request, options);
    return createIncrementalTransfer(image, changesOf(policy.journals, image), request, options);
  }

  const answer: TransferHandler = (octets, offset, length, peer) => {
    const request = readTransferRequest(octets, offset, length);
    if (request === undefined) return undefined;
    counters[Counter.dnsTcpQueries]!++;
    // A copy: the input is gone before the last message is signed.
    return begin(request, octets.slice(offset, offset + length), peer);
  };

  return {
    answer,
    publish({ images, transfers = NO_TRANSFERS }) {
      catalog = createCatalog(images, seed);
      policy = transfers;
    },
  };
}

type RefusalCode = (typeof Rcode)[keyof typeof Rcode];

/**
 * In clear text the network is whose business it is; what is promised to be confidential must be so by RFC 9103. NSD,
 * BIND, dig and kdig all name the protocol.
 */
function isChannelAllowed(peer: StreamPeer): boolean {
  const session = peer.tls();
  return (
    session === undefined ||
    (session.version === TRANSFER_TLS_VERSION && session.protocol === TRANSFER_TLS_PROTOCOL)
  );
}

/** For a transfer that takes place; undefined where the request was not signed. */
function streamSigner(check: TsigCheck, nowSeconds: () => number): TransferSigner | undefined {
  if (check.kind !== 'verified') return undefined;
  const stream = new TsigStream({ key: check.key, hmac, requestMac: check.requestMac });
  return {
    reservedOctets: stream.reservedOctets,
    sign: (output, offset, length) => stream.sign(output, offset, length, nowSeconds()),
  };
}

/** For the one message that says no: with BADSIG and BADKEY a TSIG without MAC says why (RFC 8945 §5.3.2). */
function replySigner(check: TsigCheck, nowSeconds: () => number): TransferSigner | undefined {
  const reservedOctets = tsigReplyOctets(check);
  if (reservedOctets === 0) return undefined;
  return {
    reservedOctets,
    sign: (output, offset, length) =>
      signReply(output, offset, length, { check, hmac, nowSeconds: nowSeconds() }),
  };
}

/** `isWhole`: the client was given the last message too. */
function withEnd(transfer: OutgoingTransfer, onEnd: (isWhole: boolean) => void): OutgoingTransfer {
  let isOver = false;
  let isWhole = false;
  return {
    form: transfer.form,
    next(output, offset) {
      const length = transfer.next(output, offset);
      isWhole = length === 0;
      return length;
    },
    end() {
      if (isOver) return;
      isOver = true;
      transfer.end();
      onEnd(isWhole);
    },
  };
}

/** How many transfers are under way, in all and to one neighbourhood. */
function createPlaces() {
  /** Bounded by {@link MAX_TRANSFERS}. */
  const taken = new Map<NetworkPrefix, number>();
  let count = 0;
  return {
    take(prefix: NetworkPrefix): boolean {
      const here = taken.get(prefix) ?? 0;
      if (count >= MAX_TRANSFERS || here >= MAX_TRANSFERS_PER_PREFIX) return false;
      count++;
      taken.set(prefix, here + 1);
      return true;
    },
    leave(prefix: NetworkPrefix): void {
      const here = taken.get(prefix) ?? 0;
      count--;
      if (here > 1) taken.set(prefix, here - 1);
      else taken.delete(prefix);
    },
  };
}
