// NOTIFY from here (RFC 1996): those of `dns.notify` are told that a zone has a new version, again and again for a while
// until they answer. Who hears nothing asks by himself when his copy's time has come.

import { Counter, type Counters } from '../../core/counters.ts';
import { formatRcode } from '../../core/dns/rcode.ts';
import { Rcode } from '../../core/dns/record-type.ts';
import { formatSocketAddress } from '../../core/net/endpoint.ts';
import { formatKeyName } from '../../core/transfer/access.ts';
import { appendSoa } from '../../core/transfer/image-records.ts';
import { encodeNotify, type NotifyMessage, readNotifyReply } from '../../core/transfer/notify.ts';
import { fieldsOf, RecordBlock, recordEnd } from '../../core/transfer/record-block.ts';
import { RECORD_FIELDS_OCTETS } from '../../core/transfer/transfer-message.ts';
import { signRequest } from '../../core/transfer/tsig.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import { TsigStream } from '../../core/transfer/tsig-stream.ts';
import type { ZoneImage } from '../../core/zone/image/image.ts';
import type { Clock } from '../../io/clock.ts';
import { exchangeDatagram } from '../../io/dns-client/dns-exchange.ts';
import { hmac } from '../../io/hmac.ts';
import type { Logger } from '../../io/log.ts';
import type { NotifyTarget } from '../config/remote-values.ts';
import { createFairQueue } from './fair-queue.ts';

/** RFC 1996 §3.6: one and at most five more, each after a longer wait. Seconds; a minute in all, as long as it asks for. */
const NOTIFY_WAIT_SECONDS: readonly number[] = [2, 4, 8, 16, 32];
/** Sockets that wait for an answer at once; BIND's `notify-rate` is 20 a second. */
const MAX_NOTIFIES = 32;
/** Of those, to one server: one that is silent holds its places for a minute a zone. */
const MAX_NOTIFIES_A_SERVER = 8;

export interface Notifier {
  /** Tells every target of the zone's version; an older one that is still being told makes way. */
  notify(zone: string, image: ZoneImage): void;
  /** Leaves what is under way; safe twice, and waits. */
  stop(): Promise<void>;
}

export interface NotifierOptions {
  readonly targets: readonly NotifyTarget[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  randomOctets(length: number): Uint8Array;
  /** Those of the configuration's key files, as they are now. */
  keys(): readonly TsigKey[];
}

/** One zone to one target. */
interface Errand {
  readonly zone: string;
  readonly target: NotifyTarget;
  /** The image's own octets are used again when it is replaced: these are copies. */
  readonly apex: Uint8Array;
  readonly soa: Uint8Array;
  readonly ending: AbortController;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { targets, logger } = options;
  /** By zone and target, those that wait and those under way: bounded by zones times targets. */
  const errands = new Map<string, Errand>();
  let isStopped = false;
  const queue = createFairQueue<string>({
    total: MAX_NOTIFIES,
    perServer: MAX_NOTIFIES_A_SERVER,
    async run(key) {
      const errand = errands.get(key)!;
      try {
        await deliver(errand, options);
      } catch (error) {
        logger.error('a NOTIFY failed: please report this', { error: error as Error });
      }
      if (errands.get(key) === errand) errands.delete(key);
    },
  });

  return {
    notify(zone, image) {
      if (isStopped || targets.length === 0) return;
      const apex = image.apex.slice();
      const soa = soaRdataOf(image);
      for (const target of targets) {
        const server = formatSocketAddress(target);
        const key = `${zone} ${server}`;
        errands.get(key)?.ending.abort();
        errands.set(key, { zone, target, apex, soa, ending: new AbortController() });
        queue.push(server, key);
      }
    },
    async stop() {
      isStopped = true;
      for (const { ending } of errands.values()) ending.abort();
      await queue.stop();
    },
  };
}

function soaRdataOf(image: ZoneImage): Uint8Array {
  const block = new RecordBlock();
  appendSoa(image, block);
  const octets = block.octets();
  const fields = fieldsOf(octets, 0);
  return octets.slice(fields + RECORD_FIELDS_OCTETS, recordEnd(octets, fields));
}

async function deliver(errand: Errand, options: NotifierOptions): Promise<void> {
  const { zone, target, ending } = errand;
  const { clock, logger, counters } = options;
  const where = formatSocketAddress(target);
  const key = options.keys().find(({ name }) => formatKeyName(name) === target.key);
  if (target.key !== undefined && key === undefined) {
    logger.warn(`${where} is not told of ${zone}: there is no key ${target.key}`);
    return;
  }
  for (const seconds of NOTIFY_WAIT_SECONDS) {
    const { request, accept } = prepare(errand, key, options);
    const begunAt = clock.nowMilliseconds();
    const timeoutMilliseconds = seconds * 1000;
    const { signal } = ending;
    const exchange = await exchangeDatagram(target, request, { timeoutMilliseconds, clock, signal, accept });
    if (signal.aborted) return;
    if (exchange.kind === 'reply') {
      const name = formatRcode(exchange.reply);
      const isHeard = exchange.reply === Rcode.NOERROR;
      counters[isHeard ? Counter.notifiesHeard : Counter.notifiesUnheard]!++;
      if (isHeard) logger.info(`${where} is told of ${zone}`);
      else logger.warn(`${where} does not take the NOTIFY of ${zone}: ${name}`);
      return;
    }
    // A server that is just being started refuses at once, and must not use up all attempts.
    const left = timeoutMilliseconds - (clock.nowMilliseconds() - begunAt);
    if (exchange.kind === 'unreachable') await pause(left, clock, signal);
    if (signal.aborted) return;
  }
  counters[Counter.notifiesUnheard]!++;
  logger.warn(`${where} did not answer the NOTIFY of ${zone}`);
}

interface Prepared {
  readonly request: Uint8Array;
  /** The response code of a reply that is one. */
  accept(message: Uint8Array): number | undefined;
}

function prepare({ apex, soa }: Errand, key: TsigKey | undefined, options: NotifierOptions): Prepared {
  const [high, low] = options.randomOctets(2) as Uint8Array & [number, number];
  const nowSeconds = (): number => options.clock.nowSeconds();
  const notify: NotifyMessage = { id: (high << 8) | low, zone: apex, soa };
  const message = encodeNotify(notify);
  if (key === undefined) return { request: message, accept: (reply) => readNotifyReply(reply, notify) };
  const { message: request, mac } = signRequest(message, { key, hmac, nowSeconds: nowSeconds() });
  return {
    request,
    accept(reply) {
      const rcode = readNotifyReply(reply, notify);
      if (rcode === undefined) return undefined;
      const check = new TsigStream({ key, hmac, requestMac: mac }).verify(reply, nowSeconds());
      // A refusal may come unsigned (RFC 8945 §5.3.2); good news may not.
      return check.kind === 'verified' || rcode !== Rcode.NOERROR ? rcode : undefined;
    },
  };
}

function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.schedule(Math.max(0, milliseconds), end);
    signal.addEventListener('abort', end, { once: true });
  });
}
