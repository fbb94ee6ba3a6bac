// Response rate limiting: how many answers of one kind one network gets a second, so that a forged source cannot make
// this server flood it (as BIND, NSD and Knot do it). A bucket an account: a network and what its answers have in
// common. Buckets lie in a table of fixed size that all workers of a process share, so that a limit holds for the
// process. They write it without a lock: two at the same instant may count one answer for two, which is no harm.
//
//   bucket  two words: account; low 12 bits of the second it was last used in, answers counted in it (20 bits)
//
// Four buckets are a set, within a cache line: an account is in its set or nowhere. A newcomer takes the place of the
// bucket that has been silent longest, and of equals the one that counted least: who is being limited is not forgotten.
// Non-null assertions: sets are masked to the table.

import type { PacketSource } from '../net/packet-handler.ts';
import { isInAnyPrefix, type Prefix } from '../net/prefix.ts';
import { writeUint32 } from '../octets/big-endian.ts';
import { createSipHashKey, sipHash24 } from '../octets/siphash.ts';

/** What an answer is counted as, beside its network. */
export const AnswerClass = {
  /** Records: each name, or each wildcard whatever the name. */
  positive: 1,
  /** The name without the type: each name, or each wildcard. */
  noData: 2,
  /** Each zone cut. */
  referral: 3,
  /** Each zone: names that do not exist are endless. */
  nxDomain: 4,
  /** All together. */
  error: 5,
} as const;

export const RateVerdict = { pass: 0, drop: 1, slip: 2 } as const;

/** NSD's `rrl-ratelimit`. BIND and Knot name no default, or 20: too few for a network of large resolvers. */
export const DEFAULT_RATE_LIMIT = 200;
/** NSD's `rrl-slip` and BIND's `slip`. */
export const DEFAULT_RATE_LIMIT_SLIP = 2;
/** Octets of an IPv4 prefix: /24, as in BIND, NSD and Knot. */
const IPV4_PREFIX_OCTETS = 3;
/** Octets of an IPv6 prefix: /56, as in BIND and Knot. */
const IPV6_PREFIX_OCTETS = 7;

/**
 * 512 KiB. Only accounts over the limit must be remembered, and a second of a million answers holds 5,000 of those at
 * the default rate; NSD keeps 1,000,000 because it forgets at every collision.
 */
const BUCKETS = 65_536;
const BUCKET_WORDS = 2;
const SET_WORDS = 4 * BUCKET_WORDS;
const SET_MASK = (BUCKETS * BUCKET_WORDS) / SET_WORDS - 1;
/** Bits of what is counted in a second; those of the second lie above. */
const COUNT_BITS = 20;
/** What 20 bits count: more than one worker answers in a second. */
const MAX_COUNT = (1 << COUNT_BITS) - 1;
/** Seconds that 12 bits tell apart. A bucket that slept for a multiple of them limits for a second too much. */
const SECOND_MASK = 0xfff;

/** Memory for the buckets of one process; zeros are an empty table. */
export function createRateTable(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(BUCKETS * BUCKET_WORDS * Int32Array.BYTES_PER_ELEMENT));
}

export interface RateLimitOptions {
  /** Answers a second to one network, 1 to 1,000,000. */
  readonly perSecond: number;
  /** Every which withheld answer is sent truncated, so that a real client can ask over TCP; 0 is none, 1 all. */
  readonly slip: number;
  /** Networks without a limit. */
  readonly exempt: readonly Prefix[];
  /** 16 octets that strangers cannot know, the same in every worker. */
  readonly key: Uint8Array;
  /** Of {@link createRateTable}, the same in every worker. */
  readonly table: Int32Array;
}

export class RateLimiter {
  private readonly perSecond: number;
  private readonly slip: number;
  private readonly exempt: readonly Prefix[];
  private readonly table: Int32Array;
  /**
   * A random word for each value of each octet of a prefix, IPv4 first (tabulation hashing): strangers who do not know
   * them cannot choose networks that fall into one set, and it costs a third of the shortest SipHash.
   */
  private readonly words: Int32Array;

  constructor({ perSecond, slip, exempt, key, table }: RateLimitOptions) {
    this.perSecond = perSecond;
    this.slip = slip;
    this.exempt = exempt;
    this.table = table;
    this.words = randomWords(key, (IPV4_PREFIX_OCTETS + IPV6_PREFIX_OCTETS) * 256);
  }

  /**
   * Counts one answer; returns a {@link RateVerdict}. `zone` and `node` are any two numbers that tell apart what `kind`
   * (an {@link AnswerClass}) counts apart. Positional, because it runs once a packet.
   */
  count(source: PacketSource, kind: number, zone: number, node: number, nowSeconds: number): number {
    const { table } = this;
    const second = nowSeconds & SECOND_MASK;
    const account = this.accountOf(source, kind, zone, node);
    const bucket = this.bucketOf(account, second);
    const state = table[bucket + 1]!;
    if (table[bucket] !== account || state >>> COUNT_BITS !== second) {
      table[bucket] = account;
      table[bucket + 1] = (second << COUNT_BITS) | 1;
      return RateVerdict.pass;
    }
    const count = state & MAX_COUNT;
    if (count < MAX_COUNT) table[bucket + 1] = state + 1;
    return count < this.perSecond ? RateVerdict.pass : this.withhold(source, count - this.perSecond, second);
  }

  /** `index` counts what was withheld in this second, from 0. */
  private withhold(source: PacketSource, index: number, second: number): number {
    if (isInAnyPrefix(source, this.exempt)) return RateVerdict.pass;
    // The second moves the turn on: who is over the limit by one in each is not dropped for ever.
    return this.slip > 0 && (index + 1 + second) % this.slip === 0 ? RateVerdict.slip : RateVerdict.drop;
  }

  private accountOf({ family, octets }: PacketSource, kind: number, zone: number, node: number): number {
    const { words } = this;
    let hash = zone ^ Math.imul(node + kind, 0x9e3779b1);
    let at = family === 4 ? 0 : IPV4_PREFIX_OCTETS * 256;
    const length = family === 4 ? IPV4_PREFIX_OCTETS : IPV6_PREFIX_OCTETS;
    for (let index = 0; index < length; index++, at += 256) hash ^= words[at + octets[index]!]!;
    // The finalizer of MurmurHash3: every bit of the account moves every bit of the set.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  /** Where the account's bucket is, or the one that it may have. */
  private bucketOf(account: number, second: number): number {
    const { table } = this;
    const first = (account & SET_MASK) * SET_WORDS;
    if (table[first] === account) return first;
    if (table[first + 2] === account) return first + 2;
    if (table[first + 4] === account) return first + 4;
    if (table[first + 6] === account) return first + 6;
    // Larger for an older second, and within one second for fewer answers; the sign is turned for unsigned order.
    const base = (second + 1) << COUNT_BITS;
    let chosen = first;
    let idle = (base - table[first + 1]!) ^ -0x80000000;
    for (let at = first + BUCKET_WORDS; at < first + SET_WORDS; at += BUCKET_WORDS) {
      const other = (base - table[at + 1]!) ^ -0x80000000;
      if (other <= idle) continue;
      idle = other;
      chosen = at;
    }
    return chosen;
  }
}

function randomWords(key: Uint8Array, count: number): Int32Array {
  const words = new Int32Array(count);
  const sipHashKey = createSipHashKey(key);
  const input = new Uint8Array(4);
  for (let index = 0; index < count; index++) {
    writeUint32(input, 0, index);
    words[index] = sipHash24(sipHashKey, input, 0, input.length);
  }
  return words;
}
