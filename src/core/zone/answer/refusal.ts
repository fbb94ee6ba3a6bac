// What is said of a message that cannot be read: as much of it as was.

import { HeaderFlag, type Query } from '../../dns/query.ts';
import { writeUint16 } from '../../octets/big-endian.ts';
import type { ReplyWriter } from './reply-writer.ts';

/** Opcode and RD go back as they came (RFC 1035 §4.1.1). */
const ECHOED_FLAGS = 0x7800 | HeaderFlag.rd;

/**
 * Writes the reply to the message at `offset` of `request` and returns its octets. A header alone, but where the message
 * was read as far as OPT: then the question and an OPT without options, as by BIND, because who gets FORMERR without OPT
 * may take this server for one that has no EDNS (RFC 6891 §7). Either is no longer than the message was.
 * Positional as replies are.
 */
export function writeRefusal(
  query: Query,
  request: Uint8Array,
  offset: number,
  reply: ReplyWriter,
  { rcode, udpPayload }: { readonly rcode: number; readonly udpPayload: number },
): number {
  const flags = HeaderFlag.qr | (query.flags & ECHOED_FLAGS) | rcode;
  if (!query.hasEdns) return reply.writeHeader(request, offset, flags);
  reply.begin(request, offset, query.questionEnd);
  writeUint16(reply.octets, reply.start + 2, flags);
  // What the options ask for is not answered: they may be what cannot be read.
  reply.appendOpt(udpPayload, 0, query.dnssecOk);
  return reply.position - reply.start;
}
