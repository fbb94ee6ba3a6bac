// The writer's side of the table of passkeys: which records are taken, since when, and what their owners are called.

import {
  addPasskey,
  attachPasskeys,
  createPasskeys,
  findPasskeyId,
  NO_PASSKEY,
  PASSKEY_SECRET_OCTETS,
  PasskeyState,
  type PasskeyTable,
  passkeyUntil,
  removePasskey,
  setPasskey,
  stateOfPasskey,
} from '../../core/access/passkey-table.ts';
import type { PasskeyConfig } from '../config/access-settings.ts';

/** Of all records, at most so many remember that a key is not good: strangers can make up as many as they like. */
const DENIED_SHARE = 1 / 4;

export interface KnownPasskeys {
  readonly table: PasskeyTable;
  /** Records of keys that are let in. */
  allowed(): number[];
  labelOf(record: number): string | undefined;
  /** What is known of a key until then. Where there is no room, what was to end soonest makes some. */
  set(id: Int32Array, state: PasskeyState, until: number, label?: string): void;
  /** Forgets all keys but these, four words each. */
  keepOnly(ids: Int32Array, count: number): void;
  /** Forgets what has ended before this second. */
  forgetBefore(seconds: number): void;
}

export function createKnownPasskeys(
  { capacity, kind }: Pick<PasskeyConfig, 'capacity' | 'kind'>,
  randomOctets: (length: number) => Uint8Array,
): KnownPasskeys {
  const secret = randomOctets(PASSKEY_SECRET_OCTETS);
  const table = attachPasskeys(createPasskeys({ secret, capacity, isAsked: kind === 'callback' }));
  /** Records that are taken, the oldest first; at most `capacity`, as are the next two. */
  const taken = new Set<number>();
  const free: number[] = [];
  const labels = new Map<number, string>();
  let touched = 0;
  let denied = 0;

  function forget(record: number): void {
    if (stateOfPasskey(table, record) === PasskeyState.denied) denied--;
    removePasskey(table, record);
    taken.delete(record);
    labels.delete(record);
    free.push(record);
  }

  function takeRecord(state: PasskeyState): number {
    if (state === PasskeyState.denied && denied >= capacity * DENIED_SHARE) forgetFirst(PasskeyState.denied);
    if (taken.size >= capacity) forgetFirst(denied > 0 ? PasskeyState.denied : PasskeyState.allowed);
    return free.pop() ?? touched++;
  }

  /** The one that has been known for longest. */
  function forgetFirst(state: PasskeyState): void {
    for (const record of taken) {
      if (stateOfPasskey(table, record) !== state) continue;
      forget(record);
      return;
    }
  }

  return {
    table,
    allowed: () => [...taken].filter((record) => stateOfPasskey(table, record) === PasskeyState.allowed),
    labelOf: (record) => labels.get(record),
    set(id, state, until, label) {
      let record = findPasskeyId(table, id);
      if (record === NO_PASSKEY) {
        record = takeRecord(state);
        addPasskey(table, record, id, state, until);
        if (state === PasskeyState.denied) denied++;
      } else {
        denied += Number(state === PasskeyState.denied);
        denied -= Number(stateOfPasskey(table, record) === PasskeyState.denied);
        setPasskey(table, record, state, until);
        taken.delete(record);
      }
      taken.add(record);
      if (label === undefined) labels.delete(record);
      else labels.set(record, label);
    },
    keepOnly(ids, count) {
      const kept = new Set<number>(); // at most `capacity`
      for (let key = 0; key < count; key++) {
        const record = findPasskeyId(table, ids.subarray(key * 4, key * 4 + 4));
        if (record !== NO_PASSKEY) kept.add(record);
      }
      for (const record of [...taken]) if (!kept.has(record)) forget(record);
    },
    forgetBefore(seconds) {
      for (const record of [...taken]) if (passkeyUntil(table, record) < seconds) forget(record);
    },
  };
}
