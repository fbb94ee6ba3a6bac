// What workers say of NOTIFY, on the control plane's side: each zone is looked at once a second at most, and the last
// word of a burst is not lost.

import type { Cancel, Clock } from '../../io/clock.ts';
import { NotifyFlag, type NotifyNotice } from '../data-plane/notify-gate.ts';

/** A {@link NotifyNotice}; undefined is what nobody knows any more. */
export interface HeardNotice extends Omit<NotifyNotice, 'primary'> {
  readonly primary: number | undefined;
}

export interface NotifyInbox {
  /** Shared with all workers. */
  readonly flags: SharedArrayBuffer;
  /** A worker has set the zone's flag. */
  receive(notice: NotifyNotice): void;
  /** Looks at nothing any more; safe twice. */
  stop(): void;
}

/** RFC 1996 §4.4 lets a server put off what follows closely; so much may a zone lag behind its primary. */
const SPACING_MILLISECONDS = 1000;

/** `slots` is how many zones there may be. */
export function createNotifyInbox(
  slots: number,
  clock: Pick<Clock, 'schedule'>,
  notified: (notice: HeardNotice) => void,
): NotifyInbox {
  const flags = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(flags);
  /** By slot: the flag is set until it runs. */
  const timers = new Map<number, Cancel>();
  let isStopped = false;

  function receive(notice: HeardNotice): void {
    if (isStopped) return;
    const { slot } = notice;
    notified(notice);
    const cancel = clock.schedule(SPACING_MILLISECONDS, () => {
      timers.delete(slot);
      const before = Atomics.compareExchange(words, slot, NotifyFlag.told, NotifyFlag.idle);
      if (before !== NotifyFlag.again) return;
      Atomics.store(words, slot, NotifyFlag.told);
      // Which serial is the last of a burst, only a primary can say.
      receive({ slot, serial: undefined, primary: undefined });
    });
    timers.set(slot, cancel);
  }

  function stop(): void {
    isStopped = true;
    for (const cancel of timers.values()) cancel();
    timers.clear();
  }

  return { flags, receive, stop };
}
