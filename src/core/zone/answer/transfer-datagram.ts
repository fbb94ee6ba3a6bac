// IXFR over UDP (RFC 1995 §2): the steps to the client's zone where one datagram holds them, else the SOA alone, by which
// it learns that a transfer over TCP is worth its while. As NSD does it; Knot and BIND send the SOA always.

import { Counter, type Counters } from '../../counters.ts';
import type { QueryName } from '../../dns/query-name.ts';
import { Rcode } from '../../dns/record-type.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { readUint16 } from '../../octets/big-endian.ts';
import { isAllowed, type TransferRule } from '../../transfer/access.ts';
import { changesOf, type ZoneJournal } from '../../transfer/changes.ts';
import { createIncrementalTransfer } from '../../transfer/outgoing.ts';
import { findZoneAt, readTransferRequest } from '../../transfer/request.ts';
import { transferCounter } from '../../transfer/transfer-counter.ts';
import type { Catalog } from '../image/catalog.ts';
import { type ReplyWriter, Section } from './reply-writer.ts';

export interface DatagramRequest {
  /** The whole message. */
  readonly message: Uint8Array;
  /** Its question's. */
  readonly name: QueryName;
  /** It came over a connection: transfers there are asked for elsewhere, and here is said only why there is none. */
  readonly isStream: boolean;
  readonly source: PacketSource;
  /** Of the TSIG key that the message was verified with; undefined where it was not signed. */
  readonly keyName: Uint8Array | undefined;
  readonly counters: Counters;
}

export interface DatagramTransferPolicy {
  /** Whom a zone is given. */
  readonly rules?: readonly TransferRule[] | undefined;
  readonly journals?: readonly ZoneJournal[] | undefined;
}

/**
 * Writes header, question and records to `reply`, as far as its limit lets; OPT and signature are the caller's. Returns
 * the response code. NOERROR without records: not even the SOA has room.
 */
export function answerDatagram(
  { message, name, isStream, source, keyName, counters }: DatagramRequest,
  catalog: Catalog,
  { rules = [], journals = [] }: DatagramTransferPolicy,
  reply: ReplyWriter,
): number {
  const image = findZoneAt(catalog, name);
  if (image === undefined) return Rcode.NOTAUTH;
  const request = readTransferRequest(message, 0, message.length);
  // Before it is looked at who asks: a secondary that may would search for the fault in its rights (Knot and BIND).
  if (request === undefined) return Rcode.FORMERR;
  if (isStream) return Rcode.REFUSED;
  if (!isAllowed(rules, source, keyName)) {
    counters[Counter.transfersRefused]!++;
    return Rcode.REFUSED;
  }
  if (image.isUnavailable) return Rcode.SERVFAIL;
  const transfer = createIncrementalTransfer(
    image,
    changesOf(journals, image),
    { ...request, hasEdns: false },
    { datagramOctets: reply.room },
  );
  const length = transfer.next(reply.octets, reply.start);
  transfer.end();
  counters[transferCounter(transfer.form)]!++;
  if (readUint16(reply.octets, reply.start + Section.answer) > 0) reply.position = reply.start + length;
  return Rcode.NOERROR;
}
