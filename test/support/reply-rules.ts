// What must hold between the octets of a question and those of its answer, whatever the question's octets are: read by
// a plain walk over the message that shares nothing with the product.

export interface MessageRecord {
  readonly section: 'answer' | 'authority' | 'additional';
  /** Offset of the owner. */
  readonly start: number;
  readonly isRoot: boolean;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdataStart: number;
  readonly rdataEnd: number;
}

export interface Message {
  readonly questions: readonly { readonly end: number; readonly type: number; readonly class: number }[];
  readonly records: readonly MessageRecord[];
}

const HEADER_OCTETS = 12;
const OPT = 41;
const TSIG = 250;
const IXFR = 251;
const COOKIE = 10;
const FORMERR = 1;

/** The sections of a message; undefined where RFC 1035 §4.1, RFC 6891 §6.1 or RFC 8945 §5.1 is broken. */
export function readMessage(octets: Uint8Array): Message | undefined {
  if (octets.length < HEADER_OCTETS) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const questions = [];
  let at = HEADER_OCTETS;
  for (let left = view.getUint16(4); left > 0; left--) {
    at = skipName(octets, at);
    if (at < 0 || at + 4 > octets.length) return undefined;
    questions.push({ type: view.getUint16(at), class: view.getUint16(at + 2), end: at + 4 });
    at += 4;
  }
  const records: MessageRecord[] = [];
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let left = view.getUint16(6 + 2 * index); left > 0; left--) {
      const start = at;
      at = skipName(octets, at);
      if (at < 0 || at + 10 > octets.length) return undefined;
      const rdataEnd = at + 10 + view.getUint16(at + 8);
      if (rdataEnd > octets.length) return undefined;
      const [type, recordClass, ttl] = [view.getUint16(at), view.getUint16(at + 2), view.getUint32(at + 4)];
      const isRoot = octets[start] === 0;
      records.push({ section, start, isRoot, type, class: recordClass, ttl, rdataStart: at + 10, rdataEnd });
      at = rdataEnd;
    }
  }
  const isWhole = at === octets.length && areOptsRight(octets, records) && isSignatureRight(octets, records);
  return isWhole ? { questions, records } : undefined;
}

/** The position behind a name, or -1: cut short, an unknown label type, over 255 octets, a pointer that is not backwards. */
function skipName(octets: Uint8Array, position: number): number {
  let at = position;
  let after = -1;
  let lowest = position;
  let length = 0;
  for (;;) {
    const size = octets[at];
    if (size === undefined) return -1;
    if (size >= 0xc0) {
      if (at + 1 >= octets.length) return -1;
      if (after < 0) after = at + 2;
      const target = ((size & 0x3f) << 8) | octets[at + 1]!;
      if (target >= lowest || target < HEADER_OCTETS) return -1;
      lowest = target;
      at = target;
      continue;
    }
    length += size + 1;
    if (size > 63 || length > 255) return -1;
    at += size + 1;
    if (size === 0) return after < 0 ? at : after;
  }
}

function areOptsRight(octets: Uint8Array, records: readonly MessageRecord[]): boolean {
  const opts = records.filter(({ type }) => type === OPT);
  if (opts.length > 1) return false;
  return opts.every(
    (opt) => opt.isRoot && opt.section === 'additional' && readOptions(octets, opt) !== undefined,
  );
}

/** Codes and lengths; undefined where they do not fill the record. */
function readOptions(octets: Uint8Array, { rdataStart, rdataEnd }: MessageRecord) {
  const options = [];
  let at = rdataStart;
  while (at + 4 <= rdataEnd) {
    const length = (octets[at + 2]! << 8) | octets[at + 3]!;
    options.push({ code: (octets[at]! << 8) | octets[at + 1]!, length });
    at += 4 + length;
  }
  return at === rdataEnd ? options : undefined;
}

function isSignatureRight(octets: Uint8Array, records: readonly MessageRecord[]): boolean {
  const place = records.findIndex(({ type }) => type === TSIG);
  if (place < 0) return true;
  const { rdataStart, rdataEnd, section } = records[place]!;
  const mac = skipName(octets.subarray(0, rdataEnd), rdataStart) + 10;
  if (place !== records.length - 1 || section !== 'additional' || mac < 10 || mac > rdataEnd) return false;
  const other = mac + ((octets[mac - 2]! << 8) | octets[mac - 1]!) + 4;
  return other + 2 <= rdataEnd && other + 2 + ((octets[other]! << 8) | octets[other + 1]!) === rdataEnd;
}

export interface ReplyRules {
  readonly transport: 'udp' | 'tcp';
  /** Octets of the largest answer over UDP that the server gives. */
  readonly udpPayload?: number;
}

/** What is wrong with the answer to these octets, in words; undefined when nothing is. No octets are silence. */
export function faultOfReply(request: Uint8Array, reply: Uint8Array, rules: ReplyRules): string | undefined {
  // HARDENING 1 and 4: what is too short for an id, and what is itself an answer, is met with silence.
  if (request.length < HEADER_OCTETS || (request[2]! & 0x80) !== 0)
    return reply.length === 0 ? undefined : 'an answer where silence is due';
  if (reply.length === 0) return 'silence where an answer is due';
  const answer = readMessage(reply);
  if (answer === undefined) return 'an answer that is malformed';
  if (reply[0] !== request[0] || reply[1] !== request[1]) return 'an answer with another id';
  if ((reply[2]! & 0x80) === 0) return 'an answer that is a question';
  if ((reply[2]! & 0x78) !== (request[2]! & 0x78)) return 'an answer with another opcode';
  if ((reply[3]! & 0xc0) !== 0) return 'an answer with RA or Z set';
  const query = readQuery(request);
  const [opt] = answer.records.filter(({ type }) => type === OPT);
  return (
    faultOfSize(query, reply, rules) ??
    faultOfEdns(query, opt, reply) ??
    ((reply[3]! & 15) === 0 && (opt?.ttl ?? 0) >>> 24 === 0
      ? faultOfSuccess(request, query, answer, reply)
      : undefined)
  );
}

interface QueryShape {
  readonly message: Message;
  readonly opt: MessageRecord | undefined;
  readonly hasCookie: boolean;
}

/**
 * Undefined for what is no well-formed query: one question (or none, RFC 7873 §5.4), and nothing but additional records,
 * beside the SOA of a question for IXFR (RFC 1995 §3).
 */
function readQuery(request: Uint8Array): QueryShape | undefined {
  const message = readMessage(request);
  if (message === undefined || (request[2]! & 0x78) !== 0) return undefined;
  const opt = message.records.find(({ type }) => type === OPT);
  const options = opt === undefined ? [] : readOptions(request, opt)!;
  const hasCookie = options.some(({ code }) => code === COOKIE);
  const isOne = message.questions.length === 1 || (message.questions.length === 0 && hasCookie);
  const others = message.records.filter(({ section }) => section !== 'additional');
  const isIncremental = message.questions[0]?.type === IXFR && others.length === 1;
  const hasSoa = isIncremental && others[0]!.section === 'authority';
  if (!isOne || (others.length > 0 && !hasSoa)) return undefined;
  return { message, opt, hasCookie };
}

/** HARDENING 9. */
function faultOfSize(
  query: QueryShape | undefined,
  reply: Uint8Array,
  { transport, udpPayload = 1232 }: ReplyRules,
): string | undefined {
  if (transport === 'tcp') return (reply[2]! & 2) === 0 ? undefined : 'an answer over TCP that is truncated';
  // The class of an OPT is the size that the client takes.
  const limit = Math.max(512, Math.min(query?.opt?.class ?? 512, udpPayload));
  return reply.length > limit
    ? `an answer of ${reply.length} octets where ${limit} are the limit`
    : undefined;
}

function faultOfEdns(
  query: QueryShape | undefined,
  opt: MessageRecord | undefined,
  reply: Uint8Array,
): string | undefined {
  if (query === undefined) return undefined;
  if (query.opt === undefined && opt !== undefined) return 'an OPT that nobody asked for';
  // FORMERR may be a header alone: of what cannot be read, no more is known.
  if (query.opt !== undefined && opt === undefined && (reply[3]! & 15) !== FORMERR)
    return 'an answer without OPT to a query with one';
  if (opt !== undefined && ((opt.ttl >>> 16) & 255) !== 0) return 'an OPT of an unknown version';
  const isTruncated = (reply[2]! & 2) !== 0;
  // A signature may leave no room for it.
  const isSigned = query.message.records.some(({ type }) => type === TSIG);
  return isTruncated && !isSigned && (reply[5] !== 1 || reply[4] !== 0)
    ? 'a truncated answer without its question'
    : undefined;
}

/** HARDENING 3, 5 and 10. */
function faultOfSuccess(
  request: Uint8Array,
  query: QueryShape | undefined,
  answer: Message,
  reply: Uint8Array,
): string | undefined {
  if (query === undefined) return 'NOERROR to what is no query';
  const [question] = query.message.questions;
  if (answer.questions.length !== query.message.questions.length) return 'NOERROR without the question';
  const end = question?.end ?? HEADER_OCTETS;
  const isSame = request.subarray(HEADER_OCTETS, end).every((octet, index) => octet === reply[12 + index]);
  if (!isSame) return 'NOERROR with another question';
  if (question !== undefined && question.class !== 1) return `NOERROR in class ${question.class}`;
  return undefined;
}
