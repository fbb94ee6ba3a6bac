// A query to a reply, in octets: the whole of what an authoritative server says (RFC 1034, 1035, 6891, 7766).

import { Counter, type Counters } from '../counters.ts';
import { CookieState } from '../dns/cookie.ts';
import { appendExtendedError, EdnsReply, EXTENDED_ERROR_OCTETS, ExtendedError } from '../dns/edns-reply.ts';
import { HEADER_OCTETS, HeaderFlag, MIN_UDP_PAYLOAD, Query, Verdict } from '../dns/query.ts';
import { QueryName } from '../dns/query-name.ts';
import { AnswerClass, RateLimiter, RateVerdict } from '../dns/rate-limit.ts';
import { Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import { createPacketSource, type PacketHandler } from '../net/packet-handler.ts';
import { readUint16, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import type { TsigKey } from '../transfer/tsig-key.ts';
import { Answer } from './answer.ts';
import { type AuthorityOptions, DEFAULT_UDP_PAYLOAD, type NotifyHandler } from './authority-options.ts';
import type { Catalog } from './catalog.ts';
import { ChaosNames } from './chaos.ts';
import { rcodeCounter } from './rcode-counter.ts';
import { OPT_OCTETS, ReplyWriter, Section } from './reply-writer.ts';
import { RequestSignature } from './request-signature.ts';

/** RFC 1035 §4.2.2: what the length of a message over TCP can say. */
export const MAX_STREAM_REPLY_OCTETS = 65535;
/** Opcode, RD and CD go back as they came (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
const ECHOED_FLAGS = 0x7800 | HeaderFlag.rd | HeaderFlag.cd;

/** Answers for one worker: it owns the scratch memory, so that a query allocates nothing. */
export class Authority {
  private catalog: Catalog;
  private readonly counters: Counters;
  private readonly udpPayload: number;
  private readonly edns: EdnsReply;
  private readonly chaos: ChaosNames;
  private readonly limiter: RateLimiter | undefined;
  private readonly signature: RequestSignature;
  private readonly wallSeconds: (() => number) | undefined;
  private readonly onNotify: NotifyHandler;
  private readonly query = new Query();
  private readonly name = new QueryName();
  private readonly reply = new ReplyWriter();
  private readonly answer = new Answer();
  // What is known of the request at hand, besides.
  private source = createPacketSource();
  private nowSeconds = 0;
  private isStream = false;
  private replyLimit = 0;
  private questionLength = 0;
  /** An {@link ExtendedError}. */
  private extendedError: number = ExtendedError.none;
  /** What the answer is counted by, see {@link RateLimiter.count}. */
  private countedZone = 0;
  private countedNode = 0;

  constructor(options: AuthorityOptions) {
    this.catalog = options.catalog;
    this.counters = options.counters;
    this.udpPayload = options.udpPayload ?? DEFAULT_UDP_PAYLOAD;
    this.edns = new EdnsReply(options.edns ?? {});
    this.chaos = new ChaosNames(options.chaos ?? {});
    this.limiter = options.rateLimit === undefined ? undefined : new RateLimiter(options.rateLimit);
    this.signature = new RequestSignature(options.hmac);
    this.wallSeconds = options.wallSeconds;
    this.onNotify = options.onNotify ?? (() => 'not-secondary');
  }

  /** From the next query on, answers come from `catalog`, and requests may be signed with `keys`. */
  publish(catalog: Catalog, keys: readonly TsigKey[] = []): void {
    this.catalog = catalog;
    this.signature.setKeys(keys);
  }

  /** Over UDP; positional as {@link PacketHandler} is. */
  readonly handle: PacketHandler = (request, offset, length, source, reply, replyOffset, nowSeconds) => {
    this.counters[Counter.dnsUdpQueries]!++;
    this.reply.target(reply, replyOffset);
    this.source = source;
    this.nowSeconds = nowSeconds;
    this.isStream = false;
    return this.respond(request, offset, length);
  };

  /** Over TCP and TLS: a {@link PacketHandler} with {@link MAX_STREAM_REPLY_OCTETS} free at `replyOffset`. */
  readonly handleStream: PacketHandler = (
    request,
    offset,
    length,
    source,
    reply,
    replyOffset,
    nowSeconds,
  ) => {
    this.counters[Counter.dnsTcpQueries]!++;
    this.reply.target(reply, replyOffset);
    this.source = source;
    this.nowSeconds = nowSeconds;
    this.isStream = true;
    return this.respond(request, offset, length);
  };

  private respond(request: Uint8Array, offset: number, length: number): number {
    const verdict = this.query.read(request, offset, length, this.name);
    if (verdict > Verdict.answerable) return this.refuse(request, offset, verdict);
    this.begin(request, offset);
    if (this.query.tsig !== 0) return this.respondSigned(request, offset, length, verdict);
    this.answer.rcode = verdict === Verdict.query ? this.resolve() : this.resolveOther(verdict, undefined);
    return this.conclude();
  }

  /** RFC 8945 §5.2, §5.3. A reply that has no room for its signature goes without one. */
  private respondSigned(request: Uint8Array, offset: number, length: number, verdict: number): number {
    const { answer, reply, signature } = this;
    const octets = signature.verify(request.subarray(offset, offset + length), this.secondsOfOthers());
    reply.reserve(octets);
    this.replyLimit -= octets;
    answer.rcode = signature.rcode;
    if (answer.rcode === Rcode.NOERROR) {
      const isQuery = verdict === Verdict.query;
      answer.rcode = isQuery ? this.resolve() : this.resolveOther(verdict, signature.keyName);
    }
    const written = this.conclude();
    const isSigned = written > 0 && written <= this.replyLimit;
    return isSigned ? signature.sign(reply.octets, reply.start, written) : written;
  }

  /** Counts the answer, and finishes it or what is sent in its place. */
  private conclude(): number {
    const rate = this.countAnswer();
    if (rate !== RateVerdict.pass) return this.withhold(rate);
    if (this.answer.truncated) this.counters[Counter.dnsTruncated]!++;
    return this.finish();
  }

  private begin(request: Uint8Array, offset: number): void {
    const { answer, edns, query, reply } = this;
    this.questionLength = query.questionEnd - offset;
    this.replyLimit = this.isStream ? MAX_STREAM_REPLY_OCTETS : this.udpLimit();
    reply.begin(request, offset, query.questionEnd);
    reply.limit(this.replyLimit);
    edns.clear();
    if (query.hasEdns) {
      const now = query.cookie === 0 ? 0 : this.secondsOfOthers();
      reply.reserve(OPT_OCTETS + edns.prepare(query, request, this.source, now));
    }
    answer.authoritative = false;
    answer.truncated = false;
    this.extendedError = ExtendedError.none;
    this.countedZone = 0;
    this.countedNode = 0;
  }

  /** The time as other machines have it. */
  private secondsOfOthers(): number {
    return this.wallSeconds === undefined ? this.nowSeconds : this.wallSeconds();
  }

  private udpLimit(): number {
    return this.query.hasEdns ? Math.min(this.query.udpPayload, this.udpPayload) : MIN_UDP_PAYLOAD;
  }

  /** Writes the sections; returns the response code. */
  private resolve(): number {
    const { query, name } = this;
    if (query.ednsVersion !== 0) return Rcode.BADVERS;
    if (query.type === RecordType.OPT) return Rcode.FORMERR;
    if (query.type === RecordType.AXFR || query.type === RecordType.IXFR)
      return this.fail(Rcode.REFUSED, ExtendedError.prohibited);
    if (query.type >= RecordType.TKEY && query.type <= RecordType.MAILA)
      return this.fail(Rcode.NOTIMP, ExtendedError.notSupported);
    if (query.class !== RecordClass.IN) return this.resolveOtherClass();
    name.hash(this.catalog.seed);
    const image = this.findImage();
    if (image === undefined) return this.fail(Rcode.REFUSED, ExtendedError.notAuthoritative);
    if (image.isUnavailable) return this.fail(Rcode.SERVFAIL, ExtendedError.invalidData);
    this.countedZone = name.hashes[name.labels - image.apexLabels]!;
    this.answer.write(image, name, query.type, this.reply, query.dnssecOk);
    this.countedNode = this.answer.node;
    return this.answer.rcode;
  }

  private findImage() {
    const image = this.catalog.find(this.name, 0);
    // RFC 4035 §3.1.4.1: the DS of a zone is its parent's to answer, where we serve that too.
    if (this.query.type !== RecordType.DS || image?.apexLabels !== this.name.labels) return image;
    return this.catalog.find(this.name, 1) ?? image;
  }

  private resolveOtherClass(): number {
    const { name, query, reply } = this;
    if (query.class === RecordClass.CH && this.chaos.write(name, query.type, reply)) return Rcode.NOERROR;
    return this.fail(Rcode.REFUSED, ExtendedError.notAuthoritative);
  }

  private fail(rcode: number, extendedError: number): number {
    this.extendedError = extendedError;
    return rcode;
  }

  private resolveOther(verdict: number, keyName: Uint8Array | undefined): number {
    return verdict === Verdict.notify ? this.takeNotify(keyName) : this.confirmCookie();
  }

  /** RFC 1996 §3.12, §4.7. */
  private takeNotify(keyName: Uint8Array | undefined): number {
    const { name, query } = this;
    if (query.ednsVersion !== 0) return Rcode.BADVERS;
    if (query.type !== RecordType.SOA) return Rcode.FORMERR;
    if (query.class !== RecordClass.IN) return Rcode.REFUSED;
    const verdict = this.onNotify(name.octets.subarray(0, name.length), this.source, keyName);
    if (verdict === 'refused') return this.fail(Rcode.REFUSED, ExtendedError.prohibited);
    if (verdict === 'not-secondary') return this.fail(Rcode.NOTAUTH, ExtendedError.notAuthoritative);
    this.answer.authoritative = true;
    return Rcode.NOERROR;
  }

  /** RFC 7873 §5.4: no question but a cookie. */
  private confirmCookie(): number {
    const { cookieState } = this.edns;
    if (cookieState === CookieState.none) return Rcode.FORMERR;
    return cookieState === CookieState.bad ? Rcode.BADCOOKIE : Rcode.NOERROR;
  }

  /** A `RateVerdict`. TCP and a good cookie prove the source, which is all that the limit is for (RFC 7873 §5.2.4). */
  private countAnswer(): number {
    const { answer, limiter, nowSeconds, source } = this;
    if (limiter === undefined || this.isStream || this.edns.cookieState === CookieState.good)
      return RateVerdict.pass;
    if (answer.rcode === Rcode.NXDOMAIN)
      return limiter.count(source, AnswerClass.nxDomain, this.countedZone, 0, nowSeconds);
    if (answer.rcode !== Rcode.NOERROR) return limiter.count(source, AnswerClass.error, 0, 0, nowSeconds);
    return limiter.count(source, this.answerClass(), this.countedZone, this.countedNode, nowSeconds);
  }

  private answerClass(): number {
    if (!this.answer.authoritative) return AnswerClass.referral;
    const records = readUint16(this.reply.octets, this.reply.start + Section.answer);
    return records === 0 ? AnswerClass.noData : AnswerClass.positive;
  }

  /** Silence, or what sends a real client to TCP or gives it a cookie, and is no larger than what was asked. */
  private withhold(rate: number): number {
    const { answer } = this;
    if (rate === RateVerdict.drop) {
      this.counters[Counter.dnsRateDropped]!++;
      return 0;
    }
    this.counters[Counter.dnsRateSlipped]!++;
    this.reply.rewind(this.questionLength);
    // RFC 7873 §5.2.3, as BIND does it: with a cookie the client need not even change to TCP.
    if (this.edns.cookieState === CookieState.none) answer.truncated = true;
    else answer.rcode = Rcode.BADCOOKIE;
    this.extendedError = ExtendedError.none;
    return this.finish();
  }

  private finish(): number {
    const { query, answer, reply } = this;
    let flags = HeaderFlag.qr | (query.flags & ECHOED_FLAGS) | (answer.rcode & 15);
    if (answer.authoritative) flags |= HeaderFlag.aa;
    if (answer.truncated) flags |= HeaderFlag.tc;
    writeUint16(reply.octets, reply.start + 2, flags);
    if (query.hasEdns) this.appendOpt();
    this.counters[rcodeCounter(answer.rcode)]!++;
    return reply.position - reply.start;
  }

  private appendOpt(): void {
    const { answer, edns, query, reply } = this;
    reply.appendOpt(this.udpPayload, answer.rcode >>> 4, query.dnssecOk);
    const start = reply.position;
    let at = edns.append(reply.octets, start);
    const hasRoom = at + EXTENDED_ERROR_OCTETS - reply.start <= this.replyLimit;
    if (this.extendedError !== ExtendedError.none && hasRoom)
      at = appendExtendedError(reply.octets, at, this.extendedError);
    writeUint16(reply.octets, start - 2, at - start);
    reply.position = at;
  }

  /** A header alone: what can be said of a message that cannot be read. */
  private refuse(request: Uint8Array, offset: number, verdict: number): number {
    if (verdict === Verdict.silence) {
      this.counters[Counter.dnsDropped]!++;
      return 0;
    }
    const rcode = verdict === Verdict.malformed ? Rcode.FORMERR : Rcode.NOTIMP;
    this.edns.clear();
    this.answer.rcode = rcode;
    if (this.countAnswer() !== RateVerdict.pass) return this.withhold(RateVerdict.drop);
    const { octets, start } = this.reply;
    octets[start] = request[offset]!;
    octets[start + 1] = request[offset + 1]!;
    writeUint16(octets, start + 2, HeaderFlag.qr | (this.query.flags & 0x7900) | rcode);
    writeUint32(octets, start + 4, 0);
    writeUint32(octets, start + 8, 0);
    this.counters[rcodeCounter(rcode)]!++;
    return HEADER_OCTETS;
  }
}

export function createAuthority(options: AuthorityOptions): Authority {
  return new Authority(options);
}
