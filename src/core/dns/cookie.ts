// DNS cookies, the server's side (RFC 7873), made so that servers which share a secret accept each other's (RFC 9018).
//
//   client cookie 8 | version 1, reserved 3, timestamp 4, hash 8
//
// The hash is SipHash-2-4 of all that is before it and the client's address. Nothing is kept for a client.
// Non-null assertions: lengths are compared before anything is read.

import type { PacketSource } from '../net/packet-handler.ts';
import { copyOctets, readUint32, writeUint32 } from '../octets/big-endian.ts';
import { createSipHashKey, type SipHashKey, sipHash24 } from '../octets/siphash.ts';
import { CLIENT_COOKIE_OCTETS } from './query.ts';

/** What the client showed. Only `good` proves its address. */
export const CookieState = { none: 0, clientOnly: 1, bad: 2, good: 3 } as const;

/** RFC 9018 §4: the server's part. */
const SERVER_COOKIE_OCTETS = 16;
/** What a reply carries: both parts. */
export const COOKIE_OCTETS = CLIENT_COOKIE_OCTETS + SERVER_COOKIE_OCTETS;
/** RFC 9018 §4: a secret of SipHash-2-4. */
export const COOKIE_SECRET_OCTETS = 16;
/** The one that makes cookies, and the one before it or after it (RFC 9018 §5). */
const MAX_SECRETS = 2;

const VERSION = 1;
/** RFC 9018 §4.3: older ones are bad. */
const MAX_AGE_SECONDS = 3600;
/** RFC 9018 §4.3: the clocks of servers that share a secret may differ. */
const MAX_AHEAD_SECONDS = 300;
/** RFC 9018 §4.3: older ones are answered with a new one, so that a client that keeps asking always has a good one. */
const RENEW_AGE_SECONDS = 1800;

const VERSION_AT = CLIENT_COOKIE_OCTETS;
const TIMESTAMP_AT = VERSION_AT + 4;
const HASH_AT = TIMESTAMP_AT + 4;
/** RFC 4291 §2. */
const MAX_ADDRESS_OCTETS = 16;

/** Cookies of one worker: the client's last one is kept between {@link read} and {@link write}. Nothing is allocated. */
export class ServerCookies {
  private readonly secrets: readonly SipHashKey[];
  /** What is hashed, with room for an address. */
  private readonly input = new Uint8Array(HASH_AT + MAX_ADDRESS_OCTETS);
  private readonly hash = new Int32Array(2);
  private inputLength = 0;
  private now = 0;
  /** The cookie that came is as good as a new one would be. */
  private isYoung = false;
  private hashLow = 0;
  private hashHigh = 0;

  /** One or two secrets of {@link COOKIE_SECRET_OCTETS}: the first makes cookies, both are accepted. */
  constructor(secrets: readonly Uint8Array[]) {
    if (secrets.length === 0 || secrets.length > MAX_SECRETS)
      throw new RangeError('one or two cookie secrets');
    this.secrets = secrets.map(createSipHashKey);
  }

  /** Reads a COOKIE option of valid length; returns a {@link CookieState}. Positional, because it runs once a packet. */
  read(octets: Uint8Array, at: number, length: number, source: PacketSource, nowSeconds: number): number {
    const { input } = this;
    const addressLength = source.family === 4 ? 4 : MAX_ADDRESS_OCTETS;
    copyOctets(octets, at, CLIENT_COOKIE_OCTETS, input, 0);
    copyOctets(source.octets, 0, addressLength, input, HASH_AT);
    this.inputLength = HASH_AT + addressLength;
    this.now = nowSeconds;
    this.isYoung = false;
    if (length === CLIENT_COOKIE_OCTETS) return CookieState.clientOnly;
    if (length !== COOKIE_OCTETS || octets[at + VERSION_AT] !== VERSION) return CookieState.bad;
    // RFC 1982: the timestamp wraps.
    const age = (nowSeconds - readUint32(octets, at + TIMESTAMP_AT)) | 0;
    if (age > MAX_AGE_SECONDS || age < -MAX_AHEAD_SECONDS) return CookieState.bad;
    copyOctets(octets, at + VERSION_AT, HASH_AT - VERSION_AT, input, VERSION_AT);
    return this.verify(octets, at + HASH_AT, age) ? CookieState.good : CookieState.bad;
  }

  private verify(octets: Uint8Array, at: number, age: number): boolean {
    const { hash, input, inputLength, secrets } = this;
    const low = readLittleEndian(octets, at);
    const high = readLittleEndian(octets, at + 4);
    for (let index = 0; index < secrets.length; index++) {
      sipHash24(secrets[index]!, input, 0, inputLength, hash);
      // Both words at once: how many octets were right is not to be seen in the time that it takes.
      if (((hash[0]! ^ low) | (hash[1]! ^ high)) !== 0) continue;
      const isOurs = index === 0 && readUint32(input, VERSION_AT) === VERSION << 24;
      this.isYoung = isOurs && age <= RENEW_AGE_SECONDS && age >= 0;
      this.hashLow = low;
      this.hashHigh = high;
      return true;
    }
    return false;
  }

  /** Writes {@link COOKIE_OCTETS}: the client's cookie that was read last, and a good server cookie. */
  write(to: Uint8Array, at: number): void {
    const { hash, input } = this;
    if (!this.isYoung) {
      writeUint32(input, VERSION_AT, VERSION << 24);
      writeUint32(input, TIMESTAMP_AT, this.now);
      sipHash24(this.secrets[0]!, input, 0, this.inputLength, hash);
      this.hashLow = hash[0]!;
      this.hashHigh = hash[1]!;
    }
    copyOctets(input, 0, HASH_AT, to, at);
    writeLittleEndian(to, at + HASH_AT, this.hashLow);
    writeLittleEndian(to, at + HASH_AT + 4, this.hashHigh);
  }
}

function readLittleEndian(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}

function writeLittleEndian(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value;
  octets[at + 1] = value >>> 8;
  octets[at + 2] = value >>> 16;
  octets[at + 3] = value >>> 24;
}
