// A NOTIFY that has come (RFC 1996 §3.11): what of it is heard, and the response code that it gets.

import type { Query } from '../../dns/query.ts';
import type { QueryName } from '../../dns/query-name.ts';
import { Rcode, RecordClass, RecordType } from '../../dns/record-type.ts';
import type { PacketSource } from '../../net/packet-handler.ts';
import { readNotifySerial } from '../../transfer/notify.ts';
import type { NotifyHandler, NotifyVerdict } from './authority-options.ts';

export interface NotifyRequest {
  /** The message's octets start at `offset` of those that `query` was read from. */
  readonly message: Uint8Array;
  readonly offset: number;
  readonly query: Query;
  readonly name: QueryName;
  readonly source: PacketSource;
  /** Of the TSIG key that it was verified with; undefined where it was not signed. */
  readonly keyName: Uint8Array | undefined;
}

const RCODE_OF: { readonly [verdict in NotifyVerdict]: number } = {
  accepted: Rcode.NOERROR,
  refused: Rcode.REFUSED,
  'not-secondary': Rcode.NOTAUTH,
};

/** RFC 1996 §3.12, §4.7. §3.2 leaves other types than SOA to the future; BIND says FORMERR to them too. */
export function answerNotify(request: NotifyRequest, onNotify: NotifyHandler): number {
  const { message, offset, query, name, source, keyName } = request;
  if (query.type !== RecordType.SOA) return Rcode.FORMERR;
  if (query.class !== RecordClass.IN) return Rcode.REFUSED;
  const serial = query.soa === 0 ? undefined : readNotifySerial(message, query.soa - offset, message.length);
  return RCODE_OF[onNotify(name.octets.subarray(0, name.length), source, keyName, serial)];
}
