// Queries to octets and replies from octets: the only file that imports dns2. Its codec is used; its clients are not,
// because they can send neither EDNS nor AD, take a reply to another question, set no deadline on TCP, TLS and HTTPS, read
// replies of any size, open IPv4 sockets only, a connection for each query, and of HTTP/2 a second one for each failure
// that ends the process: the connections are in the three channels beside this. What its codec does wrong is met here:
//   - a crafted reply keeps it busy for seconds (chains of pointers): size and names are checked before it sees them;
//   - it reads TXT as UTF-8, which damages other octets, and decodes records that nobody asked for: every type but
//     CNAME, SOA and OPT is relabelled first as one it does not know, so that it keeps the rdata as it came.

import { randomInt } from 'node:crypto';
import { type Header as DeclaredHeader, Packet } from 'dns2';
import { joinStrings } from '../../core/dns/character-strings.ts';
import { FOLD } from '../../core/dns/name.ts';
import { HEADER_OCTETS } from '../../core/dns/query.ts';
import { RecordClass, RecordType } from '../../core/dns/record-type.ts';
import { type RecordSpan, scanReply } from '../../core/dns/reply-scan.ts';
import { formatIpAddress } from '../../core/net/ip-address.ts';

/** RFC 6891 §6.2.5 with the ceiling of the DNS Flag Day 2020: fits every path without fragments. */
const UDP_PAYLOAD_OCTETS = 1232;
/** Names cannot be compressed past 16 KiB (RFC 1035 §4.1.4), and a preference takes a hundred octets. */
export const MAX_REPLY_OCTETS = 16_384;
/** RFC 6895 §3.1: the first type kept for private use, unknown to dns2 for ever. */
const RAW_TYPE = 65_280;

/** RFC 8467 §4.1: clients pad queries to a multiple of this. */
const PADDING_BLOCK_OCTETS = 128;
/** RFC 7830 §3. */
const PADDING_OPTION = 12;
const OPTION_HEADER_OCTETS = 4;

const FLAG_RESPONSE = 0x80;
const FLAG_TRUNCATED = 0x02;

/** dns2 reads and writes AD and CD, but its declarations do not name them. */
type Header = DeclaredHeader & { ad: 0 | 1; cd: 0 | 1 };

export interface Query {
  readonly octets: Uint8Array;
  /** Octets of the question section, at {@link HEADER_OCTETS}. */
  readonly questionOctets: number;
}

export type QueryType = 'TXT' | 'A' | 'AAAA';

export interface AnswerRecord {
  readonly type: QueryType;
  readonly owner: string;
  readonly ttlSeconds: number;
  /** Of TXT the character-strings joined, one character an octet; of A and AAAA the address. */
  readonly text: string;
}

export interface Alias {
  readonly owner: string;
  readonly target: string;
  readonly ttlSeconds: number;
}

/** Names are in lower case, without the final dot. */
export interface Answer {
  readonly kind: 'answer';
  /** With the upper bits of the OPT record, if there was one (RFC 6891 §6.1.3). */
  readonly rcode: number;
  readonly authenticated: boolean;
  readonly records: readonly AnswerRecord[];
  readonly aliases: readonly Alias[];
  /** min(TTL, MINIMUM) of the SOA in the authority section (RFC 2308 §5). */
  readonly negativeTtlSeconds: number | undefined;
  /** Neither data nor a denial, but other servers to ask (RFC 2308 §2.2). */
  readonly referral: boolean;
}

/** `foreign` answers something else and is ignored; `malformed` and `too-large` are ours, but cannot be read. */
export type Reply = Answer | { readonly kind: 'foreign' | 'truncated' | 'too-large' | 'malformed' };

export interface QueryOptions {
  readonly edns: boolean;
  /** To a length that says little of the name (RFC 7830); needs EDNS. */
  readonly padded?: boolean;
}

/** A recursive query with a random id; AD asks whether the answer was validated (RFC 6840 §5.7). */
export function encodeQuery(
  { name, type }: { readonly name: string; readonly type: QueryType },
  { edns, padded = false }: QueryOptions,
): Query {
  const packet = new Packet();
  const header: Partial<Header> = { id: randomInt(0x1_0000), rd: 1, ad: 1 };
  packet.header = new Packet.Header(header);
  packet.questions.push(new Packet.Question(name, RecordType[type], RecordClass.IN));
  const questionOctets = packet.toBuffer().length - HEADER_OCTETS;
  if (edns) packet.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: UDP_PAYLOAD_OCTETS }));
  const octets = packet.toBuffer();
  return { octets: edns && padded ? pad(octets) : octets, questionOctets };
}

/** dns2 writes no padding: the OPT record is the last one, and its length its last two octets. */
function pad(octets: Buffer): Buffer {
  const content = octets.length + OPTION_HEADER_OCTETS;
  const size = Math.ceil(content / PADDING_BLOCK_OCTETS) * PADDING_BLOCK_OCTETS;
  const padded = Buffer.alloc(size);
  octets.copy(padded);
  padded.writeUInt16BE(size - octets.length, octets.length - 2);
  padded.writeUInt16BE(PADDING_OPTION, octets.length);
  padded.writeUInt16BE(size - content, octets.length + 2);
  return padded;
}

/** The answer as one that was `seconds` old when it came (RFC 8484 §5.1). */
export function aged(answer: Answer, seconds: number): Answer {
  const less = <Timed extends { readonly ttlSeconds: number }>(record: Timed): Timed => ({
    ...record,
    ttlSeconds: Math.max(0, record.ttlSeconds - seconds),
  });
  const negative = answer.negativeTtlSeconds;
  return {
    ...answer,
    records: answer.records.map(less),
    aliases: answer.aliases.map(less),
    negativeTtlSeconds: negative === undefined ? undefined : Math.max(0, negative - seconds),
  };
}

/** Reads what came back for `query`. Never throws, and takes time in proportion to at most {@link MAX_REPLY_OCTETS}. */
export function decodeReply(octets: Uint8Array, query: Query): Reply {
  if (!isReplyTo(octets, query)) return { kind: 'foreign' };
  if ((octets[2]! & FLAG_TRUNCATED) !== 0) return { kind: 'truncated' };
  if (octets.length > MAX_REPLY_OCTETS) return { kind: 'too-large' };
  const spans = scanReply(octets);
  return (spans === undefined ? undefined : decodeAnswer(octets, spans)) ?? { kind: 'malformed' };
}

/** Id, QR, opcode and question (RFC 5452 §4.2). A server that understood nothing may leave the question out. */
function isReplyTo(octets: Uint8Array, query: Query): boolean {
  if (octets.length < HEADER_OCTETS) return false;
  if (octets[0] !== query.octets[0] || octets[1] !== query.octets[1]) return false;
  if ((octets[2]! & 0xf8) !== FLAG_RESPONSE || octets[4] !== 0) return false;
  if (octets[5] === 0) return (octets[3]! & 0x0f) !== 0 && octets.length === HEADER_OCTETS;
  const end = HEADER_OCTETS + query.questionOctets;
  if (octets[5] !== 1 || octets.length < end) return false;
  for (let index = HEADER_OCTETS; index < end; index++) {
    if (FOLD[octets[index]!] !== FOLD[query.octets[index]!]) return false;
  }
  return true;
}

function decodeAnswer(octets: Uint8Array, spans: readonly RecordSpan[]): Answer | undefined {
  const packet = Packet.parse(relabel(octets, spans));
  if (packet.errors.length > 0) return undefined;
  const answerSpans = spans.filter((span) => span.section === 'answer');
  const records: AnswerRecord[] = [];
  const aliases: Alias[] = [];
  for (const [index, span] of answerSpans.entries()) {
    const record = packet.answers[index];
    if (record === undefined || record.class !== RecordClass.IN) continue;
    const owner = record.name.toLowerCase();
    const type = QUERY_TYPES.get(span.type);
    if (type !== undefined) {
      const text = readText(type, octets, span);
      if (text === undefined) return undefined;
      records.push({ type, owner, ttlSeconds: record.ttl, text });
    } else if (span.type === RecordType.CNAME) {
      aliases.push({ owner, target: (record.domain ?? '').toLowerCase(), ttlSeconds: record.ttl });
    }
  }
  const soa = packet.authorities.find((record) => record.type === RecordType.SOA);
  const header = packet.header as Header;
  return {
    kind: 'answer',
    rcode: header.rcode,
    authenticated: header.ad === 1,
    records,
    aliases,
    negativeTtlSeconds: soa === undefined ? undefined : Math.min(soa.ttl, soa.minimum ?? 0),
    referral:
      header.aa === 0 &&
      soa === undefined &&
      spans.some((span) => span.section === 'authority' && span.type === RecordType.NS),
  };
}

const QUERY_TYPES = new Map<number, QueryType>([
  [RecordType.TXT, 'TXT'],
  [RecordType.A, 'A'],
  [RecordType.AAAA, 'AAAA'],
]);

/** Undefined for rdata that is not of its type (RFC 1035 §3.3.14, §3.4.1, RFC 3596 §2.2). */
function readText(
  type: QueryType,
  octets: Uint8Array,
  { rdataStart, rdataEnd }: RecordSpan,
): string | undefined {
  if (type === 'TXT') return joinStrings(octets, rdataStart, rdataEnd);
  const address = octets.subarray(rdataStart, rdataEnd);
  return address.length === (type === 'A' ? 4 : 16) ? formatIpAddress(address) : undefined;
}

/** A copy in which dns2 decodes only what is wanted of it (see the top of this file). */
function relabel(octets: Uint8Array, spans: readonly RecordSpan[]): Buffer {
  const copy = Buffer.from(octets);
  for (const { type, typeOffset } of spans) {
    const wanted = type === RecordType.CNAME || type === RecordType.SOA || type === RecordType.OPT;
    if (!wanted) copy.writeUInt16BE(RAW_TYPE, typeOffset);
  }
  return copy;
}
