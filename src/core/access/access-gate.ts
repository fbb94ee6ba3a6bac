// What both front ends of a thread ask before the swarm table is touched: whether an announce may pass, and if not, what
// its client is told. One object a thread; publications change what it says.
// Parameters are positional: an object a call is what this code exists to avoid.

import { Counter, type Counters } from '../counters.ts';
import type { PacketSource } from '../net/packet-handler.ts';
import {
  type AccessRules,
  isAddressAllowed,
  isClientAllowed,
  isTorrentAllowed,
  OPEN_ACCESS,
} from './access-rules.ts';
import { attachPasskeyAsks, type PasskeyAsks, putAsk } from './passkey-asks.ts';
import { isPasskey } from './passkey-path.ts';
import {
  attachPasskeys,
  BUSY,
  countPasskeyAnnounce,
  findPasskey,
  NO_PASSKEY,
  PasskeyState,
  type PasskeyTable,
  passkeyUntil,
  type SharedPasskeys,
  stateOfPasskey,
} from './passkey-table.ts';

/** What a client is told, and when it may come again (BEP 31): in so many minutes, or never. */
export interface Refusal {
  readonly sentence: string;
  readonly retryMinutes: number | 'never';
  readonly counter: number;
}

const REFUSALS = {
  address: {
    sentence: 'this tracker does not serve your address',
    retryMinutes: 'never',
    counter: Counter.deniedAddresses,
  },
  client: {
    sentence: 'this tracker does not serve your client',
    retryMinutes: 'never',
    counter: Counter.deniedClients,
  },
  torrent: {
    sentence: 'this tracker does not serve this torrent',
    retryMinutes: 'never',
    counter: Counter.deniedTorrents,
  },
  noPasskey: {
    sentence: 'this tracker is private: use the announce URL with your passkey',
    retryMinutes: 'never',
    counter: Counter.deniedPasskeys,
  },
  wrongPasskey: {
    sentence: 'this passkey is not known here: take the announce URL from the site again',
    retryMinutes: 'never',
    counter: Counter.deniedPasskeys,
  },
  pendingPasskey: {
    sentence: 'your passkey is being looked up: announce again in a minute',
    retryMinutes: 1,
    counter: Counter.pendingPasskeys,
  },
} as const satisfies Record<string, Refusal>;

/** A private tracker's. */
export interface PasskeyAccess {
  readonly table: PasskeyTable;
  /** Where keys go that are to be looked up; undefined where a file has all there are. */
  readonly asks: PasskeyAsks | undefined;
  /** Record of the key that was admitted last, and the downloads that this thread had counted by then. */
  admitted: number;
  completed: number;
}

export interface AccessGate {
  rules: AccessRules;
  readonly passkeys: PasskeyAccess | undefined;
  readonly counters: Counters;
}

export interface AccessGateOptions {
  readonly counters: Counters;
  /** Makes the tracker a private one. */
  readonly passkeys?: SharedPasskeys | undefined;
}

/** Lets everything through until it is given rules, but for what has no passkey on a private tracker. */
export function createAccessGate({ counters, passkeys }: AccessGateOptions): AccessGate {
  return {
    rules: OPEN_ACCESS,
    passkeys: passkeys && {
      table: attachPasskeys(passkeys),
      asks: passkeys.asks && attachPasskeyAsks(passkeys.asks),
      admitted: NO_PASSKEY,
      completed: 0,
    },
    counters,
  };
}

/** Why the source is not served; counted. */
export function refuseAddress({ rules, counters }: AccessGate, source: PacketSource): Refusal | undefined {
  return isAddressAllowed(rules, source) ? undefined : refuse(counters, REFUSALS.address);
}

/** Why an announce with this info-hash and peer id cannot be taken; counted. */
export function refusePeer(
  { rules, counters }: AccessGate,
  octets: Uint8Array,
  infoHashOffset: number,
  peerIdOffset: number,
): Refusal | undefined {
  if (!isTorrentAllowed(rules, octets, infoHashOffset)) return refuse(counters, REFUSALS.torrent);
  return isClientAllowed(rules, octets, peerIdOffset) ? undefined : refuse(counters, REFUSALS.client);
}

/** The torrent at `offset` has counts that may be told; another is scraped as an unknown one. */
export function isScrapable({ rules }: AccessGate, octets: Uint8Array, offset: number): boolean {
  return isTorrentAllowed(rules, octets, offset);
}

/**
 * Why who has the passkey octets[start..end), which may be empty, is not served; counted. Undefined on a tracker that is
 * not private. A key whose time has run out is admitted for as long again while it is looked up.
 */
export function refusePasskey(
  { passkeys, counters }: AccessGate,
  octets: Uint8Array,
  start: number,
  end: number,
  nowSeconds: number,
): Refusal | undefined {
  if (passkeys === undefined) return undefined;
  const { table, asks } = passkeys;
  passkeys.admitted = NO_PASSKEY;
  if (start === end) return refuse(counters, REFUSALS.noPasskey);
  if (!isPasskey(octets, start, end)) return refuse(counters, REFUSALS.wrongPasskey);
  const record = findPasskey(table, octets, start, end);
  if (record === BUSY) return refuse(counters, REFUSALS.pendingPasskey);
  const state = record === NO_PASSKEY ? PasskeyState.free : stateOfPasskey(table, record);
  const isCurrent = state !== PasskeyState.free && nowSeconds < passkeyUntil(table, record);
  if (!isCurrent && asks !== undefined) {
    putAsk(asks, octets, start, end);
    if (state !== PasskeyState.allowed) return refuse(counters, REFUSALS.pendingPasskey);
  } else if (state !== PasskeyState.allowed) return refuse(counters, REFUSALS.wrongPasskey);
  passkeys.admitted = record;
  passkeys.completed = counters[Counter.completed]!;
  return undefined;
}

/** The announce whose passkey was admitted last has been made, and with it perhaps a download completed. */
export function countAdmitted({ passkeys, counters }: AccessGate): void {
  if (passkeys === undefined || passkeys.admitted === NO_PASSKEY) return;
  const { table, admitted, completed } = passkeys;
  countPasskeyAnnounce(table, admitted, counters[Counter.completed] !== completed);
}

function refuse(counters: Counters, refusal: Refusal): Refusal {
  counters[refusal.counter]!++;
  return refusal;
}
