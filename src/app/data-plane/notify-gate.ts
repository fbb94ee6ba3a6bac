// NOTIFY in a worker (RFC 1996 §3.11): who may say that a zone has changed, and the one word of it to the control plane.
// However many come, at most one message a zone is under way: a flag that all threads share says so.

import { Counter, type Counters } from '../../core/counters.ts';
import { octetsToText } from '../../core/octets/text.ts';
import { findRule, type TransferRule } from '../../core/transfer/access.ts';
import type { NotifyHandler } from '../../core/zone/answer/authority-options.ts';

/** A zone of another server, as a worker knows it. */
export interface NotifiedZone {
  /** Wire form, lower case. */
  readonly apex: Uint8Array;
  /** Its primaries in their order, with the key where there is one. */
  readonly rules: readonly TransferRule[];
  /** The zone's place among the flags. */
  readonly slot: number;
}

export interface NotifyPolicy {
  readonly zones: readonly NotifiedZone[];
  /** A word of 32 bits a slot: see {@link NotifyFlag}. */
  readonly flags: SharedArrayBuffer;
}

export const NotifyFlag = {
  idle: 0,
  /** The control plane has been told, or will be in a moment. */
  told: 1,
  /** The same, and another NOTIFY has come since. */
  again: 2,
} as const;

/** What the control plane is told. */
export interface NotifyNotice {
  /** See {@link NotifiedZone}. */
  readonly slot: number;
  /** What the message said of the zone; undefined where it said nothing. */
  readonly serial: number | undefined;
  /** The sender's place among the primaries. */
  readonly primary: number;
}

export interface NotifyGate {
  readonly onNotify: NotifyHandler;
  publish(policy: NotifyPolicy | undefined): void;
}

/** Whether it is for the caller to tell. The control plane lowers the flag meanwhile: each step is one exchange. */
function raise(flags: Int32Array, slot: number): boolean {
  for (;;) {
    if (Atomics.compareExchange(flags, slot, NotifyFlag.idle, NotifyFlag.told) === NotifyFlag.idle)
      return true;
    const before = Atomics.compareExchange(flags, slot, NotifyFlag.told, NotifyFlag.again);
    if (before !== NotifyFlag.idle) return false;
  }
}

/** `tell` is given a zone that has changed. */
export function createNotifyGate(tell: (notice: NotifyNotice) => void, counters: Counters): NotifyGate {
  /** By apex, one character an octet; bounded by the zones of other servers. */
  let zones = new Map<string, NotifiedZone>();
  let flags: Int32Array<ArrayBufferLike> = new Int32Array(0);
  return {
    onNotify(apex, source, keyName, serial) {
      const zone = zones.get(octetsToText(apex));
      const primary = zone === undefined ? -1 : findRule(zone.rules, source, keyName);
      if (zone === undefined || primary < 0) {
        counters[Counter.notifiesRefused]!++;
        return zone === undefined ? 'not-secondary' : 'refused';
      }
      counters[Counter.notifiesTaken]!++;
      const { slot } = zone;
      if (raise(flags, slot)) tell({ slot, serial, primary });
      return 'accepted';
    },
    publish(policy) {
      zones = new Map(policy?.zones.map((zone) => [octetsToText(zone.apex), zone]));
      flags = new Int32Array(policy?.flags ?? new SharedArrayBuffer(0));
    },
  };
}
