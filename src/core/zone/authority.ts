// A query to a reply, in octets: the whole of what an authoritative server says (RFC 1034, 1035, 6891, 7766).

import { Counter, type Counters } from '../counters.ts';
import { HEADER_OCTETS, HeaderFlag, MIN_UDP_PAYLOAD, Query, Verdict } from '../dns/query.ts';
import { QueryName } from '../dns/query-name.ts';
import { Rcode, RecordClass, RecordType } from '../dns/record-type.ts';
import type { PacketHandler } from '../net/packet-handler.ts';
import { writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { Answer } from './answer.ts';
import type { Catalog } from './catalog.ts';
import { OPT_OCTETS, ReplyWriter } from './reply-writer.ts';

/** The payload that survives nearly every path without fragments (DNS flag day 2020). */
export const DEFAULT_UDP_PAYLOAD = 1232;
/** RFC 1035 §4.2.2: what the length of a message over TCP can say. */
export const MAX_STREAM_REPLY_OCTETS = 65535;

export interface AuthorityOptions {
  readonly catalog: Catalog;
  readonly counters: Counters;
  /** Octets of the largest reply over UDP, 512–4096. */
  readonly udpPayload?: number;
}

/** Answers for one worker: it owns the scratch memory, so that a query allocates nothing. */
export class Authority {
  private catalog: Catalog;
  private readonly counters: Counters;
  private readonly udpPayload: number;
  private readonly query = new Query();
  private readonly name = new QueryName();
  private readonly reply = new ReplyWriter();
  private readonly answer = new Answer();

  constructor(options: AuthorityOptions) {
    this.catalog = options.catalog;
    this.counters = options.counters;
    this.udpPayload = options.udpPayload ?? DEFAULT_UDP_PAYLOAD;
  }

  /** From the next query on, answers come from `catalog`. */
  publish(catalog: Catalog): void {
    this.catalog = catalog;
  }

  /** Over UDP; positional as {@link PacketHandler} is. */
  readonly handle: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
    this.counters[Counter.dnsUdpQueries]!++;
    this.reply.target(reply, replyOffset);
    return this.respond(request, offset, length, false);
  };

  /** Over TCP and TLS: a {@link PacketHandler} with {@link MAX_STREAM_REPLY_OCTETS} free at `replyOffset`. */
  readonly handleStream: PacketHandler = (request, offset, length, _source, reply, replyOffset) => {
    this.counters[Counter.dnsTcpQueries]!++;
    this.reply.target(reply, replyOffset);
    return this.respond(request, offset, length, true);
  };

  private respond(request: Uint8Array, offset: number, length: number, isStream: boolean): number {
    const verdict = this.query.read(request, offset, length, this.name);
    if (verdict === Verdict.silence) {
      this.counters[Counter.dnsDropped]!++;
      return 0;
    }
    if (verdict !== Verdict.query) {
      return this.refuse(request, offset, verdict === Verdict.malformed ? Rcode.FORMERR : Rcode.NOTIMP);
    }
    this.reply.begin(request, offset, this.query.questionEnd);
    this.reply.limit(isStream ? MAX_STREAM_REPLY_OCTETS : this.udpLimit());
    if (this.query.hasEdns) this.reply.reserve(OPT_OCTETS);
    this.answer.authoritative = false;
    this.answer.truncated = false;
    this.answer.rcode = this.resolve();
    return this.finish();
  }

  private udpLimit(): number {
    return this.query.hasEdns ? Math.min(this.query.udpPayload, this.udpPayload) : MIN_UDP_PAYLOAD;
  }

  /** Writes the sections; returns the response code. */
  private resolve(): number {
    const { query, name } = this;
    if (query.ednsVersion !== 0) return Rcode.BADVERS;
    if (query.type === RecordType.OPT) return Rcode.FORMERR;
    if (query.type === RecordType.AXFR || query.type === RecordType.IXFR) return Rcode.REFUSED;
    if (query.type >= RecordType.TKEY && query.type <= RecordType.MAILA) return Rcode.NOTIMP;
    if (query.class !== RecordClass.IN) return Rcode.REFUSED;
    name.hash(this.catalog.seed);
    const image = this.findImage();
    if (image === undefined) return Rcode.REFUSED;
    this.answer.write(image, name, query.type, this.reply, query.dnssecOk);
    return this.answer.rcode;
  }

  private findImage() {
    const image = this.catalog.find(this.name, 0);
    // RFC 4035 §3.1.4.1: the DS of a zone is its parent's to answer, where we serve that too.
    if (this.query.type !== RecordType.DS || image?.apexLabels !== this.name.labels) return image;
    return this.catalog.find(this.name, 1) ?? image;
  }

  private finish(): number {
    const { query, answer, reply } = this;
    let flags = HeaderFlag.qr | (query.flags & (HeaderFlag.rd | HeaderFlag.cd)) | (answer.rcode & 15);
    if (answer.authoritative) flags |= HeaderFlag.aa;
    if (answer.truncated) flags |= HeaderFlag.tc;
    writeUint16(reply.octets, reply.start + 2, flags);
    if (query.hasEdns) reply.appendOpt(this.udpPayload, answer.rcode >>> 4, query.dnssecOk);
    this.counters[counterOf(answer.rcode)]!++;
    if (answer.truncated) this.counters[Counter.dnsTruncated]!++;
    return reply.position - reply.start;
  }

  /** A header alone: what can be said of a message that cannot be read. */
  private refuse(request: Uint8Array, offset: number, rcode: number): number {
    const { octets, start } = this.reply;
    octets[start] = request[offset]!;
    octets[start + 1] = request[offset + 1]!;
    // Opcode and RD as they came (RFC 1035 §4.1.1).
    writeUint16(octets, start + 2, HeaderFlag.qr | (this.query.flags & 0x7900) | rcode);
    writeUint32(octets, start + 4, 0);
    writeUint32(octets, start + 8, 0);
    this.counters[counterOf(rcode)]!++;
    return HEADER_OCTETS;
  }
}

function counterOf(rcode: number): number {
  switch (rcode) {
    case Rcode.NOERROR:
      return Counter.dnsNoError;
    case Rcode.NXDOMAIN:
      return Counter.dnsNxDomain;
    case Rcode.REFUSED:
      return Counter.dnsRefused;
    case Rcode.FORMERR:
      return Counter.dnsFormErr;
    case Rcode.NOTIMP:
      return Counter.dnsNotImp;
    default:
      return Counter.dnsOther;
  }
}

export function createAuthority(options: AuthorityOptions): Authority {
  return new Authority(options);
}
