// Response rate limiting: how many answers of one kind one network gets a second, so that a forged source cannot make
// this server flood it (as BIND, NSD and Knot do it). A bucket an account: a network and what its answers have in
// common. Buckets lie in a table of fixed size that all workers of a process share, so that a limit holds for the
// process. They write it without a lock: two at the same instant may count one answer for two, which is no harm.
//
//   bucket  four words: account, second, answers given in it, answers withheld
//
// Four buckets are a set, one cache line: an account is in its set or nowhere. A newcomer takes the place of the bucket
// that has been silent longest, and of equals the one that gave least: who is being limited is not forgotten.
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
 * 1 MiB. Only accounts over the limit must be remembered, and a second of a million answers holds 5,000 of those at the
 * default rate; NSD keeps 1,000,000 because it forgets at every collision.
 */
const BUCKETS = 65_536;
const BUCKET_WORDS = 4;
const SET_WORDS = 4 * BUCKET_WORDS;
const SET_MASK = (BUCKETS * BUCKET_WORDS) / SET_WORDS - 1;
const SECOND = 1;
const GIVEN = 2;
const WITHHELD = 3;

/** Memory for the buckets of one process; zeros are an empty table. */
export function createRateTable(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(BUCKETS * BUCKET_WORDS * Int32Array.BYTES_PER_ELEMENT));
}

export interface RateLimitOptions {
  /** Answers a second to one network, 1 or more. */
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
    // As the table holds it: 31 bits end in 2038.
    const second = nowSeconds | 0;
    const bucket = this.bucketOf(this.accountOf(source, kind, zone, node), second);
    if (table[bucket + SECOND] !== second) {
      table[bucket + SECOND] = second;
      table[bucket + GIVEN] = 1;
      return RateVerdict.pass;
    }
    if (table[bucket + GIVEN]! < this.perSecond) {
      table[bucket + GIVEN]!++;
      return RateVerdict.pass;
    }
    return this.withhold(source, bucket);
  }

  private withhold(source: PacketSource, bucket: number): number {
    if (isInAnyPrefix(source, this.exempt)) return RateVerdict.pass;
    if (this.slip === 0) return RateVerdict.drop;
    const withheld = (this.table[bucket + WITHHELD]! + 1) % this.slip;
    this.table[bucket + WITHHELD] = withheld;
    return withheld === 0 ? RateVerdict.slip : RateVerdict.drop;
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

  /** Where the account's bucket is, or is from now on. */
  private bucketOf(account: number, second: number): number {
    const { table } = this;
    const first = (account & SET_MASK) * SET_WORDS;
    const end = first + SET_WORDS;
    for (let at = first; at < end; at += BUCKET_WORDS) if (table[at] === account) return at;
    let chosen = first;
    for (let at = first + BUCKET_WORDS; at < end; at += BUCKET_WORDS) {
      const age = (table[chosen + SECOND]! - table[at + SECOND]!) | 0;
      if (age > 0 || (age === 0 && table[at + GIVEN]! < table[chosen + GIVEN]!)) chosen = at;
    }
    table[chosen] = account;
    table[chosen + SECOND] = second - 1;
    table[chosen + WITHHELD] = 0;
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
