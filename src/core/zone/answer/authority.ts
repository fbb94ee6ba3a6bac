// A query to a reply, in octets: the whole of what an authoritative server says (RFC 1034, 1035, 6891, 7766).

import { Counter, type Counters } from '../../counters.ts';
import { CookieState } from '../../dns/cookie.ts';
import { EdnsReply, ExtendedError, OPT_OCTETS } from '../../dns/edns-reply.ts';
import { HEADER_OCTETS, HeaderFlag, MIN_UDP_PAYLOAD, Query, Verdict } from '../../dns/query.ts';
import { QueryName } from '../../dns/query-name.ts';
import { RateVerdict } from '../../dns/rate-limit.ts';
import { Rcode, RecordClass, RecordType } from '../../dns/record-type.ts';
import { createPacketSource, type PacketHandler } from '../../net/packet-handler.ts';
import { writeUint16 } from '../../octets/big-endian.ts';
import type { Catalog } from '../image/catalog.ts';
import { Answer } from './answer.ts';
import {
  type AuthorityOptions,
  type AuthorityPolicy,
  DEFAULT_UDP_PAYLOAD,
  type NotifyHandler,
} from './authority-options.ts';
import { ChaosNames } from './chaos.ts';
import { answerNotify } from './notify-request.ts';
import { rcodeCounter } from './rcode-counter.ts';
import { writeRefusal } from './refusal.ts';
import { ReplyRate } from './reply-rate.ts';
import { ReplyWriter } from './reply-writer.ts';
import { RequestSignature } from './request-signature.ts';
import { answerDatagram } from './transfer-datagram.ts';

/** RFC 1035 §4.2.2: what the length of a message over TCP can say. */
export const MAX_STREAM_REPLY_OCTETS = 65535;
/** Opcode, RD and CD go back as they came (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
const ECHOED_FLAGS = 0x7800 | HeaderFlag.rd | HeaderFlag.cd;
/** RFC 9824 §3.5: it stands in NSEC records alone. */
const NXNAME = 128;

/** Answers for one worker: it owns the scratch memory, so that a query allocates nothing. */
export class Authority {
  private catalog: Catalog;
  private policy: AuthorityPolicy = {};
  private readonly counters: Counters;
  private readonly udpPayload: number;
  private readonly edns: EdnsReply;
  private readonly chaos: ChaosNames;
  private readonly rate: ReplyRate;
  private readonly signature: RequestSignature;
  private readonly wallSeconds: (() => number) | undefined;
  private readonly onNotify: NotifyHandler;
  private readonly query = new Query();
  private readonly name = new QueryName();
  private readonly reply = new ReplyWriter();
  private readonly answer = new Answer();
  private source = createPacketSource();
  private nowSeconds = 0;
  private isStream = false;
  private replyLimit = 0;
  private questionLength = 0;
  /** An {@link ExtendedError}. */
  private extendedError: number = ExtendedError.none;

  constructor(options: AuthorityOptions) {
    this.catalog = options.catalog;
    this.counters = options.counters;
    this.udpPayload = options.udpPayload ?? DEFAULT_UDP_PAYLOAD;
    this.edns = new EdnsReply(options.edns ?? {});
    this.chaos = new ChaosNames(options.chaos ?? {});
    this.rate = new ReplyRate(options.rateLimit);
    this.signature = new RequestSignature(options.hmac);
    this.wallSeconds = options.wallSeconds;
    this.onNotify = options.onNotify ?? (() => 'not-secondary');
  }

  /** From the next query on, answers come from `catalog` and go by `policy`. */
  publish(catalog: Catalog, policy: AuthorityPolicy = {}): void {
    this.catalog = catalog;
    this.policy = policy;
    this.signature.setKeys(policy.keys ?? []);
    if (policy.cookieSecrets !== undefined) this.edns.setCookieSecrets(policy.cookieSecrets);
  }

  /** Over UDP. */
  readonly handle: PacketHandler = this.handlerOver('udp');
  /** Over TCP and TLS: a {@link PacketHandler} with {@link MAX_STREAM_REPLY_OCTETS} free at `replyOffset`. */
  readonly handleStream: PacketHandler = this.handlerOver('stream');

  private handlerOver(transport: 'udp' | 'stream'): PacketHandler {
    const isStream = transport === 'stream';
    const counter = isStream ? Counter.dnsTcpQueries : Counter.dnsUdpQueries;
    // Positional as the contract is.
    return (request, offset, length, source, reply, replyOffset, nowSeconds) => {
      this.counters[counter]!++;
      this.reply.target(reply, replyOffset);
      this.source = source;
      this.nowSeconds = nowSeconds;
      this.isStream = isStream;
      return this.respond(request, offset, length);
    };
  }

  private respond(request: Uint8Array, offset: number, length: number): number {
    const verdict = this.query.read(request, offset, length, this.name);
    if (verdict > Verdict.answerable) return this.refuse(request, offset, verdict);
    this.begin(request, offset);
    if (this.query.tsig !== 0) return this.respondSigned(request, offset, length, verdict);
    this.answer.rcode = this.resolve(verdict, request, offset, length);
    return this.conclude();
  }

  /** RFC 8945 §5.2, §5.3: what is truncated says only that it is. */
  private respondSigned(request: Uint8Array, offset: number, length: number, verdict: number): number {
    const { answer, reply, signature } = this;
    const octets = signature.verify(request.subarray(offset, offset + length), this.secondsOfOthers());
    reply.reserve(octets);
    this.replyLimit -= octets;
    answer.rcode = signature.rcode;
    if (reply.room < this.questionLength) this.leaveOutQuestion();
    else if (answer.rcode === Rcode.NOERROR) {
      answer.rcode = this.resolve(verdict, request, offset, length);
      if (answer.truncated) answer.rcode = Rcode.NOERROR;
    }
    const written = this.conclude();
    return written === 0 ? 0 : signature.sign(reply.octets, reply.start, written);
  }

  /** As BIND: header, OPT and signature are all, and where the client may hear more it asks over TCP. */
  private leaveOutQuestion(): void {
    const { answer, edns, reply } = this;
    writeUint16(reply.octets, reply.start + 4, 0);
    this.questionLength = HEADER_OCTETS;
    reply.rewind(HEADER_OCTETS);
    edns.clear();
    answer.truncated = true;
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
    this.rate.clear();
  }

  /** The time as other machines have it. */
  private secondsOfOthers(): number {
    return this.wallSeconds?.() ?? this.nowSeconds;
  }

  private udpLimit(): number {
    return this.query.hasEdns ? Math.min(this.query.udpPayload, this.udpPayload) : MIN_UDP_PAYLOAD;
  }

  /** Writes the sections; returns the response code. Positional: each query comes here. */
  private resolve(verdict: number, request: Uint8Array, offset: number, length: number): number {
    const { answer, name, query, signature, source } = this;
    if (verdict === Verdict.query && query.type !== RecordType.IXFR) return this.resolveQuery();
    if (verdict === Verdict.cookieOnly) return this.confirmCookie();
    if (query.ednsVersion !== 0) return Rcode.BADVERS;
    if (verdict === Verdict.query && query.class !== RecordClass.IN) return this.resolveOtherClass();
    const message = request.subarray(offset, offset + length);
    const keyName = query.tsig === 0 ? undefined : signature.keyName;
    const rcode =
      verdict === Verdict.notify
        ? answerNotify({ message, offset, query, name, source, keyName }, this.onNotify)
        : this.resolveIncremental(message, keyName);
    answer.authoritative = rcode === Rcode.NOERROR;
    if (rcode === Rcode.REFUSED) this.extendedError = ExtendedError.prohibited;
    if (rcode === Rcode.NOTAUTH) this.extendedError = ExtendedError.notAuthoritative;
    return rcode;
  }

  private resolveQuery(): number {
    const { query, name } = this;
    if (query.ednsVersion !== 0) return Rcode.BADVERS;
    if (query.type === RecordType.OPT) return Rcode.FORMERR;
    if (query.type === NXNAME) return this.fail(Rcode.FORMERR, ExtendedError.invalidQueryType);
    // AXFR too: over UDP there is none (RFC 5936 §4.2, NSD, Knot), and over TCP others are asked first.
    if (query.type >= RecordType.TKEY && query.type <= RecordType.MAILA)
      return this.fail(Rcode.NOTIMP, ExtendedError.notSupported);
    if (query.class !== RecordClass.IN) return this.resolveOtherClass();
    name.hash(this.catalog.seed);
    const image = this.findImage();
    if (image === undefined) return this.fail(Rcode.REFUSED, ExtendedError.notAuthoritative);
    if (image.isUnavailable) return this.fail(Rcode.SERVFAIL, ExtendedError.invalidData);
    this.rate.zone = name.hashes[name.labels - image.apexLabels]!;
    this.answer.write(image, name, query.type, this.reply, query.dnssecOk);
    this.rate.node = this.answer.node;
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

  /** Over UDP; over TCP comes here only what cannot be read as a question for a transfer. */
  private resolveIncremental(message: Uint8Array, keyName: Uint8Array | undefined): number {
    const { answer, catalog, counters, isStream, name, policy, reply, source } = this;
    const request = { message, name, isStream, source, keyName, counters };
    const rcode = answerDatagram(request, catalog, policy, reply);
    answer.truncated = rcode === Rcode.NOERROR && reply.position - reply.start === this.questionLength;
    return rcode;
  }

  /** RFC 7873 §5.4: no question but a cookie. */
  private confirmCookie(): number {
    const { cookieState } = this.edns;
    if (cookieState === CookieState.none) return Rcode.FORMERR;
    return cookieState === CookieState.bad ? Rcode.BADCOOKIE : Rcode.NOERROR;
  }

  /** A `RateVerdict`. TCP and a good cookie prove the source, which is all that the limit is for (RFC 7873 §5.2.4). */
  private countAnswer(): number {
    if (this.isStream || this.edns.cookieState === CookieState.good) return RateVerdict.pass;
    return this.rate.count(this.answer, this.reply, this.source, this.nowSeconds);
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
    const at = edns.append(reply.octets, start, this.extendedError, reply.start + this.replyLimit);
    writeUint16(reply.octets, start - 2, at - start);
    reply.position = at;
  }

  private refuse(request: Uint8Array, offset: number, verdict: number): number {
    if (verdict === Verdict.silence) {
      this.counters[Counter.dnsDropped]!++;
      return 0;
    }
    const rcode = verdict === Verdict.malformed ? Rcode.FORMERR : Rcode.NOTIMP;
    this.edns.clear();
    this.answer.rcode = rcode;
    if (this.countAnswer() !== RateVerdict.pass) return this.withhold(RateVerdict.drop);
    this.counters[rcodeCounter(rcode)]!++;
    const { query, reply, udpPayload } = this;
    return writeRefusal(query, request, offset, reply, { rcode, udpPayload });
  }
}

export function createAuthority(options: AuthorityOptions): Authority {
  return new Authority(options);
}
