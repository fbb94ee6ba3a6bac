// What a reply over UDP counts as, and whether it may be sent: the authority's side of dns/rate-limit.ts.

import { AnswerClass, RateLimiter, type RateLimitOptions, RateVerdict } from '../../dns/rate-limit.ts';
import { Rcode } from '../../dns/record-type.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { readUint16 } from '../../octets/big-endian.ts';
import type { Answer } from './answer.ts';
import { type ReplyWriter, Section } from './reply-writer.ts';

/** Of one reply at a time; allocates nothing. */
export class ReplyRate {
  /** Hash of the zone's apex and the node that the answer came from, see {@link RateLimiter.count}; 0 for neither. */
  zone = 0;
  node = 0;
  private readonly limiter: RateLimiter | undefined;

  /** No limit without options. */
  constructor(options: RateLimitOptions | undefined) {
    this.limiter = options === undefined ? undefined : new RateLimiter(options);
  }

  clear(): void {
    this.zone = 0;
    this.node = 0;
  }

  /** A `RateVerdict`; whatever was answered is counted. */
  count(answer: Answer, reply: ReplyWriter, source: PacketSource, nowSeconds: number): number {
    const { limiter, node, zone } = this;
    if (limiter === undefined) return RateVerdict.pass;
    if (answer.rcode === Rcode.NXDOMAIN)
      return limiter.count(source, AnswerClass.nxDomain, zone, 0, nowSeconds);
    if (answer.rcode !== Rcode.NOERROR) return limiter.count(source, AnswerClass.error, 0, 0, nowSeconds);
    return limiter.count(source, classOf(answer, reply), zone, node, nowSeconds);
  }
}

function classOf(answer: Answer, reply: ReplyWriter): number {
  if (!answer.authoritative) return AnswerClass.referral;
  return readUint16(reply.octets, reply.start + Section.answer) === 0
    ? AnswerClass.noData
    : AnswerClass.positive;
}
