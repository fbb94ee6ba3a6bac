// Passkeys that the operator's site vouches for. Threads that meet a key which nobody knows leave it in a ring, and tell
// their client to come again in a minute; here it is asked about, once however many want to know, and the answer goes into
// the table that all of them read. Nobody waits for anybody.

import { ASKS_PUT, asksPut, attachPasskeyAsks, takeAsks } from '../../core/access/passkey-asks.ts';
import { PasskeyState, writePasskeyId } from '../../core/access/passkey-table.ts';
import { octetsToText } from '../../core/octets/text.ts';
import type { Cancel, Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { askAboutPasskey, PasskeyCallbackError } from '../../io/passkey-callback.ts';
import type { PasskeyConfig } from '../config/access-settings.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { KnownPasskeys } from './known-passkeys.ts';
import type { PasskeySource } from './passkeys.ts';

/** A site answers so many at once without a thought. */
const MAX_ASKED = 8;
/** Keys that wait for their turn; more are dropped, and asked about when their clients come again. */
const MAX_WAITING = 1024;
/** One line a minute however many questions fail. */
const COMPLAINT_SECONDS = 60;
/** Answers that have ended are forgotten so often. */
const SWEEP_MILLISECONDS = 60_000;

export interface PasskeyCallbackOptions {
  readonly config: Extract<PasskeyConfig, { kind: 'callback' }>;
  readonly known: KnownPasskeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function openPasskeyCallback(options: PasskeyCallbackOptions): PasskeySource {
  const { config, known, logger } = options;
  const clock = createSteadyClock(options.clock);
  const asks = attachPasskeyAsks(known.table.shared.asks!);
  const stop = new AbortController();
  /** Keys that are asked about, or wait: at most {@link MAX_WAITING} and {@link MAX_ASKED}. In memory only. */
  const pending = new Map<string, Promise<void> | undefined>();
  let asked = 0;
  let saidAtSeconds = Number.NEGATIVE_INFINITY;
  let cancelSweep: Cancel = () => {};
  let listening: Promise<void> = Promise.resolve();

  function complain(error: PasskeyCallbackError): void {
    const now = clock.nowSeconds();
    if (stop.signal.aborted || now - saidAtSeconds < COMPLAINT_SECONDS) return;
    saidAtSeconds = now;
    logger.error(
      `access.passkey_url is of no help: ${error.message}; keys that are not known yet have to wait`,
    );
  }

  async function ask(passkey: string): Promise<void> {
    try {
      const answer = await askAboutPasskey(config.callback, passkey, stop.signal);
      const octets = Buffer.from(passkey, 'latin1');
      const id = new Int32Array(4);
      writePasskeyId(known.table, octets, 0, octets.length, id);
      const isAllowed = answer.kind === 'allowed';
      const seconds = isAllowed ? config.allowedSeconds : config.deniedSeconds;
      const state = isAllowed ? PasskeyState.allowed : PasskeyState.denied;
      known.set(id, state, clock.nowSeconds() + seconds, isAllowed ? answer.label : undefined);
    } catch (error) {
      if (!(error instanceof PasskeyCallbackError)) throw error;
      complain(error);
    } finally {
      pending.delete(passkey);
      asked--;
      askNext();
    }
  }

  function askNext(): void {
    for (const [passkey, question] of pending) {
      if (asked >= MAX_ASKED || stop.signal.aborted) return;
      if (question !== undefined) continue;
      asked++;
      pending.set(passkey, ask(passkey));
    }
  }

  /** Whatever a thread puts into the ring wakes this one. */
  async function listen(): Promise<void> {
    while (!stop.signal.aborted) {
      const seen = asksPut(asks);
      for (const octets of takeAsks(asks)) {
        const passkey = octetsToText(octets);
        if (!pending.has(passkey) && pending.size < MAX_WAITING) pending.set(passkey, undefined);
      }
      askNext();
      const woken = Atomics.waitAsync(asks.words, ASKS_PUT, seen);
      if (woken.async) await woken.value;
    }
  }

  /** A key that was let in is let in for as long again while its site does not answer. */
  function sweep(): Cancel {
    return clock.schedule(SWEEP_MILLISECONDS, () => {
      known.forgetBefore(clock.nowSeconds() - config.allowedSeconds);
      cancelSweep = sweep();
    });
  }

  return {
    statuses: () => [],
    reload: async () => {},
    async watch() {
      listening = listen();
      cancelSweep = sweep();
    },
    async close() {
      stop.abort();
      cancelSweep();
      Atomics.notify(asks.words, ASKS_PUT);
      await listening;
      await Promise.allSettled(pending.values());
    },
  };
}
