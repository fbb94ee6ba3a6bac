// One primary is asked: has it a newer version, and what is it? Changes are asked for first, the whole zone where those
// cannot be had or do not fit.

import type { SocketAddress } from '../../core/net/endpoint.ts';
import { applyChanges } from '../../core/transfer/apply-changes.ts';
import { createTransferReader, type TransferReading } from '../../core/transfer/incoming.ts';
import { isNewerSerial } from '../../core/transfer/serial.ts';
import { signRequest } from '../../core/transfer/tsig.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import { TsigStream } from '../../core/transfer/tsig-stream.ts';
import {
  encodeZoneQuery,
  readSoaReply,
  type SoaReply,
  type ZoneQuery,
} from '../../core/transfer/zone-query.ts';
import type { RecordTable } from '../../core/zone/record-table.ts';
import type { Clock } from '../../io/clock.ts';
import { exchangeDatagram } from '../../io/dns-client/dns-exchange.ts';
import {
  readTransfer,
  type TlsPeer,
  TransferError,
  type TransferLimits,
} from '../../io/dns-client/transfer-client.ts';
import { hmac } from '../../io/hmac.ts';

export interface FetchOptions {
  /** Wire form. */
  readonly apex: Uint8Array;
  readonly primary: SocketAddress;
  readonly key: TsigKey | undefined;
  readonly tls: TlsPeer | undefined;
  /** The version at hand. */
  readonly serial: number | undefined;
  /** Its records, to apply changes to: a table of the caller's making, which is changed. Undefined: not any more. */
  readRecords(): RecordTable | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  randomOctets(length: number): Uint8Array;
  readonly limits?: Partial<TransferLimits>;
}

export type Fetched =
  /** The primary has the version at hand. */
  | { readonly kind: 'current' }
  | {
      readonly kind: 'fetched';
      readonly records: RecordTable;
      readonly serial: number;
      /** By its changes (IXFR) or whole. */
      readonly how: 'changes' | 'zone';
      /** Records that were outside the zone. */
      readonly ignored: number;
    }
  /** A phrase without secrets and without the primary's address. */
  | { readonly kind: 'failed'; readonly reason: string };

/** A datagram and its repetition: BIND asks after 15 s again, Knot and NSD after 5 s; a lost packet costs this. */
const DATAGRAM_MILLISECONDS = 3000;
const DATAGRAM_ATTEMPTS = 2;

/** Never rejects for what the primary or the network does. */
export async function fetchZone(options: FetchOptions): Promise<Fetched> {
  const { serial } = options;
  if (serial === undefined) return await fetchWhole(options);
  const soa = await askSerial(options);
  if (soa.kind === 'failed') return { kind: 'failed', reason: soa.message };
  if (soa.serial === serial) return { kind: 'current' };
  if (!isNewerSerial(soa.serial, serial)) return olderVersion(soa.serial, serial);
  const changes = await readAnswer('ixfr', options);
  if (changes.kind === 'done') return newerZone(changes, serial);
  if (changes.kind === 'incremental') {
    const records = options.readRecords();
    const fits = records !== undefined && applyChanges(options.apex, records, changes.changes) === undefined;
    if (fits) return { ...changes, kind: 'fetched', records, how: 'changes' };
  }
  // Changes that do not fit, a primary that knows no IXFR and says so in its own way, or one that has just changed.
  if (options.signal.aborted) return { kind: 'failed', reason: 'The server stops.' };
  return await fetchWhole(options);
}

async function fetchWhole(options: FetchOptions): Promise<Fetched> {
  const reading = await readAnswer('axfr', options);
  if (reading.kind === 'failed') return { kind: 'failed', reason: reading.message };
  if (reading.kind !== 'done') return { kind: 'failed', reason: 'The primary answers AXFR with changes.' };
  return newerZone(reading, options.serial);
}

/** Behind one address there may be several servers: what one says of its serial another need not have. */
function newerZone(reading: Extract<TransferReading, { kind: 'done' }>, serial: number | undefined): Fetched {
  if (serial === reading.serial) return { kind: 'current' };
  if (serial !== undefined && !isNewerSerial(reading.serial, serial))
    return olderVersion(reading.serial, serial);
  return { ...reading, kind: 'fetched', how: 'zone' };
}

function olderVersion(theirs: number, ours: number): Fetched {
  return { kind: 'failed', reason: `The primary has an older version (${theirs}, here is ${ours}).` };
}

type Serial = Exclude<SoaReply, { kind: 'truncated' }>;

/** By datagram, and over a connection where that says nothing or is cut short; over TLS alone where TLS is wanted. */
async function askSerial(options: FetchOptions): Promise<Serial> {
  const { clock, signal, primary } = options;
  for (let attempt = 1; options.tls === undefined && attempt <= DATAGRAM_ATTEMPTS; attempt++) {
    const { request, accept } = prepare('soa', options);
    const exchange = await exchangeDatagram(primary, request, {
      timeoutMilliseconds: DATAGRAM_MILLISECONDS,
      clock,
      signal,
      accept: (message) => readSigned(message, accept()),
    });
    if (exchange.kind === 'unreachable') break;
    if (exchange.kind === 'silence') continue;
    if (exchange.reply.kind !== 'truncated') return exchange.reply;
    break;
  }
  const { request, accept } = prepare('soa', options);
  let soa: SoaReply | undefined;
  const reason = await converse(request, options, (message) => {
    soa = readSigned(message, accept());
    return true;
  });
  if (reason !== undefined) return { kind: 'failed', message: reason };
  if (soa === undefined || soa.kind === 'truncated')
    return { kind: 'failed', message: 'The primary answers another question.' };
  return soa;

  function readSigned(message: Uint8Array, { query, tsig }: Verifying): SoaReply | undefined {
    const reply = readSoaReply(message, query);
    if (reply === undefined || tsig === undefined) return reply;
    const check = tsig.verify(message, clock.nowSeconds());
    if (check.kind === 'verified') return reply;
    // Whoever cannot sign must not keep the real reply from being heard.
    if (reply.kind !== 'failed') return undefined;
    const why =
      check.kind === 'rejected' ? `does not take our signature: ${check.error}` : 'does not sign its reply';
    return { kind: 'failed', message: `The primary ${why}.` };
  }
}

async function readAnswer(
  kind: 'axfr' | 'ixfr',
  options: FetchOptions,
): Promise<Exclude<TransferReading, { kind: 'more' }> | { kind: 'failed'; message: string }> {
  const { request, accept } = prepare(kind, options);
  const { query, tsig } = accept();
  const { apex, id, serial } = query;
  const reader = createTransferReader({ apex, id, kind, tsig, ...(serial !== undefined && { serial }) });
  let reading: TransferReading = { kind: 'more' };
  const reason = await converse(request, options, (message) => {
    reading = reader.read(message, options.clock.nowSeconds());
    return reading.kind !== 'more';
  });
  const last = reading as TransferReading;
  if (reason !== undefined || last.kind === 'more') return { kind: 'failed', message: reason ?? 'cut short' };
  return last;
}

interface Verifying {
  readonly query: ZoneQuery;
  readonly tsig: TsigStream | undefined;
}

interface Prepared {
  readonly request: Uint8Array;
  /** A verifier for the reply; a new one for each datagram that may be it. */
  accept(): Verifying;
}

function prepare(kind: ZoneQuery['kind'], options: FetchOptions): Prepared {
  const { apex, key, serial, clock } = options;
  const [high, low] = options.randomOctets(2) as Uint8Array & [number, number];
  const query = { id: (high << 8) | low, apex, kind, ...(serial !== undefined && { serial }) };
  const message = encodeZoneQuery(query);
  if (key === undefined) return { request: message, accept: () => ({ query, tsig: undefined }) };
  const { message: request, mac } = signRequest(message, { key, hmac, nowSeconds: clock.nowSeconds() });
  return { request, accept: () => ({ query, tsig: new TsigStream({ key, hmac, requestMac: mac }) }) };
}

/** Why it did not come to an end, or undefined. */
async function converse(
  request: Uint8Array,
  { primary: server, tls, clock, signal, limits }: FetchOptions,
  take: (message: Uint8Array) => boolean,
): Promise<string | undefined> {
  try {
    await readTransfer({
      server,
      tls,
      request,
      clock,
      signal,
      take,
      ...(limits !== undefined && { limits }),
    });
    return undefined;
  } catch (error) {
    if (error instanceof TransferError) return error.reason;
    throw error;
  }
}
